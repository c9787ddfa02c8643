using System.Globalization;
using System.Management.Automation;
using PSSocketTools.Resources;

namespace PSSocketTools.Binding;

/// <summary>
/// Takes a line ending by its whole name, or its characters: PowerShell would complete Cr to CrLf, and send a LF too many.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class LineEndingTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var text = Convert.ToString(Argument.BaseOf(inputData), CultureInfo.InvariantCulture) ?? string.Empty;
        foreach (var (lineEnding, characters) in new[] { (LineEnding.Lf, "\n"), (LineEnding.CrLf, "\r\n") })
        {
            if (text == characters || string.Equals(text.Trim(), lineEnding.ToString(), StringComparison.OrdinalIgnoreCase))
            {
                return lineEnding;
            }
        }

        // As the user would type it: a CR alone would move the cursor and show nothing.
        throw new ArgumentTransformationMetadataException(
            Messages.Get("LineEndingNotUnderstood", text.Replace("\r", "`r").Replace("\n", "`n")));
    }
}
