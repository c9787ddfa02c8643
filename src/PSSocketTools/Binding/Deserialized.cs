using System.Management.Automation;

namespace PSSocketTools.Binding;

/// <summary>What came from another process or computer, by Start-Job or a remoting hop: a description, which no cmdlet can act on.</summary>
internal static class Deserialized
{
    private const string Prefix = "Deserialized.";

    /// <summary>Whether an argument describes an object of a type that lives in another process.</summary>
    public static bool Is<T>(object? argument) =>
        argument is PSObject { TypeNames: { Count: > 0 } names } && names[0] == Prefix + typeof(T).FullName;

    /// <summary>Why a server from elsewhere can't be used, and the way to reach it.</summary>
    public static string Server(object? argument) => Resources.Messages.Get("ServerFromElsewhere", Property(argument, "Name"), Property(argument, "Port"));

    /// <summary>Why a session from elsewhere can't be used.</summary>
    public static string Session(object? argument) => Resources.Messages.Get("SessionFromElsewhere", Property(argument, "Name"));

    private static object? Property(object? argument, string name) => ((PSObject)argument!).Properties[name]?.Value;
}
