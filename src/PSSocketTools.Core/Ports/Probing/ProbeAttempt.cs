using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace PSSocketTools.Ports.Probing;

/// <summary>One attempt to get a word from an address and port: begun by a <see cref="ProbeTransport"/>, and ended by it or abandoned.</summary>
internal sealed class ProbeAttempt(IPAddress address, int port, object owner)
{
    public IPAddress Address { get; } = address;

    public int Port { get; } = port;

    /// <summary>Whose attempt it is; the transport only carries it.</summary>
    public object Owner { get; } = owner;

    /// <summary>When it began, in <see cref="Stopwatch"/> ticks.</summary>
    public long StartedAt { get; } = Stopwatch.GetTimestamp();

    /// <summary>When it ended, in the same.</summary>
    public long EndedAt { get; private set; }

    /// <summary>Success for a connection (of UDP: an answer); what the system said, otherwise.</summary>
    public SocketError Error { get; private set; }

    public bool IsAbandoned { get; set; }

    /// <summary>What the transport holds for it while it is pending.</summary>
    public object? State { get; set; }

    /// <summary>The same, where that is a descriptor: the transport owns it, closes it once, and sets -1 as it does.</summary>
    public int Descriptor { get; set; } = -1;

    /// <summary>How long after this attempt began its address may be tried again; kept by a loop that waits.</summary>
    public TimeSpan RetryDelay { get; set; }

    /// <summary>The system's own number of the error, where it gave one; else 0.</summary>
    public int ErrorNumber { get; private set; }

    public void End(SocketError error, int number = 0)
    {
        EndedAt = Stopwatch.GetTimestamp();
        Error = error;
        ErrorNumber = number;
    }
}
