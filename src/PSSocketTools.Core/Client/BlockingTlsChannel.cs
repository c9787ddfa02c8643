using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using PSSocketTools.Platform;
using PSSocketTools.Tls;

namespace PSSocketTools.Client;

/// <summary>
/// TLS over TCP. Readable bytes need not hold application data (a session ticket, an alert), so that only a pending read
/// can show it: it stays pending between the calls, and its result is kept.
/// </summary>
internal sealed class BlockingTlsChannel(Socket socket, EndPoint remote, SslStream stream, TlsFacts facts) : BlockingChannel(socket, remote)
{
    private const int LateReadMilliseconds = 20;

    private readonly byte[] _incoming = new byte[32768];
    private Task<int>? _reading;
    private Task? _shutdown;
    private int _start;
    private int _end;

    public TlsFacts Facts => facts;

    public override int TryRead(byte[] buffer) => ReadAhead().IsCompleted ? Take(buffer) : NoData;

    public override int Read(byte[] buffer, Deadline deadline)
    {
        // A read that is started late still needs a moment to return data that arrived in time.
        if (!WaitReadable(deadline.HasPassed ? Deadline.AfterMilliseconds(LateReadMilliseconds) : deadline, waker: null))
        {
            throw new SocketException((int)SocketError.TimedOut);
        }

        return Take(buffer);
    }

    public override bool WaitReadable(Deadline deadline, Waker? waker)
    {
        var readAhead = ReadAhead();
        Task[] either = waker is null ? [readAhead] : [readAhead, waker.Woken];
        return readAhead.IsCompleted || Task.WaitAny(either, deadline.Milliseconds) == 0;
    }

    public override void Write(byte[] buffer, int offset, int count) => stream.Write(buffer, offset, count);

    /// <remarks>Sends a close_notify (RFC 8446, section 6.1), which a server that does not read holds up, then a FIN.</remarks>
    protected override bool TryEndOutput(Deadline deadline) =>
        (_shutdown ??= TlsPlatform.ShutdownAsync(stream)).Ends(deadline) && base.TryEndOutput(deadline);

    protected override void DisposeTransport(bool reset)
    {
        // For a reset the socket is closed first, since the stream would close it in order.
        if (reset)
        {
            Socket.Dispose();
        }

        stream.Dispose();
    }

    /// <summary>The pending read, or a completed one whose bytes were not returned yet. May be called for a wait while another thread reads.</summary>
    private Task ReadAhead()
    {
        lock (_incoming)
        {
            return _start < _end ? Task.CompletedTask : _reading ??= stream.ReadAsync(_incoming, 0, _incoming.Length);
        }
    }

    private int Take(byte[] buffer)
    {
        lock (_incoming)
        {
            if (_start == _end)
            {
                var received = _reading!;
                _reading = null;
                _start = 0;
                _end = 0;
                _end = received.GetAwaiter().GetResult();
                if (_end == 0)
                {
                    return EndOfStream;
                }
            }

            var count = Math.Min(buffer.Length, _end - _start);
            Buffer.BlockCopy(_incoming, _start, buffer, 0, count);
            _start += count;
            return count;
        }
    }
}
