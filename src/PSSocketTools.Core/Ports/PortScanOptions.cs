using System.Net;
using System.Net.Sockets;
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

    /// <summary>The range of <see cref="RetryLimit"/> in seconds: what a wait in milliseconds can be.</summary>
    public const double LowestWaitSeconds = 0, HighestWaitSeconds = int.MaxValue / 1000;

    /// <summary>How long to retry until a port is open; null (the default) for a single attempt, zero for no limit.</summary>
    public TimeSpan? RetryLimit { get; init; }

    /// <summary>What a scan that waits waits for: Open or Closed.</summary>
    public PortGoal Until { get; init; } = PortGoal.Open;

    /// <summary>The default of <see cref="Verify"/>.</summary>
    public const PortVerification DefaultVerify = PortVerification.None;

    /// <summary>What is verified of a connection, beside that it is accepted. Stays takes 200 ms, the others the <see cref="Timeout"/> at most, after the connection is there.</summary>
    public PortVerification Verify { get; init; } = DefaultVerify;

    /// <summary>Whether IPv4 addresses alone are tested.</summary>
    public bool IPv4 { get; init; }

    /// <summary>Whether IPv6 addresses alone are tested.</summary>
    public bool IPv6 { get; init; }

    /// <summary>Whether each address of a name has a result of its own, in the resolver's order.</summary>
    public bool AllAddresses { get; init; }

    /// <summary>The address of this machine to test from; null for the system's choice.</summary>
    public string? SourceAddress { get; init; }

    /// <summary>Whether connections end with a reset (RST), so that repeated tests leave none in TIME_WAIT (RFC 9293, section 3.6).</summary>
    public bool ResetsConnections { get; init; }

    /// <summary>Whether each attempt is kept for <see cref="PortScan.TakeTrace"/>.</summary>
    public bool KeepsTrace { get; init; }

    /// <summary>The addresses to test.</summary>
    /// <exception cref="SocketToolsException">InvalidOption: options that exclude each other, or a source that is no address; AddressNotAvailable: a source that this machine does not have.</exception>
    internal AddressSelection ToSelection()
    {
        var selection = new AddressSelection(IPv4, IPv6, SourceAddress, nameof(SourceAddress));
        if (selection.Source is { } source)
        {
            try
            {
                using var socket = new Socket(source.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
                socket.Bind(new IPEndPoint(source, 0));
            }
            catch (SocketException exception) when (exception.SocketErrorCode is SocketError.AddressNotAvailable or SocketError.AddressFamilyNotSupported or SocketError.InvalidArgument)
            {
                var text = EndPointText.Of(source);
                throw new SocketToolsException(SocketToolsError.AddressNotAvailable, Messages.Get("SourceNotHere", text), text, exception);
            }
        }

        return selection;
    }

    /// <summary>Throws where a value is out of its range.</summary>
    /// <exception cref="SocketToolsException">InvalidOption.</exception>
    internal void Validate()
    {
        if (Protocol is not (SocketProtocol.Tcp or SocketProtocol.Udp))
        {
            throw new SocketToolsException(SocketToolsError.InvalidOption, Messages.Get("ProtocolHasNoPort", Protocol), Protocol);
        }

        if (Protocol == SocketProtocol.Udp && Verify is PortVerification.Stays or PortVerification.Greets)
        {
            throw new SocketToolsException(SocketToolsError.InvalidOption, Messages.Get("UdpHasNoVerify", Verify), nameof(Verify));
        }

        if (Until is PortGoal.Free or PortGoal.InUse)
        {
            throw new SocketToolsException(SocketToolsError.InvalidOption, Messages.Get("GoalIsLocal", Until), nameof(Until));
        }

        OptionRange.Require(Timeout, LowestTimeoutSeconds, HighestTimeoutSeconds);
        OptionRange.Require(ThrottleLimit, LowestThrottleLimit, HighestThrottleLimit);
        if (RetryLimit is { } limit)
        {
            OptionRange.Require(limit, LowestWaitSeconds, HighestWaitSeconds, nameof(RetryLimit));
        }
    }
}
