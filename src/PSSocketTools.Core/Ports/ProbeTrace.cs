using PSSocketTools.Net;
using PSSocketTools.Platform;
using PSSocketTools.Ports.Probing;

namespace PSSocketTools.Ports;

/// <summary>The attempts of a scan that have ended, until its reader makes sentences of them, in the reader's language. A scan without a trace keeps none.</summary>
internal sealed class ProbeTrace
{
    private readonly Queue<EndedAttempt> _ended = new();

    public bool IsEmpty
    {
        get
        {
            lock (_ended)
            {
                return _ended.Count == 0;
            }
        }
    }

    /// <summary>Keeps an attempt that has ended.</summary>
    public void Ended(ProbeAttempt attempt, PortStatus status) =>
        Add(new EndedAttempt(attempt, status, PortStatuses.IsAnswer(status) ? attempt.LatencyMilliseconds : Clock.Milliseconds(attempt.EndedAt - attempt.StartedAt)));

    /// <summary>Keeps an attempt that was abandoned: at the end of the time, or since another address answered first.</summary>
    /// <param name="attempt">The attempt.</param>
    /// <param name="status">What silence until the end of the time means; null where another one answered.</param>
    public void Abandoned(ProbeAttempt attempt, PortStatus? status) =>
        Add(new EndedAttempt(attempt, status, Clock.Milliseconds(Clock.System.Timestamp - attempt.StartedAt)));

    /// <summary>A sentence on each attempt since the last call.</summary>
    public IReadOnlyList<string> Take()
    {
        lock (_ended)
        {
            var sentences = _ended.Select(ToSentence).ToArray();
            _ended.Clear();
            return sentences;
        }
    }

    private void Add(EndedAttempt ended)
    {
        lock (_ended)
        {
            _ended.Enqueue(ended);
        }
    }

    private static string ToSentence(EndedAttempt ended)
    {
        var attempt = ended.Attempt;
        var endPoint = EndPointText.Of(EndPointText.Of(attempt.Address), attempt.Port);
        if (ended.Status is not { } status)
        {
            return Messages.Get("ProbeAbandoned", attempt.Number, endPoint, ended.Milliseconds);
        }

        var found = status is PortStatus.Unreachable or PortStatus.Failed
            ? $"{status} ({SocketErrors.TextOf(attempt.Error, attempt.ErrorNumber)})"
            : status.ToString();
        return attempt.Source is { } source
            ? Messages.Get("ProbeEndedFrom", attempt.Number, endPoint, found, ended.Milliseconds, EndPointText.Of(source))
            : Messages.Get("ProbeEnded", attempt.Number, endPoint, found, ended.Milliseconds);
    }

    private readonly record struct EndedAttempt(ProbeAttempt Attempt, PortStatus? Status, double Milliseconds);
}
