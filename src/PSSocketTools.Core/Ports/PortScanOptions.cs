using PSSocketTools.Net;

namespace PSSocketTools;

/// <summary>How a scan probes; immutable, and checked once, by the scan that takes it.</summary>
public sealed class PortScanOptions
{
    /// <summary>The default of <see cref="Protocol"/>.</summary>
    public const SocketProtocol DefaultProtocol = SocketProtocol.Tcp;

    /// <summary>Tcp or Udp.</summary>
    public SocketProtocol Protocol { get; init; } = DefaultProtocol;

    /// <summary>The default and the range of <see cref="Timeout"/>, in seconds.</summary>
    public const double DefaultTimeoutSeconds = 1, LowestTimeoutSeconds = TimeLimit.LowestSeconds, HighestTimeoutSeconds = TimeLimit.HighestSeconds;

    /// <summary>The timeout of a probe, name resolution included.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(DefaultTimeoutSeconds);

    /// <summary>The default and the range of <see cref="ThrottleLimit"/>.</summary>
    public const int DefaultThrottleLimit = 512, LowestThrottleLimit = 1, HighestThrottleLimit = short.MaxValue;

    /// <summary>How many probes may be pending at once. The limit on open files may lower it.</summary>
    public int ThrottleLimit { get; init; } = DefaultThrottleLimit;

    /// <summary>The range of <see cref="WaitFor"/> in seconds: what a wait in milliseconds can be.</summary>
    public const double LowestWaitSeconds = 0, HighestWaitSeconds = int.MaxValue / 1000;

    /// <summary>How long to retry until a port is open; null (the default) for a single attempt, zero for no limit.</summary>
    public TimeSpan? WaitFor { get; init; }

    /// <summary>Whether each attempt is kept for <see cref="PortScan.TakeTrace"/>.</summary>
    public bool KeepsTrace { get; init; }

    /// <summary>Throws where a value is out of its range.</summary>
    /// <exception cref="SocketToolsException">InvalidOption.</exception>
    internal void Validate()
    {
        if (Protocol is not (SocketProtocol.Tcp or SocketProtocol.Udp))
        {
            throw new SocketToolsException(SocketToolsError.InvalidOption, Messages.Get("ProtocolHasNoPort", Protocol), Protocol);
        }

        OptionRange.Require(nameof(Timeout), Timeout, LowestTimeoutSeconds, HighestTimeoutSeconds);
        OptionRange.Require(nameof(ThrottleLimit), ThrottleLimit, LowestThrottleLimit, HighestThrottleLimit);
        if (WaitFor is { } limit)
        {
            OptionRange.Require(nameof(WaitFor), limit, LowestWaitSeconds, HighestWaitSeconds);
        }
    }
}
