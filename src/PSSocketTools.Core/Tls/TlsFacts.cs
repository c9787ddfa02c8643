namespace PSSocketTools.Tls;

/// <summary>What a client's TLS handshake agreed on.</summary>
/// <param name="Protocol">The version: Tls12 or Tls13.</param>
/// <param name="CipherSuite">The cipher suite, as IANA registered it; in .NET Framework its cipher and its hash.</param>
/// <param name="Certificate">The server's certificate; null when it showed none.</param>
/// <param name="WasAskedForCertificate">Whether the server asked for the client's certificate; null where that is not known.</param>
/// <param name="HasSentCertificate">Whether the client's certificate is known to have been sent.</param>
internal sealed record TlsFacts(string Protocol, string CipherSuite, PeerCertificate? Certificate, bool? WasAskedForCertificate = null, bool HasSentCertificate = false);
