using System.Net;

namespace PSSocketTools.Platform;

/// <summary>An ICMP message that says why an attempt failed (RFC 792, RFC 4443).</summary>
/// <param name="IsIPv6">Whether its type and code are those of ICMPv6.</param>
/// <param name="Type">The type.</param>
/// <param name="Code">The code.</param>
/// <param name="Sender">Who sent it; null where the system does not report it.</param>
internal sealed record IcmpError(bool IsIPv6, int Type, int Code, IPAddress? Sender);
