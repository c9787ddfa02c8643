using System.Globalization;
using System.Management.Automation;

namespace PSSocketTools.Binding;

/// <summary>Takes what <see cref="DelayRange"/> takes, with its own words where that is none.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class DelayTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        try
        {
            var text = value is object[] several ? string.Join(",", several) : Convert.ToString(value, CultureInfo.InvariantCulture);
            return value as DelayRange ?? DelayRange.Parse(text ?? string.Empty);
        }
        catch (ArgumentException exception)
        {
            throw new ArgumentTransformationMetadataException(exception.Message, exception);
        }
    }
}
