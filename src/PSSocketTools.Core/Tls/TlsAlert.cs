namespace PSSocketTools.Tls;

/// <summary>Alerts by which a server ends a TLS connection at its client's handshake or soon after it (RFC 8446, section 6), by their names there; others are numbers.</summary>
internal enum TlsAlert
{
    UnexpectedMessage = 10,
    HandshakeFailure = 40,
    BadCertificate = 42,
    UnsupportedCertificate = 43,
    CertificateRevoked = 44,
    CertificateExpired = 45,
    CertificateUnknown = 46,
    IllegalParameter = 47,
    UnknownCa = 48,
    AccessDenied = 49,
    DecodeError = 50,
    DecryptError = 51,
    ProtocolVersion = 70,
    InsufficientSecurity = 71,
    InternalError = 80,
    MissingExtension = 109,
    UnrecognizedName = 112,
    CertificateRequired = 116,
    NoApplicationProtocol = 120,
}
