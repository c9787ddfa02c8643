using System.Globalization;
using System.Text;
using PSSocketTools.Resources;

namespace PSSocketTools;

/// <summary>
/// An encoding as a parameter takes it: by its name (utf-8, latin1, windows-1252), by the names Get-Content knows, by code page,
/// or as an <see cref="System.Text.Encoding"/>. It converts from these by itself, so that mocks and proxy functions, which keep a
/// parameter's type but not its transformation, take what the cmdlet takes.
/// </summary>
public sealed class EncodingArgument
{
    /// <summary>Converts from an encoding.</summary>
    /// <param name="encoding">The encoding.</param>
    public EncodingArgument(Encoding encoding) => Encoding = encoding ?? throw new ArgumentNullException(nameof(encoding));

    /// <summary>Converts from a code page.</summary>
    /// <param name="codePage">Its number.</param>
    /// <exception cref="ArgumentException">This PowerShell does not know it.</exception>
    public EncodingArgument(int codePage)
        : this(Find(codePage.ToString(CultureInfo.InvariantCulture)))
    {
    }

    /// <summary>The encoding.</summary>
    public Encoding Encoding { get; }

    /// <summary>Converts from a name, or the number of a code page.</summary>
    /// <param name="text">The text.</param>
    /// <exception cref="ArgumentException">This PowerShell does not know it.</exception>
    public static EncodingArgument Parse(string text) => new(Find((text ?? throw new ArgumentNullException(nameof(text))).Trim()));

    /// <summary>The encoding's name (RFC 2978).</summary>
    public override string ToString() => Encoding.WebName;

    private static Encoding Find(string name)
    {
        try
        {
            return FindKnown(name);
        }
        catch (Exception exception) when (exception is ArgumentException or NotSupportedException)
        {
            throw new ArgumentException(Messages.Get("EncodingNotKnown", name), exception);
        }
    }

    // Preambles do not belong in a conversation, so that "with" and "without BOM" are the same here.
    private static Encoding FindKnown(string name) => name.ToUpperInvariant() switch
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
