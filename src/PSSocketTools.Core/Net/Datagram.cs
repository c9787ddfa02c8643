namespace PSSocketTools.Net;

/// <summary>What a UDP datagram can be.</summary>
internal static class Datagram
{
    /// <summary>The longest that IPv4 can carry: 65,535 bytes less the headers (RFC 768, RFC 791).</summary>
    public const int MaxBytes = 65507;
}
