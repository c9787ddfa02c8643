using System.Net.Sockets;

namespace PSSocketTools.Ports.Probing;

/// <summary>Begins attempts and reports when they end, without exceptions for failed ones. For one thread, except for <see cref="Wake"/>.</summary>
internal abstract class ProbeTransport : IDisposable
{
    // A socket that connected to itself counts as refused, since nothing listens on the port.
    protected const SocketError SelfConnected = SocketError.ConnectionRefused;

    private static readonly byte[] LineEnd = [0x0D, 0x0A];

    // A query for the root's name servers (RFC 1035), and an NTP client's request (RFC 5905): those servers answer nothing else.
    private static readonly byte[] DnsQuery = [0x50, 0x53, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1];
    private static readonly byte[] NtpRequest = [0x23, .. new byte[47]];

    /// <summary>The fastest one that the system supports.</summary>
    public static ProbeTransport Create(ProbeSetup setup)
    {
        ProbeWarmUp.Run(setup.Protocol, () => Open(new ProbeSetup(setup.Protocol)));
        return Open(setup);
    }

    /// <summary>Called on the thread of <see cref="Begin"/> and <see cref="Wait"/> when an attempt is connected, and its check goes on.</summary>
    public Action<ProbeAttempt>? Connected { get; set; }

    /// <summary>Begins an attempt; true when it ended at once, false when <see cref="Wait"/> will report its end.</summary>
    public abstract bool Begin(ProbeAttempt attempt);

    /// <summary>Cancels a pending attempt and closes its socket.</summary>
    public abstract void Abandon(ProbeAttempt attempt);

    /// <summary>Waits until an attempt ends, <see cref="Wake"/> is called or the time is over; <see cref="Timeout.Infinite"/> for no limit.</summary>
    public abstract void Wait(int milliseconds, ICollection<ProbeAttempt> ended);

    /// <summary>Ends the current <see cref="Wait"/>, or else the next one; from any thread.</summary>
    public abstract void Wake();

    public abstract void Dispose();

    private static ProbeTransport Open(ProbeSetup setup) =>
        EpollProbeTransport.IsSupported ? new EpollProbeTransport(setup) : new SocketProbeTransport(setup);

    /// <summary>A datagram that a UDP server on that port would answer.</summary>
    public static byte[] RequestFor(int port) => port switch
    {
        53 => DnsQuery,
        123 => NtpRequest,
        _ => LineEnd,
    };
}
