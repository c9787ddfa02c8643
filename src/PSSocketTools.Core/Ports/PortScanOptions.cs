using PSSocketTools.Net;

namespace PSSocketTools;

/// <summary>How a scan probes; immutable, and checked once, by the scan that takes it.</summary>
public sealed class PortScanOptions
{
    /// <summary>Tcp (the default) or Udp.</summary>
    public SocketProtocol Protocol { get; init; } = SocketProtocol.Tcp;

    /// <summary>How long a probe may go without an answer, resolving the name included; above zero, one second by default.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How many probes may be under way at once, 1 to 32767; 512 by default. The limit on open files may lower it.</summary>
    public int ThrottleLimit { get; init; } = 512;

    /// <summary>How long to try again until a port is open; null (the default) tries once, <see cref="TimeSpan.MaxValue"/> without end.</summary>
    public TimeSpan? WaitFor { get; init; }

    /// <summary>Throws where a value is out of its range.</summary>
    /// <exception cref="SocketToolsException">InvalidOption.</exception>
    internal void Validate()
    {
        if (Protocol is not (SocketProtocol.Tcp or SocketProtocol.Udp))
        {
            throw Invalid("ProtocolHasNoPort", Protocol);
        }

        if (Timeout <= TimeSpan.Zero || Timeout > TimeSpan.FromDays(1))
        {
            throw Invalid("ScanTimeoutOutOfRange", Timeout.TotalSeconds);
        }

        if (ThrottleLimit is < 1 or > short.MaxValue)
        {
            throw Invalid("ThrottleLimitOutOfRange", ThrottleLimit);
        }

        if (WaitFor < TimeSpan.Zero)
        {
            throw Invalid("WaitOutOfRange", WaitFor.Value.TotalSeconds);
        }
    }

    private static SocketToolsException Invalid(string message, object value) =>
        new(SocketToolsError.InvalidOption, Messages.Get(message, value), value);
}
