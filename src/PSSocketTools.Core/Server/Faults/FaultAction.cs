namespace PSSocketTools.Server.Faults;

/// <summary>What a fault that has struck makes of a conversation: a wait, or its end.</summary>
/// <param name="Fault">The fault.</param>
/// <param name="Milliseconds">How long it waits; <see cref="Timeout.Infinite"/> until the fault is removed; for an end 0.</param>
/// <param name="HasPendingResponse">Whether a draining server still waits for the response after it.</param>
internal readonly record struct FaultAction(EchoServerFault Fault, int Milliseconds, bool HasPendingResponse)
{
    /// <summary>A wait that is drawn for the message with a number.</summary>
    public static FaultAction Delay(EchoServerFault fault, long number, bool hasPendingResponse) =>
        new(fault, fault.Draw(fault.Options.MinDelayMilliseconds, fault.Options.MaxDelayMilliseconds, number), hasPendingResponse);

    /// <summary>A wait until the fault is removed.</summary>
    public static FaultAction Stall(EchoServerFault fault) => new(fault, Timeout.Infinite, HasPendingResponse: false);

    /// <summary>The end of the conversation.</summary>
    public static FaultAction End(EchoServerFault fault) => new(fault, 0, HasPendingResponse: false);

    public bool IsWait => Fault.Options.Kind is FaultKind.Delay or FaultKind.Fragment or FaultKind.Stall;

    /// <summary>Whether it is a wait that lasts no longer.</summary>
    public bool IsOver => IsWait && (Milliseconds == 0 || Fault.IsRemoved);
}
