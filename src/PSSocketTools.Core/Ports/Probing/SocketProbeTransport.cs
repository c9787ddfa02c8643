using System.Net;
using System.Net.Sockets;
using PSSocketTools.Net;
using PSSocketTools.Platform;

namespace PSSocketTools.Ports.Probing;

/// <summary>Attempts over .NET's asynchronous sockets, which work on every system.</summary>
internal sealed class SocketProbeTransport(SocketProtocol protocol) : ProbeTransport
{
    private readonly object _gate = new();
    private readonly Queue<ProbeAttempt> _ended = new();
    private readonly Stack<SocketAsyncEventArgs> _idle = new();
    private readonly HashSet<ProbeAttempt> _pending = [];
    private readonly ProbeSources _sources = new();
    private bool _woken;
    private bool _disposed;

    public override bool Begin(ProbeAttempt attempt)
    {
        var operation = Rent(attempt);
        attempt.Source = SourceFor(attempt.Address);
        try
        {
            var isTcp = protocol == SocketProtocol.Tcp;
            var socket = new Socket(
                attempt.Address.AddressFamily, isTcp ? SocketType.Stream : SocketType.Dgram, isTcp ? ProtocolType.Tcp : ProtocolType.Udp);
            attempt.State = socket;
            _pending.Add(attempt);
            var endPoint = new IPEndPoint(attempt.Address, attempt.Port);
            bool isPending;
            if (isTcp)
            {
                SynRetransmission.Disable(socket);
                operation.SetBuffer(null, 0, 0);
                operation.RemoteEndPoint = endPoint;
                attempt.Start();
                isPending = socket.ConnectAsync(operation);
            }
            else
            {
                socket.Connect(endPoint);
                attempt.Start();
                socket.Send(RequestFor(attempt.Port));
                var answer = new byte[1];
                operation.SetBuffer(answer, 0, answer.Length);
                isPending = socket.ReceiveAsync(operation);
            }

            if (isPending)
            {
                return false;
            }

            Conclude(attempt, operation.SocketError);
        }
        catch (SocketException exception)
        {
            Conclude(attempt, exception.SocketErrorCode);
        }

        Return(operation);
        Close(attempt);
        return true;
    }

    public override void Abandon(ProbeAttempt attempt)
    {
        // From now on no completion changes the attempt.
        lock (_gate)
        {
            attempt.IsAbandoned = true;
        }

        Close(attempt);
    }

    public override void Wait(int milliseconds, ICollection<ProbeAttempt> ended)
    {
        lock (_gate)
        {
            if (_ended.Count == 0 && !_woken)
            {
                Monitor.Wait(_gate, milliseconds);
            }

            _woken = false;
            while (_ended.Count > 0)
            {
                var attempt = _ended.Dequeue();
                if (!attempt.IsAbandoned)
                {
                    Close(attempt);
                    ended.Add(attempt);
                }
            }
        }
    }

    public override void Wake()
    {
        lock (_gate)
        {
            _woken = true;
            Monitor.Pulse(_gate);
        }
    }

    public override void Dispose()
    {
        foreach (var attempt in _pending.ToArray())
        {
            Abandon(attempt);
        }

        lock (_gate)
        {
            _disposed = true;
            while (_idle.Count > 0)
            {
                _idle.Pop().Dispose();
            }
        }
    }

    // Most systems tell the source of a connection alone, and not that of a socket that was refused.
    private IPAddress? SourceFor(IPAddress destination)
    {
        if (!_sources.TryGet(destination, out var source))
        {
            source = RouteSource.For(destination);
            _sources.Set(destination, source);
        }

        return source;
    }

    private static void Conclude(ProbeAttempt attempt, SocketError error)
    {
        var endedAt = Clock.System.Timestamp;
        var isSelf = error == SocketError.Success && attempt.State is Socket { SocketType: SocketType.Stream } socket
            && EndPointText.IsSelfConnected(socket, new IPEndPoint(attempt.Address, attempt.Port));
        if (error == SocketError.Success && attempt.State is Socket { LocalEndPoint: IPEndPoint local } connected)
        {
            attempt.Source = local.Address;
            attempt.HandshakeMilliseconds = TcpRoundTrip.Of(connected);
        }

        // A datagram that is longer than the buffer of one byte is an answer too.
        attempt.EndAt(endedAt, isSelf ? SelfConnected : error == SocketError.MessageSize ? SocketError.Success : error);
    }

    private void Close(ProbeAttempt attempt)
    {
        _pending.Remove(attempt);
        (attempt.State as Socket)?.Dispose();
    }

    private SocketAsyncEventArgs Rent(ProbeAttempt attempt)
    {
        SocketAsyncEventArgs? operation = null;
        lock (_gate)
        {
            if (_idle.Count > 0)
            {
                operation = _idle.Pop();
            }
        }

        if (operation is null)
        {
            operation = new SocketAsyncEventArgs();
            operation.Completed += Completed;
        }

        operation.UserToken = attempt;
        return operation;
    }

    private void Return(SocketAsyncEventArgs operation)
    {
        operation.UserToken = null;
        lock (_gate)
        {
            if (!_disposed)
            {
                _idle.Push(operation);
                return;
            }
        }

        operation.Dispose();
    }

    private void Completed(object? sender, SocketAsyncEventArgs operation)
    {
        var attempt = (ProbeAttempt)operation.UserToken!;
        var error = operation.SocketError;
        Return(operation);
        lock (_gate)
        {
            if (attempt.IsAbandoned)
            {
                return;
            }

            // Only abandoned attempts have their socket closed before this.
            Conclude(attempt, error);
            _ended.Enqueue(attempt);
            Monitor.Pulse(_gate);
        }
    }
}
