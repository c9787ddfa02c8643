using System.Globalization;
using System.Management.Automation;
using PSSocketTools.Resources;

namespace PSSocketTools.Binding;

/// <summary>Takes a delay as a number of milliseconds, or as a range of them, <c>100-500</c>.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class DelayTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        var text = Convert.ToString(value, CultureInfo.InvariantCulture) ?? string.Empty;
        var bounds = text.Split('-');
        if (bounds.Length > 2
            || !int.TryParse(bounds[0].Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var least)
            || !int.TryParse(bounds[bounds.Length - 1].Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var most)
            || least > most)
        {
            throw new ArgumentTransformationMetadataException(Messages.Get("DelayNotUnderstood", text));
        }

        return new[] { least, most };
    }
}
