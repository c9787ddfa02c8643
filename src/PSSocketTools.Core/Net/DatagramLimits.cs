namespace PSSocketTools.Net;

/// <summary>Limits of UDP datagrams.</summary>
internal static class DatagramLimits
{
    /// <summary>The largest payload over IPv4: 65,535 bytes less the headers (RFC 768, RFC 791).</summary>
    public const int MaxBytes = 65507;

    /// <summary>The sentence for a message that is longer.</summary>
    public static string TooLarge(int bytes) => Messages.Get("DatagramTooLarge", bytes, MaxBytes);
}
