using System.Net.Sockets;

namespace PSSocketTools.Ports.Probing;

/// <summary>Begins attempts and says when they ended, without an exception for each that failed; used by one thread, but for <see cref="Wake"/>.</summary>
internal abstract class ProbeTransport : IDisposable
{
    // The answer of a self-connected socket, and of one nothing listens behind, is the same.
    protected const SocketError SelfConnected = SocketError.ConnectionRefused;

    private static readonly byte[] LineEnd = [0x0D, 0x0A];

    // A query for the root's name servers (RFC 1035), and a client's request (RFC 5905): those servers answer nothing else.
    private static readonly byte[] DnsQuery = [0x50, 0x53, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1];
    private static readonly byte[] NtpRequest = [0x23, .. new byte[47]];

    /// <summary>The one that suits the system best.</summary>
    public static ProbeTransport Create(SocketProtocol protocol) =>
        EpollProbeTransport.IsSupported ? new EpollProbeTransport(protocol) : new SocketProbeTransport(protocol);

    /// <summary>Begins an attempt. True where it ended at once, false where <see cref="Wait"/> will say so.</summary>
    public abstract bool Begin(ProbeAttempt attempt);

    /// <summary>Ends a pending attempt nobody waits for any more, with its socket.</summary>
    public abstract void Abandon(ProbeAttempt attempt);

    /// <summary>Waits until an attempt ends, <see cref="Wake"/> is called or the time is over; -1 is no limit.</summary>
    public abstract void Wait(int milliseconds, ICollection<ProbeAttempt> ended);

    /// <summary>Ends a <see cref="Wait"/>, the one under way or else the next; from any thread.</summary>
    public abstract void Wake();

    public abstract void Dispose();

    /// <summary>What a UDP server on that port would answer.</summary>
    protected static byte[] Greeting(int port) => port switch
    {
        53 => DnsQuery,
        123 => NtpRequest,
        _ => LineEnd,
    };
}
