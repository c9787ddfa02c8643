using System.Net;
using System.Net.Sockets;
using PSSocketTools.Platform;

namespace PSSocketTools.Ports.Probing;

/// <summary>One attempt to connect to a port of an address, or over UDP to get an answer. A <see cref="ProbeTransport"/> begins it, and ends or abandons it.</summary>
internal sealed class ProbeAttempt(IPAddress address, int port, object owner)
{
    // NaN is none, in half the bytes of a double that may be null: a scan makes thousands.
    private double _handshake = double.NaN;

    public IPAddress Address { get; } = address;

    public int Port { get; } = port;

    /// <summary>The probe it belongs to, whose type transports do not know.</summary>
    public object Owner { get; } = owner;

    /// <summary>Which attempt of its probe it is, from 1 on.</summary>
    public int Number { get; init; } = 1;

    /// <summary>When it began, a <see cref="Clock.Timestamp"/>; when it ended, of one that could not.</summary>
    public long StartedAt { get; private set; }

    /// <summary>When it ended, in units of <see cref="Clock.Timestamp"/>.</summary>
    public long EndedAt { get; private set; }

    /// <summary>Success for a connection (of UDP: an answer); otherwise the system's error.</summary>
    public SocketError Error { get; private set; }

    public bool IsAbandoned { get; set; }

    /// <summary>What is verified of the server beside that it accepts, or over UDP answers at all; null for nothing.</summary>
    public ProbeCheck? Check { get; init; }

    /// <summary>Whether the connection is there, and its check goes on.</summary>
    public bool IsConnected { get; set; }

    /// <summary>How many bytes the last operation of the check received; 0 for the end of the connection. For a transport that uses .NET's sockets.</summary>
    public int Received { get; set; }

    /// <summary>The socket of a transport that uses .NET's, which closes it.</summary>
    public Socket? Socket { get; set; }

    /// <summary>The descriptor of a pending attempt, of a transport that uses descriptors: the transport owns it, and sets -1 when it closes it.</summary>
    public int Descriptor { get; set; } = -1;

    /// <summary>The delay from the begin of this attempt to the next one on the address, in a scan that waits.</summary>
    public TimeSpan RetryDelay { get; set; }

    /// <summary>The system's error number; 0 when unknown.</summary>
    public int ErrorNumber { get; private set; }

    /// <summary>The ICMP message that ended it; null where none did, or the system does not report it.</summary>
    public IcmpError? Icmp { get; set; }

    /// <summary>The local address that the system chose; null where it chose none.</summary>
    public IPAddress? Source { get; set; }

    /// <summary>The round-trip time of the handshake as the system measured it, in milliseconds; null where it did not.</summary>
    public double? HandshakeMilliseconds
    {
        get => double.IsNaN(_handshake) ? null : _handshake;
        set => _handshake = value ?? double.NaN;
    }

    /// <summary>How long the answer took, in milliseconds: as the system measured it, or else by the clock around the system call.</summary>
    public double LatencyMilliseconds => HandshakeMilliseconds ?? Clock.Milliseconds(EndedAt - StartedAt);

    /// <summary>Called right before the system call, so that opening a socket is not measured.</summary>
    public void Start() => StartedAt = Clock.System.Timestamp;

    /// <summary>The same attempt, to be begun anew: the first time nothing was sent, or the system gave up early.</summary>
    public ProbeAttempt Again() => new(Address, Port, Owner) { Number = Number, RetryDelay = RetryDelay, Check = Check };

    public void End(SocketError error, int number = 0) => EndAt(Clock.System.Timestamp, error, number);

    /// <summary>Ends it with the time at which the system reported its end, before anything else was done.</summary>
    public void EndAt(long timestamp, SocketError error, int number = 0)
    {
        EndedAt = timestamp;
        StartedAt = StartedAt == 0 ? timestamp : StartedAt;
        Error = error;
        ErrorNumber = number;
    }
}
