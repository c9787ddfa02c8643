using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using PSSocketTools.Platform;

namespace PSSocketTools.Client;

/// <summary>A socket as it is: TCP and Unix streams.</summary>
/// <remarks>
/// Only synchronous operations: on Unix the first asynchronous one would make the socket non-blocking for good, and every
/// later read pay for a visit to .NET's event thread.
/// </remarks>
internal class BlockingSocketChannel(Socket socket, EndPoint remote) : BlockingChannel(socket, remote)
{
    // About twice what a round trip over loopback takes. With one processor, a spin only keeps the server from it.
    private static readonly long SpinTicks = Environment.ProcessorCount > 1 ? Stopwatch.Frequency / 40000 : 0;

    // A spin in 256 reads, at worst.
    private const int MaxVainSpins = 8;

    // How long a wake may go unnoticed where no descriptor is left for the wake socket.
    private const int UnrungMilliseconds = 20;

    private int _receiveTimeout = Timeout.Infinite;
    private int _vainSpins;
    private int _skippedSpins;

    public override int TryRead(byte[] buffer) => IsReadable() ? Receive(buffer) : Nothing;

    public override int Read(byte[] buffer, Deadline deadline)
    {
        var left = deadline.Milliseconds;
        if (left == 0)
        {
            // What has come in time is not late because nobody looked in time.
            return IsReadable() ? Receive(buffer) : throw new SocketException((int)SocketError.TimedOut);
        }

        // Setting the timeout is a call to the system, which a round trip need not pay for when the one set will do:
        // at least what is left, and not much more.
        if (left == Timeout.Infinite ? _receiveTimeout != left : _receiveTimeout < left || _receiveTimeout > left + 100 + (left / 8))
        {
            Socket.ReceiveTimeout = left == Timeout.Infinite ? 0 : left;
            _receiveTimeout = left;
        }

        SpinForAnswer();
        return Receive(buffer);
    }

    public override bool WaitReadable(int milliseconds, Waker? waker)
    {
        if (waker is null)
        {
            return Socket.Poll(Microseconds(milliseconds), SelectMode.SelectRead) || IsReadable();
        }

        if (milliseconds == 0 || IsReadable())
        {
            return IsReadable();
        }

        var waiting = Deadline.After(TimeSpan.FromMilliseconds(milliseconds));
        while (!waker.IsWoken)
        {
            var left = waiting.Milliseconds;
            var readable = new List<Socket>(2) { Socket };
            if (waker.WakeSocket is { } wakeSocket)
            {
                readable.Add(wakeSocket);
            }
            else
            {
                left = left < 0 || left > UnrungMilliseconds ? UnrungMilliseconds : left;
            }

            Socket.Select(readable, null, null, Microseconds(left));
            if (readable.Contains(Socket) || IsReadable())
            {
                return true;
            }

            if (readable.Count == 0 && waiting.HasPassed)
            {
                return false;
            }
        }

        return false;
    }

    public override void Write(byte[] buffer, int offset, int count)
    {
        for (var end = offset + count; offset < end;)
        {
            offset += Socket.Send(buffer, offset, end - offset, SocketFlags.None);
        }
    }

    /// <summary>Whether a read would not wait.</summary>
    protected virtual bool IsReadable() => Socket.Poll(0, SelectMode.SelectRead);

    /// <summary>Receives what comes, waiting for it as long as the socket's timeout has it.</summary>
    protected virtual int Receive(byte[] buffer)
    {
        var count = Socket.Receive(buffer, 0, buffer.Length, SocketFlags.None);
        return count == 0 ? End : count;
    }

    /// <summary>
    /// Watches for a while before the thread sleeps, because a server nearby answers in less time than it takes to be
    /// woken. Where that proves vain, it is tried less and less often.
    /// </summary>
    private void SpinForAnswer()
    {
        if (_skippedSpins > 0)
        {
            _skippedSpins--;
            return;
        }

        var until = Stopwatch.GetTimestamp() + SpinTicks;
        while (Stopwatch.GetTimestamp() < until)
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

    // A wait longer than the system's counter can hold (36 minutes) is cut; who waits asks again.
    private static int Microseconds(int milliseconds) =>
        milliseconds < 0 ? -1 : milliseconds > int.MaxValue / 1000 ? int.MaxValue : milliseconds * 1000;
}
