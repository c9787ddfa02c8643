using System.Net;

namespace PSSocketTools.Platform;

/// <summary>An address of this machine that a datagram was sent to, which its response is sent from.</summary>
/// <param name="Address">The address; null where the system did not report it, and chooses one.</param>
/// <param name="Interface">The number of the interface that received it.</param>
internal readonly record struct PacketInfo(IPAddress? Address, int Interface);
