using PSSocketTools.Net;
using PSSocketTools.Platform;
using PSSocketTools.Ports.Transport;

namespace PSSocketTools.Ports;

/// <summary>The attempts of a scan that have ended, until its reader puts them into words: the language is the reader's, and a scan that nobody follows keeps none.</summary>
internal sealed class ProbeTrace
{
    private readonly Queue<Step> _steps = new();

    public bool IsEmpty
    {
        get
        {
            lock (_steps)
            {
                return _steps.Count == 0;
            }
        }
    }

    /// <summary>Keeps an attempt that has ended.</summary>
    public void Ended(ProbeAttempt attempt, PortStatus status) =>
        Add(new Step(attempt, status, PortStatuses.IsAnswer(status) ? attempt.LatencyMilliseconds : Clock.Milliseconds(attempt.EndedAt - attempt.StartedAt)));

    /// <summary>Keeps an attempt that was given up: at the end of the time, or since another address answered first.</summary>
    /// <param name="attempt">The attempt.</param>
    /// <param name="status">What silence until the end of the time means; null where another one answered.</param>
    public void Abandoned(ProbeAttempt attempt, PortStatus? status) =>
        Add(new Step(attempt, status, Clock.Milliseconds(Clock.System.Timestamp - attempt.StartedAt)));

    /// <summary>The attempts since the last call, in words.</summary>
    public IReadOnlyList<string> Take()
    {
        lock (_steps)
        {
            var sentences = _steps.Select(InWords).ToArray();
            _steps.Clear();
            return sentences;
        }
    }

    private void Add(Step step)
    {
        lock (_steps)
        {
            _steps.Enqueue(step);
        }
    }

    private static string InWords(Step step)
    {
        var attempt = step.Attempt;
        var endPoint = EndPointText.Of(EndPointText.Of(attempt.Address), attempt.Port);
        if (step.Status is not { } status)
        {
            return Messages.Get("ProbeAbandoned", attempt.Number, endPoint, step.Milliseconds);
        }

        var found = status is PortStatus.Unreachable or PortStatus.Failed
            ? $"{status} ({SocketErrors.TextOf(attempt.Error, attempt.ErrorNumber)})"
            : status.ToString();
        return attempt.Source is { } source
            ? Messages.Get("ProbeEndedFrom", attempt.Number, endPoint, found, step.Milliseconds, EndPointText.Of(source))
            : Messages.Get("ProbeEnded", attempt.Number, endPoint, found, step.Milliseconds);
    }

    private readonly record struct Step(ProbeAttempt Attempt, PortStatus? Status, double Milliseconds);
}
