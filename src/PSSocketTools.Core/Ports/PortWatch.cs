using PSSocketTools.Net;
using PSSocketTools.Platform;
using PSSocketTools.Ports;

namespace PSSocketTools;

/// <summary>
/// Repeats tests in rounds: paces them from start to start, tells what has changed since the round before, and sums up. A round
/// that takes longer than the interval is followed at once by the next, so that no target is tested twice at a time. For one thread.
/// </summary>
public sealed class PortWatch
{
    /// <summary>The default and the range of the interval, in seconds.</summary>
    public const double DefaultIntervalSeconds = 1, LowestIntervalSeconds = 0.01, HighestIntervalSeconds = TimeLimit.HighestSeconds;

    private readonly Dictionary<(string Computer, int Port, string Protocol, string? Address), PortRecord> _records = [];
    private readonly List<PortRecord> _inOrder = [];
    private readonly TimeSpan _interval;
    private readonly bool _byAddress;
    private Deadline _nextRound;

    /// <summary>Makes one without results.</summary>
    /// <param name="interval">From the start of a round to the start of the next.</param>
    /// <param name="byAddress">Whether each address of a name is a target of its own.</param>
    /// <exception cref="SocketToolsException">InvalidOption: an interval out of its range.</exception>
    public PortWatch(TimeSpan interval, bool byAddress)
    {
        OptionRange.Require(nameof(interval), interval, LowestIntervalSeconds, HighestIntervalSeconds);
        _interval = interval;
        _byAddress = byAddress;
    }

    /// <summary>The number of the round, from 1 on.</summary>
    public int Round { get; private set; }

    /// <summary>Waits until the next round is due, and begins it.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public void BeginRound(CancellationToken cancellationToken)
    {
        if (Round > 0)
        {
            _nextRound.Wait(cancellationToken);
        }

        Round++;
        _nextRound = Deadline.After(_interval);
    }

    /// <summary>Takes a result of the round.</summary>
    /// <param name="result">The result.</param>
    /// <returns>The result with the number of the round, and what the round before found where that was something else.</returns>
    public PortAvailability Take(PortAvailability result)
    {
        var key = ((result ?? throw new ArgumentNullException(nameof(result))).ComputerName, result.Port, result.Protocol, _byAddress ? result.Address : null);
        if (!_records.TryGetValue(key, out var record))
        {
            _records.Add(key, record = new PortRecord());
            _inOrder.Add(record);
        }

        return record.Add(result, Round);
    }

    /// <summary>A history for each target, in the order of the first round.</summary>
    public IReadOnlyList<PortHistory> ToHistories() => [.. _inOrder.Select(static record => record.ToHistory())];
}
