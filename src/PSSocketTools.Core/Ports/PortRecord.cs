namespace PSSocketTools.Ports;

/// <summary>The sums of one target's results; the results themselves are not kept, however long it is tested.</summary>
internal sealed class PortRecord
{
    private readonly List<string> _addresses = [];
    private PortAvailability? _first;
    private PortAvailability? _last;
    private int _sent;
    private int _succeeded;
    private int _measured;
    private double _sum;
    private double _minimum = double.MaxValue;
    private double _maximum;
    private PortAvailability? _firstFailure;
    private DateTime? _lastSuccess;
    private DateTime? _outageSince;
    private TimeSpan? _longestOutage;

    /// <summary>The last result.</summary>
    public PortAvailability Last => _last!;

    /// <summary>Adds a result, and returns it with the number of its test and with what the last one had otherwise.</summary>
    public PortAvailability Add(PortAvailability result, int number)
    {
        var repeated = result.AsRepeated(number, _last);
        _first ??= result;
        _last = repeated;
        _sent++;
        if (result.Address is { } address && !_addresses.Contains(address))
        {
            _addresses.Add(address);
        }

        if (_outageSince is { } since)
        {
            var outage = result.Timestamp - since;
            _longestOutage = _longestOutage > outage ? _longestOutage : outage;
        }

        if (result.Available)
        {
            _succeeded++;
            _lastSuccess = result.Timestamp;
            _outageSince = null;
            if (result.LatencyMilliseconds is { } latency)
            {
                _measured++;
                _sum += latency;
                _minimum = Math.Min(_minimum, latency);
                _maximum = Math.Max(_maximum, latency);
            }
        }
        else
        {
            _firstFailure ??= result;
            _outageSince ??= result.Timestamp;
            _longestOutage ??= TimeSpan.Zero;
        }

        return repeated;
    }

    public PortHistory ToHistory() => new(_first!)
    {
        Addresses = _addresses.Count > 0 ? string.Join(", ", _addresses) : null,
        LastTest = _last!.Timestamp,
        LastStatus = _last.Status,
        Sent = _sent,
        Succeeded = _succeeded,
        MinimumMilliseconds = _measured > 0 ? _minimum : null,
        // The sum is rounded, so that the mean of equal latencies may lie a bit beside them.
        MeanMilliseconds = _measured > 0 ? Math.Min(Math.Max(_sum / _measured, _minimum), _maximum) : null,
        MaximumMilliseconds = _measured > 0 ? _maximum : null,
        FirstFailure = _firstFailure?.Timestamp,
        FirstFailureStatus = _firstFailure?.Status,
        LastSuccess = _lastSuccess,
        LongestOutageMilliseconds = _longestOutage?.TotalMilliseconds,
    };
}
