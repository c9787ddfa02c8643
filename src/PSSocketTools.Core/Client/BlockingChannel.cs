using System.Net;
using System.Net.Sockets;
using PSSocketTools.Platform;

namespace PSSocketTools.Client;

/// <summary>
/// What moves a session's bytes: a stream, or datagrams. Reads and writes block the caller's thread, which makes a round trip of small
/// messages as short as the system allows; a close from another thread ends them. One thread may read while another writes.
/// </summary>
internal abstract class BlockingChannel(Socket socket, EndPoint remote) : IDisposable
{
    /// <summary>Returned by reads: nothing has arrived.</summary>
    public const int NoData = -1;

    /// <summary>Returned by reads: the server has shut down its output (FIN).</summary>
    public const int EndOfStream = -2;

    // How late a wait of the system may end: Windows counts in steps of its timer.
    private static readonly int CoarseWaitMilliseconds = HostSystem.IsWindows ? 16 : 2;

    private int _closed;
    private bool _outputEnded;
    private EndPoint? _local;

    public Socket Socket { get; private set; } = socket;

    /// <summary>The local endpoint, kept from the first call, since the system does not report it for a closed socket.</summary>
    public EndPoint? LocalEndPoint => _local ??= Socket.LocalEndPoint;

    /// <summary>The remote endpoint, which the system does not report for a connection that was reset.</summary>
    public EndPoint RemoteEndPoint { get; private set; } = remote;

    /// <summary>The buffer size for a read.</summary>
    public virtual int ReadSize => 32768;

    /// <summary>Reads without blocking: returns the count, <see cref="NoData"/> or <see cref="EndOfStream"/>.</summary>
    public abstract int TryRead(byte[] buffer);

    /// <summary>Reads and blocks: returns the count or <see cref="EndOfStream"/>.</summary>
    /// <exception cref="SocketException">TimedOut, or what the system reports.</exception>
    public abstract int Read(byte[] buffer, Deadline deadline);

    /// <summary>Waits until a read would not block; false when the time passed or the waker was used first.</summary>
    /// <param name="deadline">When the wait ends.</param>
    /// <param name="waker">Ends the wait early.</param>
    public abstract bool WaitReadable(Deadline deadline, Waker? waker);

    /// <summary>Waits as <see cref="WaitReadable"/> does, and to the microsecond.</summary>
    /// <param name="until">When the wait ends: a <see cref="Clock.Timestamp"/>.</param>
    /// <param name="waker">Ends the wait early.</param>
    public virtual bool WaitReadableUntil(long until, Waker waker)
    {
        while (!waker.IsWoken)
        {
            var left = Clock.Milliseconds(until - Clock.System.Timestamp) - CoarseWaitMilliseconds;
            if (left > 0)
            {
                if (WaitReadable(Deadline.AfterMilliseconds((int)Math.Min(left + 1, int.MaxValue)), waker))
                {
                    return true;
                }
            }
            else if (WaitReadable(Deadline.Passed, null))
            {
                return true;
            }
            else if (Clock.System.Timestamp >= until)
            {
                return false;
            }
            else
            {
                Thread.Yield();
            }
        }

        return false;
    }

    /// <summary>Writes all bytes.</summary>
    public abstract void Write(byte[] buffer, int offset, int count);

    /// <summary>Shuts down the output (FIN), once; false when the time passed first. Not while another thread writes.</summary>
    /// <exception cref="SocketException">What the system reports.</exception>
    public bool EndOutput(Deadline deadline) => _outputEnded = _outputEnded || TryEndOutput(deadline);

    /// <summary>Closes the connection, which ends pending operations. A reset (RST) discards what was not delivered yet.</summary>
    public void Close(bool reset)
    {
        if (Interlocked.Exchange(ref _closed, 1) != 0)
        {
            return;
        }

        if (reset && Socket.ProtocolType == ProtocolType.Tcp)
        {
            // Some systems fail this for a lost connection, which needs no reset.
            BestEffort.Run(() => Socket.LingerState = new LingerOption(true, 0));
        }

        BestEffort.Run(() => DisposeTransport(reset));
    }

    public void Dispose() => Close(reset: false);

    /// <summary>Changes to another socket, which is connected to another address. The caller closes the old one.</summary>
    protected void MoveTo(Socket socket, EndPoint remote)
    {
        (_local, RemoteEndPoint) = (socket.LocalEndPoint, remote);
        Socket = socket;
    }

    protected virtual bool TryEndOutput(Deadline deadline)
    {
        Socket.Shutdown(SocketShutdown.Send);
        return true;
    }

    protected virtual void DisposeTransport(bool reset) => Socket.Dispose();
}
