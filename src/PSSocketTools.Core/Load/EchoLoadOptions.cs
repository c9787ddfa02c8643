namespace PSSocketTools;

/// <summary>The load to put on a server.</summary>
public sealed record EchoLoadOptions
{
    /// <summary>Where to, and how to speak.</summary>
    public SessionOptions Target { get; init; } = new();

    /// <summary>A session to use in place of a new connection; then there is one.</summary>
    public EchoSession? Session { get; init; }

    /// <summary>A session with the target that is open already, as the first of the connections; closed as the others are, when it is done.</summary>
    public EchoSession? FirstSession { get; init; }

    /// <summary>Connections at once, 1 or more.</summary>
    public int Connections { get; init; } = 1;

    /// <summary>Messages in flight on each connection, 1 or more.</summary>
    public int Window { get; init; } = 1;

    /// <summary>Bytes of each message, 1 or more.</summary>
    public int MessageSize { get; init; } = 64;

    /// <summary>How long to go on, where no count is given.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How many messages to send in all; null: as many as the duration allows.</summary>
    public long? Count { get; init; }
}
