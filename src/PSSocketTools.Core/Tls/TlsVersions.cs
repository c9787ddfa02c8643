namespace PSSocketTools;

/// <summary>Versions of TLS.</summary>
[Flags]
public enum TlsVersions
{
    /// <summary>TLS 1.2 (RFC 5246).</summary>
    Tls12 = 1,

    /// <summary>TLS 1.3 (RFC 8446).</summary>
    Tls13 = 2,
}
