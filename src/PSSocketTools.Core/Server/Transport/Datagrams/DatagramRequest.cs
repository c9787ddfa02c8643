using PSSocketTools.Framing;

namespace PSSocketTools.Server.Transport.Datagrams;

/// <summary>A datagram that was received, and how it is to be answered.</summary>
/// <param name="Message">The message in the buffer that it was received into.</param>
/// <param name="Sequence">The message's number among those of its client.</param>
/// <param name="JournalOffset">Where the journal keeps the bytes of the message; -1 for nowhere, or where a fault may change them.</param>
/// <param name="Faults">The faults that strike it; null for none.</param>
/// <param name="IsInBackground">Whether the response takes time, or follows one that does.</param>
internal readonly record struct DatagramRequest(Frame Message, long Sequence, long JournalOffset, DatagramFaults? Faults, bool IsInBackground)
{
    /// <summary>Whether a fault drops it.</summary>
    public bool IsDropped => Faults is { IsDropped: true };
}
