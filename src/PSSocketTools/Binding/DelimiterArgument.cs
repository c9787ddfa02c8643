using System.Globalization;
using System.Text;
using PSSocketTools.Binding;
using PSSocketTools.Resources;

namespace PSSocketTools;

/// <summary>
/// A delimiter as a parameter takes it: text, which the encoding in use makes bytes of, or bytes as numbers. It converts from these
/// by itself, so that mocks and proxy functions, which keep a parameter's type but not its transformation, take what the cmdlet takes.
/// </summary>
public sealed class DelimiterArgument
{
    private readonly string? _text;
    private readonly byte[] _bytes = [];

    /// <summary>Takes bytes.</summary>
    /// <param name="bytes">The bytes.</param>
    public DelimiterArgument(byte[] bytes) => _bytes = bytes ?? throw new ArgumentNullException(nameof(bytes));

    /// <summary>Takes numbers, each of them a byte.</summary>
    /// <param name="numbers">The numbers.</param>
    /// <exception cref="ArgumentException">One of them is no byte.</exception>
    public DelimiterArgument(object[] numbers) => _bytes = Array.ConvertAll(numbers ?? throw new ArgumentNullException(nameof(numbers)), ToByte);

    /// <summary>Takes one byte.</summary>
    /// <param name="number">Its number.</param>
    /// <exception cref="ArgumentException">It is no byte.</exception>
    public DelimiterArgument(int number)
        : this([(object)number])
    {
    }

    private DelimiterArgument(string text) => _text = text;

    /// <summary>Takes text.</summary>
    /// <param name="text">The text.</param>
    public static DelimiterArgument Parse(string text) => new(text ?? throw new ArgumentNullException(nameof(text)));

    /// <summary>The delimiter's bytes.</summary>
    /// <param name="encoding">The encoding in use.</param>
    /// <exception cref="SocketToolsException">InvalidOption: it has no bytes or too many, or characters that the encoding lacks.</exception>
    public MessageDelimiter ToDelimiter(Encoding encoding) => _text is null ? new(_bytes) : new(_text, encoding);

    /// <summary>The text, or the bytes in hexadecimal.</summary>
    public override string ToString() => _text ?? string.Join(" ", _bytes.Select(static b => b.ToString("X2", CultureInfo.InvariantCulture)));

    /// <summary>Takes what can be a delimiter.</summary>
    /// <exception cref="ArgumentException">This can't.</exception>
    internal static DelimiterArgument From(object? value) => value switch
    {
        DelimiterArgument argument => argument,
        string text => new(text),
        char character => new(character.ToString()),
        byte[] bytes => new(bytes),
        object[] numbers => new(numbers),
        _ => new((object[])[value!]),
    };

    // A number in PowerShell is an int, whatever it stands for. Text that holds a digit is that digit.
    private static byte ToByte(object? value) =>
        Argument.BaseOf(value) switch
        {
            byte number => number,
            int number and >= byte.MinValue and <= byte.MaxValue => (byte)number,
            var other => throw new ArgumentException(Messages.Get("DelimiterNotUnderstood", other)),
        };
}
