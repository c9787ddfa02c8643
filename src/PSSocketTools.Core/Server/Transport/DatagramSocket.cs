using System.Net.Sockets;
using PSSocketTools.Platform;

namespace PSSocketTools.Server.Transport;

/// <summary>A server's socket for datagrams: what is asked at one of a machine's addresses is answered from there.</summary>
/// <remarks>
/// The system would pick the address by its way to the peer, and a peer that is connected to another one hears nothing
/// (RFC 1122, section 4.1.3.5). A socket that is bound to one address needs none of this.
/// </remarks>
internal sealed class DatagramSocket : IDisposable
{
    // How long a thread waits for room before it looks whether the server stops.
    private const int RoomMicroseconds = 100_000;

    private readonly object _gate = new();
    private bool _isClosed;

    public DatagramSocket(Socket socket)
    {
        Socket = socket;
        HasManyAddresses = DatagramPlatform.HasManyAddresses(socket);
    }

    public Socket Socket { get; }

    /// <summary>Whether datagrams may come to different addresses, and their receive tells to which.</summary>
    public bool HasManyAddresses { get; }

    /// <summary>Sends a datagram from the address that the one it answers was sent to.</summary>
    /// <returns>
    /// Success; WouldBlock when there is no room; OperationAborted when the socket was closed; SocketError for everything else,
    /// such as an address that can send nothing because it is a broadcast one.
    /// </returns>
    public SocketError TrySend(byte[] buffer, int count, byte[] remote, in IPPacketInformation source)
    {
        // Held against a close, after which another file may have the descriptor's number.
        lock (_gate)
        {
            return _isClosed ? SocketError.OperationAborted : DatagramSource.TrySend(Socket, buffer, count, remote, source);
        }
    }

    /// <summary>Ends when there may be room: a network's queue is full for milliseconds, and .NET waits only within a send of its own.</summary>
    public Task WhenRoomAsync() => Task.Run(() => Socket.Poll(RoomMicroseconds, SelectMode.SelectWrite));

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
