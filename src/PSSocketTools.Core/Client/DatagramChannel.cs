using System.Net;
using System.Net.Sockets;
using PSSocketTools.Net;
using PSSocketTools.Platform;

namespace PSSocketTools.Client;

/// <summary>
/// A connected UDP socket, where one read is one datagram. Only a refusal tells that an address has no server, and it comes after
/// the datagram: until something was received, one that is refused is sent again to the next of the name's addresses.
/// </summary>
internal sealed class DatagramChannel : BlockingSocketChannel
{
    // What is kept to be sent again. A sender of more than that, unheard, stays with its address.
    private const int MostKeptBytes = 65536;

    private readonly object _sync = new();
    private readonly Queue<IPEndPoint> _others;
    private readonly List<byte[]> _kept = [];
    private readonly List<Socket> _left = [];
    private int _keptBytes;
    private volatile bool _isSettled;
    private volatile bool _isClosed;

    private DatagramChannel(Socket socket, EndPoint remote, Queue<IPEndPoint> others)
        : base(socket, remote)
    {
        _others = others;
        _isSettled = others.Count == 0;
    }

    public override int ReadSize => 65536;

    /// <summary>A channel to the first of a name's addresses that the machine has a way to.</summary>
    /// <exception cref="SocketToolsException">Why there is none.</exception>
    public static DatagramChannel Open(IEnumerable<IPEndPoint> endPoints, SessionOptions options)
    {
        var others = new Queue<IPEndPoint>(endPoints);
        return OpenNext(others, out var failure) is var (socket, remote) && socket is not null
            ? new DatagramChannel(socket, remote!, others)
            : throw SocketErrors.Connecting(failure!, options.EndPointName);
    }

    public override int TryRead(byte[] buffer)
    {
        while (IsReadable())
        {
            if (TryReceive(buffer, out var count))
            {
                return count;
            }
        }

        return Nothing;
    }

    public override void Write(byte[] buffer, int offset, int count)
    {
        // One at a time, so that a datagram is sent again or for the first time, but not both.
        lock (_sync)
        {
            while (true)
            {
                var socket = Socket;
                try
                {
                    socket.Send(buffer, offset, count, SocketFlags.None);
                    break;
                }
                catch (SocketException exception) when (IsRefusal(exception) && MoveOn(socket))
                {
                    // To the next address, then.
                }
            }

            Keep(buffer, offset, count);
        }
    }

    protected override int Receive(byte[] buffer)
    {
        int count;
        while (!TryReceive(buffer, out count))
        {
        }

        return count;
    }

    /// <summary>Whether a read would not wait. That a datagram was refused (ICMP) is told by a read too, but .NET does not call it readable.</summary>
    protected override bool IsReadable() => base.IsReadable() || Socket.Poll(0, SelectMode.SelectError);

    protected override void DisposeTransport(bool reset)
    {
        // First what may be in the middle of a send, and so hold the lock; then what it may have moved to.
        _isClosed = true;
        base.DisposeTransport(reset);
        lock (_sync)
        {
            _left.ForEach(static socket => socket.Dispose());
            base.DisposeTransport(reset);
        }
    }

    private static bool IsRefusal(SocketException exception) =>
        // A reset is what Windows makes of the ICMP message that answers a datagram.
        exception.SocketErrorCode is SocketError.ConnectionRefused or SocketError.ConnectionReset;

    private static (Socket? Socket, IPEndPoint? Remote) OpenNext(Queue<IPEndPoint> endPoints, out SocketException? failure)
    {
        failure = null;
        while (endPoints.Count > 0)
        {
            var endPoint = endPoints.Dequeue();
            Socket? socket = null;
            try
            {
                socket = ClientSocket.Open(endPoint.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
                socket.Connect(endPoint);
                return (socket, endPoint);
            }
            catch (SocketException exception)
            {
                socket?.Dispose();
                failure ??= exception;
            }
        }

        return (null, null);
    }

    /// <summary>Receives a datagram; false where the socket was left for another meanwhile.</summary>
    private bool TryReceive(byte[] buffer, out int count)
    {
        var socket = Socket;
        count = 0;
        try
        {
            count = socket.Receive(buffer, 0, buffer.Length, SocketFlags.None);
        }
        catch (SocketException exception) when (socket != Socket || (IsRefusal(exception) && MoveOn(socket)))
        {
            return false;
        }

        if (_isSettled && socket == Socket)
        {
            return true;
        }

        lock (_sync)
        {
            if (socket != Socket)
            {
                // What a socket that was shut down gives is no datagram.
                return false;
            }

            Settle();
            return true;
        }
    }

    /// <summary>Goes on to the next address, with what the one before did not take; false where there is none.</summary>
    private bool MoveOn(Socket refused)
    {
        lock (_sync)
        {
            if (Socket != refused)
            {
                return true;
            }

            while (!_isSettled && !_isClosed && OpenNext(_others, out _) is { Socket: { } next } opened)
            {
                next.SendTimeout = refused.SendTimeout;
                next.ReceiveTimeout = refused.ReceiveTimeout;
                _left.Add(Socket);
                var left = Socket;
                MoveTo(next, opened.Remote!);

                // Whoever still waits on it looks again.
                Attempt.To(() => left.Shutdown(SocketShutdown.Both));
                try
                {
                    _kept.ForEach(datagram => next.Send(datagram));
                    return true;
                }
                catch (SocketException exception) when (IsRefusal(exception))
                {
                    // This one neither.
                }
            }

            return false;
        }
    }

    private void Keep(byte[] buffer, int offset, int count)
    {
        if (_isSettled)
        {
            return;
        }

        _keptBytes += count;
        if (_others.Count == 0 || _keptBytes > MostKeptBytes)
        {
            Settle();
        }
        else
        {
            var datagram = new byte[count];
            Buffer.BlockCopy(buffer, offset, datagram, 0, count);
            _kept.Add(datagram);
        }
    }

    private void Settle()
    {
        _isSettled = true;
        _kept.Clear();
    }
}
