namespace PSSocketTools;

/// <summary>The kind of a certificate's key.</summary>
public enum CertificateKeyType
{
    /// <summary>A key on the curve P-256 (RFC 8422), made in a millisecond.</summary>
    Ecdsa,

    /// <summary>A key of RSA with 2048 bits (RFC 8017), for clients that know nothing else; it may take a tenth of a second.</summary>
    Rsa,
}
