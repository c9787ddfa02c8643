using PSSocketTools.Net;

namespace PSSocketTools;

/// <summary>The load to put on a server.</summary>
public sealed record EchoLoadOptions
{
    /// <summary>The target, and how to connect to it.</summary>
    public SessionOptions Target { get; init; } = new();

    /// <summary>An open session to use instead of new connections.</summary>
    public EchoSession? Session { get; init; }

    /// <summary>An open session with the target to use as the first connection; closed like the others at the end.</summary>
    public EchoSession? FirstSession { get; init; }

    /// <summary>Is called on the first connection's thread with each step of connecting; null for none.</summary>
    public Action<ConnectStep>? Step { get; init; }

    /// <summary>The default and the range of <see cref="Connections"/>.</summary>
    public const int DefaultConnections = 1, LowestConnections = 1, HighestConnections = 4096;

    /// <summary>The number of concurrent connections.</summary>
    public int Connections { get; init; } = DefaultConnections;

    /// <summary>The default and the range of <see cref="Window"/>.</summary>
    public const int DefaultWindow = 1, LowestWindow = 1, HighestWindow = SendWindow.HighestSize;

    /// <summary>The window that suits a load with a rate: more than a server falls behind while it stalls for a moment.</summary>
    public const int DefaultWindowAtRate = 1024;

    /// <summary>Messages in flight on each connection, at most.</summary>
    public int Window { get; init; } = DefaultWindow;

    /// <summary>The default and the range of <see cref="MessageSize"/>.</summary>
    public const int DefaultMessageSize = 64, LowestMessageSize = 1, HighestMessageSize = 64 * 1024 * 1024;

    /// <summary>Bytes of each message.</summary>
    public int MessageSize { get; init; } = DefaultMessageSize;

    /// <summary>The default and the range of <see cref="Duration"/>, in seconds.</summary>
    public const double DefaultDurationSeconds = 10, LowestDurationSeconds = TimeLimit.LowestSeconds, HighestDurationSeconds = TimeLimit.HighestSeconds;

    /// <summary>The duration of the load when no count is given.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(DefaultDurationSeconds);

    /// <summary>The range of <see cref="Rate"/>.</summary>
    public const double LowestRate = 0.001, HighestRate = 1_000_000;

    /// <summary>
    /// How many messages a second to send, over all connections, each when it is due, whether responses have arrived or not, as far as the
    /// window has room. Null: each connection sends as soon as its window has room.
    /// </summary>
    public double? Rate { get; init; }

    /// <summary>The default and the range of <see cref="Warmup"/>, in seconds.</summary>
    public const double DefaultWarmupSeconds = 0, LowestWarmupSeconds = 0, HighestWarmupSeconds = TimeLimit.HighestSeconds;

    /// <summary>How long to run before anything counts.</summary>
    public TimeSpan Warmup { get; init; } = TimeSpan.FromSeconds(DefaultWarmupSeconds);

    /// <summary>The range of <see cref="Interval"/>, in seconds.</summary>
    public const double LowestIntervalSeconds = 0.1, HighestIntervalSeconds = TimeLimit.HighestSeconds;

    /// <summary>How often to measure on the way; null for the whole alone.</summary>
    public TimeSpan? Interval { get; init; }

    /// <summary>The range of <see cref="Count"/>.</summary>
    public const long LowestCount = 1, HighestCount = long.MaxValue;

    /// <summary>How many messages to send in total; null for as many as the duration allows.</summary>
    public long? Count { get; init; }

    /// <summary>Whether more than one message may be in flight: not where only a pause ends a response.</summary>
    /// <param name="target">What is connected to.</param>
    public static bool TakesWindow(SessionOptions target) => !target.EndsByPause;

    /// <exception cref="SocketToolsException">InvalidOption.</exception>
    internal void Validate()
    {
        Target.Validate();
        OptionRange.Require(Connections, LowestConnections, HighestConnections);
        if (Connections > 1 && Target.SourcePort != SessionOptions.AnySourcePort)
        {
            throw new SocketToolsException(
                SocketToolsError.InvalidOption, Messages.Get("SourcePortOfMany", Connections, Target.SourcePort), Target.EndPointName);
        }

        OptionRange.Require(Window, LowestWindow, HighestWindow);
        OptionRange.Require(MessageSize, LowestMessageSize, HighestMessageSize);
        OptionRange.Require(Duration, LowestDurationSeconds, HighestDurationSeconds);
        OptionRange.Require(Warmup, LowestWarmupSeconds, HighestWarmupSeconds);
        if (Interval is { } interval)
        {
            OptionRange.Require(interval, LowestIntervalSeconds, HighestIntervalSeconds, nameof(Interval));
        }

        OptionRange.Require(Rate ?? LowestRate, LowestRate, HighestRate, nameof(Rate));
        OptionRange.Require(Count ?? LowestCount, LowestCount, HighestCount, nameof(Count));
    }
}
