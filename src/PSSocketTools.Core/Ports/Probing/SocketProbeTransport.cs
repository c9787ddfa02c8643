using System.Net;
using System.Net.Sockets;
using PSSocketTools.Net;
using PSSocketTools.Platform;

namespace PSSocketTools.Ports.Probing;

/// <summary>Attempts over .NET's asynchronous sockets, which work on every system.</summary>
internal sealed class SocketProbeTransport(ProbeSetup setup) : ProbeTransport
{
    private readonly object _gate = new();
    private readonly Queue<ProbeAttempt> _completed = new();
    private readonly Stack<SocketAsyncEventArgs> _idle = new();
    private readonly HashSet<ProbeAttempt> _pending = [];
    private readonly SourceAddresses _sources = new();
    private readonly bool _isTcp = setup.Protocol == SocketProtocol.Tcp;
    private bool _woken;
    private bool _disposed;

    public override bool Begin(ProbeAttempt attempt)
    {
        var operation = Rent(attempt);

        // Most systems report the source of an established connection alone, and not that of a socket that was refused.
        attempt.Source = setup.Source ?? _sources.Get(attempt.Address);
        try
        {
            var socket = new Socket(
                attempt.Address.AddressFamily, _isTcp ? SocketType.Stream : SocketType.Dgram, _isTcp ? ProtocolType.Tcp : ProtocolType.Udp);
            attempt.Socket = socket;
            _pending.Add(attempt);
            if (setup.Source is { } source)
            {
                socket.Bind(new IPEndPoint(source, 0));
            }

            var endPoint = new IPEndPoint(attempt.Address, attempt.Port);
            bool isPending;
            if (_isTcp)
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
                socket.Send(attempt.Check?.Request ?? RequestFor(attempt.Port));
                var answer = attempt.Check?.Buffer ?? new byte[1];
                operation.SetBuffer(answer, 0, answer.Length);
                isPending = socket.ReceiveAsync(operation);
            }

            if (isPending)
            {
                return false;
            }

            Conclude(attempt, operation);
        }
        catch (SocketException exception)
        {
            attempt.End(exception.SocketErrorCode);
        }

        Return(operation);
        if (!Establish(attempt))
        {
            return false;
        }

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
        List<ProbeAttempt>? completed = null;
        lock (_gate)
        {
            if (_completed.Count == 0 && !_woken)
            {
                Monitor.Wait(_gate, milliseconds);
            }

            _woken = false;
            while (_completed.Count > 0)
            {
                (completed ??= []).Add(_completed.Dequeue());
            }
        }

        foreach (var attempt in completed ?? [])
        {
            if (!attempt.IsAbandoned && (attempt.IsConnected ? Check(attempt) : Establish(attempt)))
            {
                Close(attempt);
                ended.Add(attempt);
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

    /// <summary>Ends the attempt with the result of the connect, or over UDP of the receive.</summary>
    private void Conclude(ProbeAttempt attempt, SocketAsyncEventArgs operation)
    {
        var endedAt = Clock.System.Timestamp;
        var error = operation.SocketError;
        if (!_isTcp)
        {
            // A datagram that is longer than the buffer is an answer too, and no echo.
            error = error == SocketError.MessageSize ? SocketError.Success : error;
            if (error == SocketError.Success)
            {
                attempt.Check?.Received(operation.SocketError == SocketError.Success ? operation.BytesTransferred : attempt.Check.Buffer.Length);
            }
        }

        attempt.EndAt(endedAt, error);
        if (error != SocketError.Success || attempt.Socket is not { LocalEndPoint: IPEndPoint local } socket)
        {
            return;
        }

        attempt.Source = local.Address;
        attempt.HandshakeMilliseconds = TcpRoundTrip.Of(socket);
        if (_isTcp && SelfConnection.Is(socket, new IPEndPoint(attempt.Address, attempt.Port)))
        {
            attempt.EndAt(endedAt, SelfConnected);
        }
    }

    /// <summary>Begins what is to be checked of a connection; true where there is nothing, or no connection.</summary>
    private bool Establish(ProbeAttempt attempt)
    {
        if (!_isTcp || attempt.Error != SocketError.Success || attempt.Check is not { } check)
        {
            return true;
        }

        try
        {
            if (check.Request.Length > 0)
            {
                attempt.Socket!.Send(check.Request);
            }
        }
        catch (SocketException)
        {
            check.Ended();
            return true;
        }

        attempt.IsConnected = true;
        Connected?.Invoke(attempt);
        return Receive(attempt) && Check(attempt);
    }

    /// <summary>Receives once more; true when that was completed at once.</summary>
    private bool Receive(ProbeAttempt attempt)
    {
        var check = attempt.Check!;
        var operation = Rent(attempt);
        try
        {
            // Bytes that do not matter overwrite earlier ones.
            var start = check.Reads ? check.Count : 0;
            operation.SetBuffer(check.Buffer, start, check.Buffer.Length - start);
            if (attempt.Socket!.ReceiveAsync(operation))
            {
                return false;
            }

            attempt.Received = operation.SocketError == SocketError.Success ? operation.BytesTransferred : 0;
        }
        catch (SocketException)
        {
            attempt.Received = 0;
        }

        Return(operation);
        return true;
    }

    /// <summary>Evaluates what was received, and receives more while that is needed; true when the check has ended.</summary>
    private bool Check(ProbeAttempt attempt)
    {
        var check = attempt.Check!;
        do
        {
            if (attempt.Received == 0)
            {
                check.Ended();
            }
            else if (check.Reads)
            {
                check.Received(attempt.Received);
            }

            if (check.Verdict != ProbeVerdict.Pending)
            {
                return true;
            }
        }
        while (Receive(attempt));

        return false;
    }

    private void Close(ProbeAttempt attempt)
    {
        _pending.Remove(attempt);
        if (attempt.Socket is not { } socket)
        {
            return;
        }

        if (setup.ResetsConnections && _isTcp && attempt.Error == SocketError.Success)
        {
            // Some systems fail this for a connection that the other side has reset.
            BestEffort.Run(() => socket.LingerState = new LingerOption(true, 0));
        }

        socket.Dispose();
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
        lock (_gate)
        {
            // Only abandoned attempts have their socket closed before this.
            if (!attempt.IsAbandoned)
            {
                if (attempt.IsConnected)
                {
                    attempt.Received = operation.SocketError == SocketError.Success ? operation.BytesTransferred : 0;
                }
                else
                {
                    Conclude(attempt, operation);
                }

                _completed.Enqueue(attempt);
                Monitor.Pulse(_gate);
            }
        }

        Return(operation);
    }
}
