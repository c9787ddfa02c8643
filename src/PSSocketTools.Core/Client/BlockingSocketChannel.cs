using System.Net;
using System.Net.Sockets;
using PSSocketTools.Platform;

namespace PSSocketTools.Client;

/// <summary>How a channel waits on a plain socket: it spins for a moment, then sleeps in the system.</summary>
/// <remarks>
/// All operations are synchronous: on Unix the first asynchronous one would make the socket non-blocking for good, and every later
/// read would go through .NET's event thread.
/// </remarks>
internal abstract class BlockingSocketChannel(Socket socket, EndPoint remote) : BlockingChannel(socket, remote)
{
    // About twice a round trip over loopback. With a single processor a spin would only delay the server.
    private static readonly TimeSpan SpinTime = Environment.ProcessorCount > 1 ? TimeSpan.FromTicks(250) : TimeSpan.Zero;

    // After vain spins, the lowest rate is one spin in 256 reads.
    private const int MaxVainSpins = 8;

    // The polling interval when no descriptor is left for the wake socket.
    private const int PollMilliseconds = 20;

    // A new socket waits for ever.
    private int _receiveTimeout = Deadline.Never.Milliseconds;
    private int _vainSpins;
    private int _skippedSpins;

    public override int TryRead(byte[] buffer) => IsReadable() ? Receive(buffer) : NoData;

    public override int Read(byte[] buffer, Deadline deadline)
    {
        var left = deadline.Milliseconds;
        if (left == 0)
        {
            // Data that arrived in time counts even if this thread checks late.
            return IsReadable() ? Receive(buffer) : throw new SocketException((int)SocketError.TimedOut);
        }

        // Setting the timeout is a system call, which is skipped while the current timeout is at least the remaining time and not
        // much more.
        if (left < 0 ? _receiveTimeout != left : _receiveTimeout < left || _receiveTimeout > left + 100 + (left / 8))
        {
            Socket.ReceiveTimeout = left;
            _receiveTimeout = left;
        }

        SpinForData();
        return Receive(buffer);
    }

    public override bool WaitReadable(Deadline deadline, Waker? waker)
    {
        if (waker is null)
        {
            while (!Socket.Poll(Microseconds(deadline.Milliseconds), SelectMode.SelectRead) && !IsReadable())
            {
                if (deadline.HasPassed)
                {
                    return false;
                }
            }

            return true;
        }

        if (IsReadable())
        {
            return true;
        }

        while (!waker.IsWoken && !deadline.HasPassed)
        {
            var left = deadline.Milliseconds;
            var readable = new List<Socket>(2) { Socket };
            if (waker.WakeSocket is { } wakeSocket)
            {
                readable.Add(wakeSocket);
            }
            else
            {
                left = left < 0 || left > PollMilliseconds ? PollMilliseconds : left;
            }

            Socket.Select(readable, null, null, Microseconds(left));
            if (readable.Contains(Socket) || IsReadable())
            {
                return true;
            }
        }

        return false;
    }

    public override bool WaitReadableUntil(long until, Waker waker)
    {
        if (!ExactPoll.IsSupported || waker.WakeSocket is not { } wakeSocket)
        {
            return base.WaitReadableUntil(until, waker);
        }

        while (!IsReadable())
        {
            if (waker.IsWoken || Clock.System.Timestamp >= until)
            {
                return false;
            }

            ExactPoll.Wait(Socket, wakeSocket, until);
        }

        return true;
    }

    /// <summary>Whether a read would not block.</summary>
    protected virtual bool IsReadable() => Socket.Poll(0, SelectMode.SelectRead);

    /// <summary>Receives bytes, and blocks for the socket's timeout at most.</summary>
    /// <returns>The count, or <see cref="BlockingChannel.EndOfStream"/>.</returns>
    protected abstract int Receive(byte[] buffer);

    /// <summary>
    /// Spins for a while before the thread sleeps, because a server nearby responds faster than a thread wakes up. After vain spins
    /// it spins less and less often.
    /// </summary>
    private void SpinForData()
    {
        if (_skippedSpins > 0)
        {
            _skippedSpins--;
            return;
        }

        var until = Clock.After(Clock.System.Timestamp, SpinTime);
        while (Clock.System.Timestamp < until)
        {
            if (Socket.Poll(0, SelectMode.SelectRead))
            {
                _vainSpins = Math.Max(0, _vainSpins - 1);
                return;
            }
        }

        _vainSpins = Math.Min(_vainSpins + 1, MaxVainSpins);
        _skippedSpins = 1 << _vainSpins;
    }

    // A wait is limited to what the system's counter can hold (36 minutes), and repeated until the deadline.
    private static int Microseconds(int milliseconds) =>
        milliseconds < 0 ? -1 : milliseconds > int.MaxValue / 1000 ? int.MaxValue : milliseconds * 1000;
}
