using PSSocketTools.Platform;
using PSSocketTools.Ports.Probing;

namespace PSSocketTools.Ports;

/// <summary>A scheduled retry, ordered by when it is due; the number distinguishes retries that are due at the same tick.</summary>
/// <param name="Last">The last attempt on the address, which has ended.</param>
/// <param name="Due">When it is due.</param>
/// <param name="Number">A number that is unique in the scan.</param>
internal readonly record struct Retry(ProbeAttempt Last, Deadline Due, long Number) : IComparable<Retry>
{
    public int CompareTo(Retry other) => Due.IsBefore(other.Due) ? -1 : other.Due.IsBefore(Due) ? 1 : Number.CompareTo(other.Number);
}
