using System.Net;
using System.Net.Sockets;

namespace PSSocketTools.Transport;

/// <summary>Receives and sends datagrams one by one, without an exception for those that went wrong.</summary>
internal sealed class DatagramOperation : IDisposable
{
    private readonly Socket _socket;
    private readonly EndPoint _any;
    private readonly SocketAsyncEventArgs _event = new();
    private readonly AsyncSignal _over = new();
    private volatile bool _isOver;

    public DatagramOperation(Socket socket)
    {
        _socket = socket;
        _any = new IPEndPoint(socket.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
        Remote = _any;
        _event.Completed += (_, _) =>
        {
            _isOver = true;
            _over.Set();
        };
    }

    /// <summary>Who sent the last datagram received, and gets the next one sent.</summary>
    public EndPoint Remote { get; set; }

    /// <summary>How the last operation went.</summary>
    public SocketError Error => _event.SocketError;

    /// <summary>Receives a datagram; the count is its bytes.</summary>
    public async Task<int> ReceiveAsync(byte[] buffer)
    {
        _event.SetBuffer(buffer, 0, buffer.Length);
        _event.RemoteEndPoint = _any;
        _isOver = false;
        if (_socket.ReceiveFromAsync(_event))
        {
            await WhenOverAsync().ConfigureAwait(false);
        }

        Remote = _event.RemoteEndPoint ?? _any;
        return _event.BytesTransferred;
    }

    /// <summary>Sends a datagram to <see cref="Remote"/>.</summary>
    public async Task SendAsync(byte[] buffer, int count)
    {
        _event.SetBuffer(buffer, 0, count);
        _event.RemoteEndPoint = Remote;
        _isOver = false;
        if (_socket.SendToAsync(_event))
        {
            await WhenOverAsync().ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _event.Dispose();

    private async Task WhenOverAsync()
    {
        while (!_isOver)
        {
            await _over;
        }
    }
}
