using System.Globalization;
using System.Management.Automation;
using System.Text;
using PSSocketTools.Resources;

namespace PSSocketTools.Binding;

/// <summary>Takes an encoding by PowerShell's names, by its IANA name, by its code page, or as it is; none of them writes a byte order mark.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class EncodingTransformationAttribute : ArgumentTransformationAttribute
{
    /// <summary>The names PowerShell's own cmdlets know.</summary>
    public static readonly string[] Names = ["utf8", "ascii", "latin1", "unicode", "bigendianunicode", "utf32"];

    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        try
        {
            return value switch
            {
                Encoding encoding => encoding,
                int codePage => Encoding.GetEncoding(codePage),
                string name => Named(name),
                _ => throw Unknown(value),
            };
        }
        catch (Exception exception) when (exception is ArgumentException or NotSupportedException)
        {
            throw Unknown(value);
        }
    }

    private static Encoding Named(string name) => name.ToUpperInvariant() switch
    {
        "UTF8" or "UTF-8" or "UTF8NOBOM" => new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
        "ASCII" => Encoding.ASCII,
        "LATIN1" => Encoding.GetEncoding("iso-8859-1"),
        "UNICODE" => new UnicodeEncoding(bigEndian: false, byteOrderMark: false),
        "BIGENDIANUNICODE" => new UnicodeEncoding(bigEndian: true, byteOrderMark: false),
        "UTF32" => new UTF32Encoding(bigEndian: false, byteOrderMark: false),
        _ => int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var codePage)
            ? Encoding.GetEncoding(codePage)
            : Encoding.GetEncoding(name),
    };

    private static ArgumentTransformationMetadataException Unknown(object? value) =>
        new(Messages.Get("EncodingUnknown", value, string.Join(", ", Names)));
}
