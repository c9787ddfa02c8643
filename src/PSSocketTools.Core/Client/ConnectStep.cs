namespace PSSocketTools;

/// <summary>A step of connecting, to show how a session was established, or why it was not.</summary>
public sealed record ConnectStep
{
    internal ConnectStep(ConnectStepKind kind, string message, string? endPoint = null, TimeSpan? duration = null) =>
        (Kind, Message, EndPoint, DurationMilliseconds) = (kind, message, endPoint, duration?.TotalMilliseconds);

    /// <summary>What happened.</summary>
    public ConnectStepKind Kind { get; }

    /// <summary>A sentence for the user, in the UI culture's language.</summary>
    public string Message { get; }

    /// <summary>The address and port that it is about, or the path; null where it is about none.</summary>
    public string? EndPoint { get; }

    /// <summary>How long it took, in milliseconds; null where nothing was measured.</summary>
    public double? DurationMilliseconds { get; }
}
