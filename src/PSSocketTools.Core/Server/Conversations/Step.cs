namespace PSSocketTools.Server.Conversations;

/// <summary>One operation that the driver does before it asks the conversation again.</summary>
internal readonly struct Step
{
    private Step(StepKind kind, byte[] buffer, int offset, int count, int milliseconds, bool pendingResponse, Task? task)
    {
        Kind = kind;
        Buffer = buffer;
        Offset = offset;
        Count = count;
        Milliseconds = milliseconds;
        HasPendingResponse = pendingResponse;
        Task = task;
    }

    public StepKind Kind { get; }

    public byte[] Buffer { get; }

    public int Offset { get; }

    public int Count { get; }

    /// <summary>The duration of a Delay, <see cref="Timeout.Infinite"/> until it is released; the idle timeout of a Receive or Send; <see cref="Timeout.Infinite"/> without a limit.</summary>
    public int Milliseconds { get; }

    /// <summary>
    /// Whether a response comes after it, for which a draining server waits: the Delay holds the response back, or the time of the
    /// Receive is the idle gap that completes the message received so far.
    /// </summary>
    public bool HasPendingResponse { get; }

    public Task? Task { get; }

    public static Step Receive(int milliseconds, bool pendingResponse) => new(StepKind.Receive, [], 0, 0, milliseconds, pendingResponse, null);

    public static Step Send(byte[] buffer, int offset, int count, int milliseconds) =>
        new(StepKind.Send, buffer, offset, count, milliseconds, false, null);

    public static Step Delay(int milliseconds, bool pendingResponse) => new(StepKind.Delay, [], 0, 0, milliseconds, pendingResponse, null);

    public static Step Await(Task task) => new(StepKind.Await, [], 0, 0, Timeout.Infinite, false, task);

    public static Step Close() => new(StepKind.Close, [], 0, 0, Timeout.Infinite, false, null);

    public static Step Reset() => new(StepKind.Reset, [], 0, 0, Timeout.Infinite, false, null);
}
