using System.Net;
using System.Net.Sockets;
using PSSocketTools.Platform;

namespace PSSocketTools.Client;

/// <summary>
/// A connected UDP socket, where one read is one datagram. Only a refusal (ICMP) shows that an address has no server, and it arrives
/// after the datagram was sent: until something was received, a refused datagram is sent again to the next address of the name.
/// </summary>
internal sealed class BlockingDatagramChannel : BlockingSocketChannel
{
    // The limit on what is kept to be sent again. After more than that without a response the address is not changed any more.
    private const int MaxKeptBytes = 65536;

    private readonly object _sync = new();
    private readonly Queue<IPEndPoint> _others;
    private readonly SourceBinding _source;
    private readonly List<byte[]> _kept = [];
    private readonly List<Socket> _left = [];
    private int _keptBytes;
    private volatile bool _isSettled;
    private volatile bool _isClosed;

    private BlockingDatagramChannel(Socket socket, EndPoint remote, Queue<IPEndPoint> others, SourceBinding source)
        : base(socket, remote)
    {
        (_others, _source) = (others, source);
        _isSettled = others.Count == 0;
    }

    public override int ReadSize => 65536;

    /// <summary>Opens a channel to the first of a name's addresses that has a route.</summary>
    /// <exception cref="SocketToolsException">Why there is none.</exception>
    public static BlockingDatagramChannel Open(IEnumerable<IPEndPoint> endPoints, SessionOptions options)
    {
        var others = new Queue<IPEndPoint>(endPoints);
        var source = new SourceBinding(options);
        var first = others.Peek();
        return OpenNext(others, source, out var failure) is var (socket, remote) && socket is not null
            ? new BlockingDatagramChannel(socket, remote!, others, source)
            : throw source.ToError(failure!, first);
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

        return NoData;
    }

    public override void Write(byte[] buffer, int offset, int count)
    {
        // One thread sends at a time, so that a datagram is not both sent for the first time and sent again.
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
                    // The loop sends it to the next address.
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

    /// <summary>Whether a read would not block. A read also reports a refused datagram (ICMP), although .NET does not call the socket readable then.</summary>
    protected override bool IsReadable() => base.IsReadable() || Socket.Poll(0, SelectMode.SelectError);

    protected override void DisposeTransport(bool reset)
    {
        // The first close ends a send that may hold the lock; the second is for the socket that it may have changed to.
        _isClosed = true;
        base.DisposeTransport(reset);
        lock (_sync)
        {
            _left.ForEach(static socket => socket.Dispose());
            base.DisposeTransport(reset);
        }
    }

    private static bool IsRefusal(SocketException exception) =>
        // Windows reports an ICMP "port unreachable" for a datagram as a reset.
        exception.SocketErrorCode is SocketError.ConnectionRefused or SocketError.ConnectionReset;

    private static (Socket? Socket, IPEndPoint? Remote) OpenNext(Queue<IPEndPoint> endPoints, SourceBinding source, out SocketException? failure)
    {
        failure = null;
        while (endPoints.Count > 0)
        {
            var endPoint = endPoints.Dequeue();
            Socket? socket = null;
            try
            {
                socket = ClientSocket.Open(endPoint.AddressFamily, SocketType.Dgram, ProtocolType.Udp, source);
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

    /// <summary>Receives a datagram; false when the channel has changed to another socket meanwhile.</summary>
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
                // A socket that was shut down returns zero bytes, which are no datagram.
                return false;
            }

            Settle();
            return true;
        }
    }

    /// <summary>Changes to the next address, and sends again what the last one refused; false when there is none.</summary>
    private bool MoveOn(Socket refused)
    {
        lock (_sync)
        {
            if (Socket != refused)
            {
                return true;
            }

            while (!_isSettled && !_isClosed && OpenNext(_others, _source, out _) is { Socket: { } next } opened)
            {
                next.SendTimeout = refused.SendTimeout;
                next.ReceiveTimeout = refused.ReceiveTimeout;
                _left.Add(Socket);
                var left = Socket;
                MoveTo(next, opened.Remote!);

                // A shutdown wakes threads that still wait on the old socket.
                BestEffort.Run(() => left.Shutdown(SocketShutdown.Both));
                try
                {
                    _kept.ForEach(datagram => next.Send(datagram));
                    return true;
                }
                catch (SocketException exception) when (IsRefusal(exception))
                {
                    // This address is refused too.
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
        if (_others.Count == 0 || _keptBytes > MaxKeptBytes)
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
