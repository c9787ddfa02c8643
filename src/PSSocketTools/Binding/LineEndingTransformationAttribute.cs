using System.Globalization;
using System.Management.Automation;
using PSSocketTools.Resources;

namespace PSSocketTools.Binding;

/// <summary>Takes a line ending by its whole name: PowerShell would complete Cr to CrLf, and send a LF too many.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class LineEndingTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var text = Convert.ToString(inputData is PSObject wrapped ? wrapped.BaseObject : inputData, CultureInfo.InvariantCulture)?.Trim();
        foreach (var lineEnding in new[] { LineEnding.Lf, LineEnding.CrLf })
        {
            if (string.Equals(text, lineEnding.ToString(), StringComparison.OrdinalIgnoreCase))
            {
                return lineEnding;
            }
        }

        throw new ArgumentTransformationMetadataException(Messages.Get("LineEndingNotUnderstood", text));
    }
}
