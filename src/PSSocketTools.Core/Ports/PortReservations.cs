using PSSocketTools.Platform;

namespace PSSocketTools;

/// <summary>Ports that a search returned recently and their users may not have bound yet, so that no other search returns them.</summary>
public sealed class PortReservations
{
    private readonly Dictionary<(int Port, SocketProtocol Protocol), long> _reservedAt = [];
    private readonly TimeSpan _duration;
    private readonly Clock _clock;

    /// <summary>Makes an empty list.</summary>
    /// <param name="duration">How long a port stays reserved.</param>
    public PortReservations(TimeSpan duration)
        : this(duration, Clock.System)
    {
    }

    internal PortReservations(TimeSpan duration, Clock clock)
    {
        _duration = duration;
        _clock = clock;
    }

    /// <summary>Reserves a port; false when it is reserved already.</summary>
    /// <param name="port">The port.</param>
    /// <param name="protocol">Its protocol.</param>
    public bool TryTake(int port, SocketProtocol protocol)
    {
        lock (_reservedAt)
        {
            if (_reservedAt.TryGetValue((port, protocol), out var reservedAt) && _clock.Since(reservedAt) < _duration)
            {
                return false;
            }

            _reservedAt[(port, protocol)] = _clock.Timestamp;
            return true;
        }
    }

    /// <summary>Cancels the reservation of a port that was not free.</summary>
    /// <param name="port">The port.</param>
    /// <param name="protocol">Its protocol.</param>
    public void Release(int port, SocketProtocol protocol)
    {
        lock (_reservedAt)
        {
            _reservedAt.Remove((port, protocol));
        }
    }
}
