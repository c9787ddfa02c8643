using System.Net;
using System.Net.Sockets;
using PSSocketTools.Net;

namespace PSSocketTools.Client;

/// <summary>
/// Ends another thread's wait for data without touching its connection, so that nothing is lost and the session stays usable.
/// The waiting thread polls the connection's socket and a socket of this object, which a wake makes readable.
/// </summary>
internal sealed class Waker : IDisposable
{
    private readonly TaskCompletionSource<bool> _woken = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Socket? _wakeSocket;
    private bool _disposed;

    public bool IsWoken => _woken.Task.IsCompleted;

    /// <summary>Completes with the wake.</summary>
    public Task Woken => _woken.Task;

    /// <summary>The socket that a wake makes readable; null when no descriptor is left for it, and the waiter polls instead.</summary>
    public Socket? WakeSocket
    {
        get
        {
            lock (_woken)
            {
                if (_wakeSocket is null && !_disposed)
                {
                    _wakeSocket = Open();
                    if (_wakeSocket is not null && IsWoken)
                    {
                        Signal(_wakeSocket);
                    }
                }

                return _wakeSocket;
            }
        }
    }

    public void Wake()
    {
        lock (_woken)
        {
            if (_woken.TrySetResult(true) && !_disposed && _wakeSocket is not null)
            {
                Signal(_wakeSocket);
            }
        }
    }

    public void Dispose()
    {
        lock (_woken)
        {
            _disposed = true;
            _wakeSocket?.Dispose();
        }
    }

    private static Socket? Open()
    {
        Socket? wakeSocket = null;
        try
        {
            wakeSocket = ClientSocket.Open(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            wakeSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            // A datagram socket that is connected to itself receives from nobody else.
            wakeSocket.Connect(wakeSocket.LocalEndPoint!);
            return wakeSocket;
        }
        catch (SocketException exception) when (SocketErrors.IsExhausted(exception.SocketErrorCode))
        {
            // Without this socket the wait still works, and only notices a wake later.
            wakeSocket?.Dispose();
            return null;
        }
        catch
        {
            wakeSocket?.Dispose();
            throw;
        }
    }

    private static void Signal(Socket wakeSocket) => wakeSocket.Send([1]);
}
