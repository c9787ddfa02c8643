using System.Net;
using System.Net.Sockets;
using PSSocketTools.Platform;

namespace PSSocketTools.Client;

/// <summary>
/// What moves a session's bytes. Reads and writes block the caller's thread, which makes a round trip of small messages
/// as short as the system allows; a close from another thread ends them. One thread may read while another writes.
/// </summary>
internal abstract class BlockingChannel(Socket socket, EndPoint remote) : IDisposable
{
    /// <summary>Returned by reads: nothing has come.</summary>
    public const int Nothing = -1;

    /// <summary>Returned by reads: the peer has ended its input.</summary>
    public const int End = -2;

    private int _closed;
    private EndPoint? _local;

    public Socket Socket { get; private set; } = socket;

    /// <summary>This side's address, as it was when it was first asked for: of a closed socket the system knows it no more.</summary>
    public EndPoint? LocalEndPoint => _local ??= Socket.LocalEndPoint;

    /// <summary>What it was connected to: of a connection that the peer has reset the system knows it no more.</summary>
    public EndPoint RemoteEndPoint { get; private set; } = remote;

    /// <summary>The room one read needs.</summary>
    public virtual int ReadSize => 32768;

    /// <summary>What has come, without waiting: the count, <see cref="Nothing"/> or <see cref="End"/>.</summary>
    public abstract int TryRead(byte[] buffer);

    /// <summary>What comes: the count or <see cref="End"/>.</summary>
    /// <exception cref="SocketException">TimedOut, or what the system reports.</exception>
    public abstract int Read(byte[] buffer, Deadline deadline);

    /// <summary>Waits until a read would not; false when the time passed or the waker was used first.</summary>
    /// <param name="milliseconds">How long; -1: no end.</param>
    /// <param name="waker">What may end the wait early.</param>
    public abstract bool WaitReadable(int milliseconds, Waker? waker);

    /// <summary>Writes it all.</summary>
    public abstract void Write(byte[] buffer, int offset, int count);

    /// <summary>Tells the peer that no more comes.</summary>
    public virtual void EndOutput() => Socket.Shutdown(SocketShutdown.Send);

    /// <summary>Ends whatever is under way. A reset throws away what was not delivered yet and tells the peer so (RST).</summary>
    public void Close(bool reset)
    {
        if (Interlocked.Exchange(ref _closed, 1) != 0)
        {
            return;
        }

        if (reset && Socket.ProtocolType == ProtocolType.Tcp)
        {
            // Some systems refuse it for a connection that is gone already, which then needs no reset.
            Attempt.To(() => Socket.LingerState = new LingerOption(true, 0));
        }

        Attempt.To(() => DisposeTransport(reset));
    }

    public void Dispose() => Close(reset: false);

    /// <summary>Takes another socket, connected to another address, from now on. Closing the old one is left to the caller.</summary>
    protected void MoveTo(Socket socket, EndPoint remote)
    {
        (_local, RemoteEndPoint) = (socket.LocalEndPoint, remote);
        Socket = socket;
    }

    protected virtual void DisposeTransport(bool reset) => Socket.Dispose();
}
