using System.Globalization;
using System.Management.Automation;
using System.Text;
using PSSocketTools.Resources;

namespace PSSocketTools.Binding;

/// <summary>Takes an encoding by its name (utf-8, latin1, windows-1252), by the names Get-Content knows, by code page, or as it is.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
public sealed class EncodingTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        if (value is Encoding encoding)
        {
            return encoding;
        }

        var name = Convert.ToString(value, CultureInfo.InvariantCulture) ?? string.Empty;
        try
        {
            return Find(name);
        }
        catch (Exception exception) when (exception is ArgumentException or NotSupportedException)
        {
            throw new ArgumentTransformationMetadataException(Messages.Get("EncodingNotKnown", name), exception);
        }
    }

    // Preambles do not belong in a conversation, so that "with" and "without BOM" are the same here.
    private static Encoding Find(string name) => name.ToUpperInvariant() switch
    {
        "UTF8" or "UTF-8" or "UTF8NOBOM" or "UTF8BOM" => new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
        "UNICODE" => Encoding.Unicode,
        "BIGENDIANUNICODE" => Encoding.BigEndianUnicode,
        "UTF32" => Encoding.UTF32,
        "LATIN1" => Encoding.GetEncoding("iso-8859-1"),
        "ANSI" => Encoding.GetEncoding(CultureInfo.CurrentCulture.TextInfo.ANSICodePage),
        "OEM" => Encoding.GetEncoding(CultureInfo.CurrentCulture.TextInfo.OEMCodePage),
        _ when int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var page) => Encoding.GetEncoding(page),
        _ => Encoding.GetEncoding(name),
    };
}
