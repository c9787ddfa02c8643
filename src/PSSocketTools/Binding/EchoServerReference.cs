using System.Globalization;
using PSSocketTools.Binding;
using PSSocketTools.Lifetime;
using PSSocketTools.Resources;

namespace PSSocketTools;

/// <summary>
/// What names a server: its name, with wildcards, its id, or the server itself. It converts from these by itself, and no kind of event
/// converts to it: in <c>$server | Wait-EchoServer Connected</c> a kind stands where the server does in <c>Wait-EchoServer lab Connected</c>.
/// </summary>
public sealed class EchoServerReference
{
    /// <summary>Takes a server.</summary>
    /// <param name="server">The server.</param>
    public EchoServerReference(EchoServer server)
        : this((object)(server ?? throw new ArgumentNullException(nameof(server))))
    {
    }

    /// <summary>Takes the id of a server.</summary>
    /// <param name="id">The id.</param>
    public EchoServerReference(int id)
        : this((object)id)
    {
    }

    internal EchoServerReference(object value) => Value = value;

    /// <summary>The name, the id or the server, as it was given.</summary>
    public object Value { get; }

    /// <summary>Takes the name of a server, or its id as text.</summary>
    /// <param name="text">The name; wildcards are allowed.</param>
    /// <exception cref="ArgumentException">It is the name of a kind of event.</exception>
    public static EchoServerReference Parse(string text) =>
        IsKind(text ?? throw new ArgumentNullException(nameof(text))) ? throw new ArgumentException(WaitWhat()) : new((object)text);

    /// <summary>The name or id as it was given, or the server's name.</summary>
    public override string ToString() => Convert.ToString(Value, CultureInfo.InvariantCulture) ?? string.Empty;

    /// <summary>Tells what a wait needs.</summary>
    internal static string WaitWhat() => Messages.Get("WaitWhat", string.Join(", ", typeof(ServerEventKind).GetEnumNames()));

    /// <summary>The name of a kind of event, as it was given; null for anything else.</summary>
    internal static string? ToKind(object? item) => Argument.BaseOf(item) switch
    {
        ServerEventKind kind => kind.ToString(),
        string text when IsKind(text) => text,
        _ => null,
    };

    /// <summary>
    /// Whether a text is a kind of event: its name; or the beginning of its name, which is enough for PowerShell, unless a server has
    /// that for its own name.
    /// </summary>
    internal static bool IsKind(string text)
    {
        var kinds = Array.FindAll(typeof(ServerEventKind).GetEnumNames(), name => name.StartsWith(text, StringComparison.OrdinalIgnoreCase));
        return Array.Exists(kinds, name => name.Length == text.Length)
            || (text.Length > 0 && kinds.Length == 1
                && !Array.Exists(Running.Servers.All(), server => string.Equals(server.Name, text, StringComparison.OrdinalIgnoreCase)));
    }
}
