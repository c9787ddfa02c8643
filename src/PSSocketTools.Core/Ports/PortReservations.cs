using PSSocketTools.Platform;

namespace PSSocketTools;

/// <summary>The ports that were handed out a moment ago and may not be bound yet, so that nobody else is given them.</summary>
public sealed class PortReservations
{
    private readonly Dictionary<(int Port, SocketProtocol Protocol), long> _takenAt = [];
    private readonly TimeSpan _duration;
    private readonly Clock _clock;

    /// <summary>Makes an empty list.</summary>
    /// <param name="duration">How long a port stays handed out.</param>
    public PortReservations(TimeSpan duration)
        : this(duration, Clock.System)
    {
    }

    internal PortReservations(TimeSpan duration, Clock clock)
    {
        _duration = duration;
        _clock = clock;
    }

    /// <summary>Takes a port; false where someone else has it.</summary>
    /// <param name="port">The port.</param>
    /// <param name="protocol">Its protocol.</param>
    public bool TryTake(int port, SocketProtocol protocol)
    {
        lock (_takenAt)
        {
            if (_takenAt.TryGetValue((port, protocol), out var takenAt) && _clock.Since(takenAt) < _duration)
            {
                return false;
            }

            _takenAt[(port, protocol)] = _clock.Timestamp;
            return true;
        }
    }

    /// <summary>Gives a port back that turned out not to be free.</summary>
    /// <param name="port">The port.</param>
    /// <param name="protocol">Its protocol.</param>
    public void Release(int port, SocketProtocol protocol)
    {
        lock (_takenAt)
        {
            _takenAt.Remove((port, protocol));
        }
    }
}
