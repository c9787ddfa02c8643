namespace PSSocketTools.Ports;

/// <summary>The ports that were handed out a moment ago and may not be bound yet, so that nobody else is given them.</summary>
public sealed class PortReservations
{
    private readonly Dictionary<(int Port, SocketProtocol Protocol), DateTime> _until = [];
    private readonly TimeSpan _duration;

    /// <summary>Makes an empty list.</summary>
    /// <param name="duration">How long a port stays handed out.</param>
    public PortReservations(TimeSpan duration) => _duration = duration;

    /// <summary>Takes a port; false where someone else has it.</summary>
    /// <param name="port">The port.</param>
    /// <param name="protocol">Its protocol.</param>
    public bool TryTake(int port, SocketProtocol protocol)
    {
        var now = DateTime.UtcNow;
        lock (_until)
        {
            if (_until.TryGetValue((port, protocol), out var until) && until > now)
            {
                return false;
            }

            _until[(port, protocol)] = now + _duration;
            return true;
        }
    }

    /// <summary>Gives a port back that turned out not to be free.</summary>
    /// <param name="port">The port.</param>
    /// <param name="protocol">Its protocol.</param>
    public void Release(int port, SocketProtocol protocol)
    {
        lock (_until)
        {
            _until.Remove((port, protocol));
        }
    }
}
