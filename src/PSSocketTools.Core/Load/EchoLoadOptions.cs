using PSSocketTools.Net;

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

    /// <summary>The default and the range of <see cref="Connections"/>.</summary>
    public const int DefaultConnections = 1, LowestConnections = 1, HighestConnections = 4096;

    /// <summary>Connections at once.</summary>
    public int Connections { get; init; } = DefaultConnections;

    /// <summary>The default and the range of <see cref="Window"/>.</summary>
    public const int DefaultWindow = 1, LowestWindow = 1, HighestWindow = SendWindow.HighestSize;

    /// <summary>Messages in flight on each connection.</summary>
    public int Window { get; init; } = DefaultWindow;

    /// <summary>The default and the range of <see cref="MessageSize"/>.</summary>
    public const int DefaultMessageSize = 64, LowestMessageSize = 1, HighestMessageSize = 64 * 1024 * 1024;

    /// <summary>Bytes of each message.</summary>
    public int MessageSize { get; init; } = DefaultMessageSize;

    /// <summary>The default and the range of <see cref="Duration"/>, in seconds.</summary>
    public const double DefaultDurationSeconds = 10, LowestDurationSeconds = TimeLimit.LowestSeconds, HighestDurationSeconds = TimeLimit.HighestSeconds;

    /// <summary>How long to go on, where no count is given.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(DefaultDurationSeconds);

    /// <summary>The range of <see cref="Count"/>.</summary>
    public const long LowestCount = 1, HighestCount = long.MaxValue;

    /// <summary>How many messages to send in all; null: as many as the duration allows.</summary>
    public long? Count { get; init; }

    /// <exception cref="SocketToolsException">InvalidOption.</exception>
    internal void Validate()
    {
        Target.Validate();
        OptionRange.Require(nameof(Connections), Connections, LowestConnections, HighestConnections);
        OptionRange.Require(nameof(Window), Window, LowestWindow, HighestWindow);
        OptionRange.Require(nameof(MessageSize), MessageSize, LowestMessageSize, HighestMessageSize);
        OptionRange.Require(nameof(Duration), Duration, LowestDurationSeconds, HighestDurationSeconds);
        OptionRange.Require(nameof(Count), Count ?? LowestCount, LowestCount, HighestCount);
    }
}
