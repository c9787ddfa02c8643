namespace PSSocketTools.Server.Faults;

/// <summary>What a fault that has struck makes of a conversation: a wait, or its end.</summary>
/// <param name="Fault">The fault.</param>
/// <param name="Milliseconds">How long it waits; <see cref="Timeout.Infinite"/> until the fault is removed; for an end 0.</param>
/// <param name="HasPendingResponse">Whether a draining server still waits for the response after it.</param>
internal readonly record struct FaultAction(EchoServerFault Fault, int Milliseconds, bool HasPendingResponse)
{
    public bool IsWait => Fault.Options.Kind is FaultKind.Delay or FaultKind.Fragment or FaultKind.Stall;

    /// <summary>Whether it is a wait that lasts no longer.</summary>
    public bool IsOver => IsWait && (Milliseconds == 0 || Fault.IsRemoved);
}
