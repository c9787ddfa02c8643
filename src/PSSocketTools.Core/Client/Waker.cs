using System.Net;
using System.Net.Sockets;
using PSSocketTools.Net;

namespace PSSocketTools.Client;

/// <summary>
/// Ends another thread's wait for bytes without touching the connection it waits on, so that nothing is lost and the
/// session stays usable. Beside the connection's socket the waiter watches one of our own, which a wake makes readable.
/// </summary>
internal sealed class Waker : IDisposable
{
    private readonly TaskCompletionSource<bool> _woken = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Socket? _bell;
    private bool _disposed;

    public bool IsWoken => _woken.Task.IsCompleted;

    /// <summary>Completes with the wake.</summary>
    public Task Woken => _woken.Task;

    /// <summary>What becomes readable with the wake; null where no descriptor is left for it, and the waiter has to look from time to time.</summary>
    public Socket? Bell
    {
        get
        {
            lock (_woken)
            {
                if (_bell is null && !_disposed)
                {
                    _bell = Open();
                    if (_bell is not null && IsWoken)
                    {
                        Ring(_bell);
                    }
                }

                return _bell;
            }
        }
    }

    public void Wake()
    {
        lock (_woken)
        {
            if (_woken.TrySetResult(true) && !_disposed && _bell is not null)
            {
                Ring(_bell);
            }
        }
    }

    public void Dispose()
    {
        lock (_woken)
        {
            _disposed = true;
            _bell?.Dispose();
        }
    }

    private static Socket? Open()
    {
        Socket? bell = null;
        try
        {
            bell = ClientSocket.Open(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            bell.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            // Connected to itself, it hears nobody else.
            bell.Connect(bell.LocalEndPoint!);
            return bell;
        }
        catch (SocketException exception) when (SocketErrors.IsExhausted(exception.SocketErrorCode))
        {
            // The wait is worth more than how soon it notices a wake.
            bell?.Dispose();
            return null;
        }
        catch
        {
            bell?.Dispose();
            throw;
        }
    }

    private static void Ring(Socket bell) => bell.Send([1]);
}
