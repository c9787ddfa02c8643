using System.Net;
using System.Net.Sockets;
using PSSocketTools.Platform;

namespace PSSocketTools.Server.Transport.Datagrams;

/// <summary>A server's socket for datagrams, which sends a response from the address that the request was sent to.</summary>
/// <remarks>
/// The system would choose the source address by the route, and a client that is connected to another address would not get the
/// response (RFC 1122, section 4.1.3.5). A socket that is bound to one address does not need this.
/// </remarks>
internal sealed class DatagramSocket : IDisposable
{
    // How long a thread waits until the socket is writable before it checks whether the server stops.
    private const int RoomMicroseconds = 100_000;

    private readonly object _gate = new();
    private bool _isClosed;

    public DatagramSocket(Socket socket)
    {
        Socket = socket;
        HasManyAddresses = DatagramPlatform.HasManyAddresses(socket);
        LocalAddress = ((IPEndPoint)socket.LocalEndPoint!).Address;
    }

    public Socket Socket { get; }

    /// <summary>Whether datagrams may be received on different addresses, and the receive tells on which.</summary>
    public bool HasManyAddresses { get; }

    /// <summary>The address it is bound to.</summary>
    public IPAddress LocalAddress { get; }

    /// <summary>Sends a response from the address that the request was sent to.</summary>
    /// <returns>
    /// Success; WouldBlock when there is no room; OperationAborted when the socket was closed; SocketError for everything else,
    /// such as an address that can send nothing because it is a broadcast one.
    /// </returns>
    public SocketError TrySend(byte[] buffer, int count, byte[] remote, in PacketInfo local)
    {
        // The lock keeps another thread from closing the socket meanwhile, after which another file may get the descriptor's number.
        lock (_gate)
        {
            return _isClosed ? SocketError.OperationAborted : PacketInfoSender.TrySend(Socket, buffer, count, remote, local);
        }
    }

    /// <summary>Completes when the socket may be writable: an interface's queue is full for milliseconds, and .NET waits only within its own sends.</summary>
    public Task WhenWritableAsync() => Task.Run(() => Socket.Poll(RoomMicroseconds, SelectMode.SelectWrite));

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            _isClosed = true;
            Socket.Dispose();
        }
    }
}
