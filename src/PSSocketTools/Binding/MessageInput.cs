using System.Collections;
using System.Globalization;
using System.Management.Automation;
using PSSocketTools.Resources;

namespace PSSocketTools.Binding;

/// <summary>Converts pipeline input to messages.</summary>
internal static class MessageInput
{
    private const string MessageProperty = "Message";

    /// <summary>The messages in an argument that holds several; null when it is one message. A byte array is one.</summary>
    public static IList? AsSeveral(object input)
    {
        var value = Argument.BaseOf(input);
        return value is IList list and not byte[] ? list : null;
    }

    /// <summary>A message as it is sent: a string, or bytes.</summary>
    /// <exception cref="SocketToolsException">It is no message, or a file that can't be read.</exception>
    public static object ToMessage(object? input) => ToMessage(input, isProperty: false);

    // One level deep: an object's Message may hold another object, or itself, and so on without end.
    private static object ToMessage(object? input, bool isProperty)
    {
        var value = Argument.BaseOf(input);
        return value switch
        {
            string => value,
            byte[] => value,
            null => throw NotAMessage("MessageIsNull", input),
            EchoSession session => throw NotAMessage("SessionIsNoMessage", session),
            EchoServer server => throw NotAMessage("ServerIsNoMessage", server),
            EchoConnection connection => throw NotAMessage("ConnectionIsNoMessage", connection),
            FileInfo file => ReadFile(file),
            double number => number.ToString("R", CultureInfo.InvariantCulture),
            float number => number.ToString("R", CultureInfo.InvariantCulture),
            IFormattable => ToText(value),
            IDictionary row when !isProperty && row.Contains(MessageProperty) => ToMessage(row[MessageProperty], isProperty: true),
            _ when !isProperty && Property(input!) is { } property => ToMessage(Value(property, input), isProperty: true),
            PSCustomObject or IEnumerable => throw NotAMessage(isProperty ? "MessagePropertyHoldsNone" : "NoMessageProperty", input),
            _ => ToText(value),
        };
    }

    // An object's own code converts it to text, and may throw anything.
    private static string ToText(object value)
    {
        try
        {
            return Convert.ToString(value, CultureInfo.InvariantCulture) ?? string.Empty;
        }
        catch (Exception exception) when (exception is not PipelineStoppedException)
        {
            throw new SocketToolsException(
                SocketToolsError.MessageNotCarried, Messages.Get("MessageTextFailed", exception.Message.TrimEnd('.')), value.GetType().Name, exception);
        }
    }

    private static PSPropertyInfo? Property(object input) => PSObject.AsPSObject(input).Properties[MessageProperty];

    private static object? Value(PSPropertyInfo property, object? input)
    {
        try
        {
            return property.Value;
        }
        catch (GetValueException exception)
        {
            throw new SocketToolsException(
                SocketToolsError.MessageNotCarried,
                Messages.Get("MessagePropertyFailed", (exception.InnerException ?? exception).Message.TrimEnd('.')),
                input,
                exception);
        }
    }

    private static byte[] ReadFile(FileInfo file)
    {
        try
        {
            return File.ReadAllBytes(file.FullName);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new SocketToolsException(
                SocketToolsError.FileFailed, Messages.Get("FileNotRead", file.FullName, exception.Message.TrimEnd('.')), file, exception);
        }
    }

    private static SocketToolsException NotAMessage(string message, object? target) =>
        new(SocketToolsError.MessageNotCarried, Messages.Get(message), target);
}
