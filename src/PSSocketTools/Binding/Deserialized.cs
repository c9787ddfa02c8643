using System.Management.Automation;
using PSSocketTools.Resources;

namespace PSSocketTools.Binding;

/// <summary>What came from another process or computer, by Start-Job or a remoting hop: a description, which no cmdlet can act on.</summary>
internal static class Deserialized
{
    private const string Prefix = "Deserialized.";

    /// <summary>Whether an argument describes an object of a type that lives in another process.</summary>
    public static bool Is<T>(object? argument) =>
        argument is PSObject { TypeNames: { Count: > 0 } names } && names[0] == Prefix + typeof(T).FullName;

    /// <summary>Why a live object from elsewhere can't be used, and the way to what it describes; null for any other argument.</summary>
    public static string? Refusal(object? argument) =>
        Is<EchoServer>(argument) ? Server(argument)
        : Is<EchoSession>(argument) ? Messages.Get("SessionFromElsewhere", Property(argument, nameof(EchoSession.Name)))
        : Is<EchoServerFault>(argument) ? Messages.Get("FaultFromElsewhere", Property(argument, nameof(EchoServerFault.Kind)))
        : Is<EchoConnection>(argument) ? Messages.Get("ConnectionFromElsewhere", Property(argument, nameof(EchoConnection.ConnectionId)))
        : null;

    /// <summary>Why a server from elsewhere can't be used, and the way to reach it.</summary>
    public static string Server(object? argument) =>
        Messages.Get("ServerFromElsewhere", Property(argument, nameof(EchoServer.Name)), Property(argument, nameof(EchoServer.Port)));

    private static object? Property(object? argument, string name) => ((PSObject)argument!).Properties[name]?.Value;
}
