using System.Net;
using System.Net.Sockets;

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

    /// <summary>What becomes readable with the wake.</summary>
    public Socket Bell
    {
        get
        {
            lock (_woken)
            {
                if (_bell is null)
                {
                    _bell = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
                    _bell.Bind(new IPEndPoint(IPAddress.Loopback, 0));
                    // Connected to itself, it hears nobody else.
                    _bell.Connect(_bell.LocalEndPoint!);
                    if (IsWoken)
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

    private static void Ring(Socket bell) => bell.Send([1]);
}
