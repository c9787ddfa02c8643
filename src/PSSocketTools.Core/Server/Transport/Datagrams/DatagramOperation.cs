using System.Net;
using System.Net.Sockets;
using PSSocketTools.Platform;

namespace PSSocketTools.Server.Transport.Datagrams;

/// <summary>Receives and sends datagrams one by one, without exceptions for failures.</summary>
internal sealed class DatagramOperation : IDisposable
{
    private readonly DatagramSocket _socket;
    private readonly EndPoint _any;
    private readonly SocketAsyncEventArgs _event = new();
    private readonly AsyncSignal _completion = new();
    private volatile bool _isCompleted;

    public DatagramOperation(DatagramSocket socket)
    {
        _socket = socket;
        _any = new IPEndPoint(socket.Socket.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
        Remote = _any;
        _event.Completed += (_, _) =>
        {
            _isCompleted = true;
            _completion.Set();
        };
    }

    /// <summary>Where the last datagram was received from.</summary>
    public EndPoint Remote { get; private set; }

    /// <summary>The address that the last datagram received was sent to; empty when the socket has only one, or the system reported none.</summary>
    public PacketInfo Local { get; private set; }

    /// <summary>The outcome of the last operation.</summary>
    public SocketError Error { get; private set; }

    /// <summary>Receives a datagram; the count is its bytes.</summary>
    public async Task<int> ReceiveAsync(byte[] buffer)
    {
        _event.SetBuffer(buffer, 0, buffer.Length);
        _event.RemoteEndPoint = _any;
        _isCompleted = false;
        if (_socket.HasManyAddresses ? _socket.Socket.ReceiveMessageFromAsync(_event) : _socket.Socket.ReceiveFromAsync(_event))
        {
            await WhenCompletedAsync().ConfigureAwait(false);
        }

        Error = _event.SocketError;
        Remote = _event.RemoteEndPoint ?? _any;
        Local = _socket.HasManyAddresses && _event.ReceiveMessageFromPacketInfo is { Address: { } address } info ? new PacketInfo(address, info.Interface) : default;
        return _event.BytesTransferred;
    }

    /// <summary>Sends a datagram.</summary>
    /// <param name="buffer">The datagram, from the start.</param>
    /// <param name="count">Its bytes, 0 or more.</param>
    /// <param name="remote">The destination.</param>
    /// <param name="nativeRemote">The destination in native form.</param>
    /// <param name="local">The address to send from; when empty the system chooses it.</param>
    public async Task SendAsync(byte[] buffer, int count, EndPoint remote, byte[] nativeRemote, PacketInfo local)
    {
        if (local.Address is not null)
        {
            while ((Error = _socket.TrySend(buffer, count, nativeRemote, local)) == SocketError.WouldBlock)
            {
                await _socket.WhenWritableAsync().ConfigureAwait(false);
            }

            if (Error is SocketError.Success or SocketError.OperationAborted)
            {
                return;
            }

            // A broadcast or multicast address can't be a source: the system chooses one. Other errors occur again below.
        }

        _event.SetBuffer(buffer, 0, count);
        _event.RemoteEndPoint = remote;
        _isCompleted = false;
        if (_socket.Socket.SendToAsync(_event))
        {
            await WhenCompletedAsync().ConfigureAwait(false);
        }

        Error = _event.SocketError;
    }

    /// <inheritdoc/>
    public void Dispose() => _event.Dispose();

    private async Task WhenCompletedAsync()
    {
        while (!_isCompleted)
        {
            await _completion;
        }
    }
}
