namespace PSSocketTools.Tls;

/// <summary>What a TLS handshake agreed on.</summary>
/// <param name="Protocol">The version: Tls12 or Tls13.</param>
/// <param name="CipherSuite">The cipher suite, as IANA registered it; in .NET Framework its cipher and its hash.</param>
/// <param name="Certificate">The other side's certificate; null when it showed none.</param>
internal sealed record TlsFacts(string Protocol, string CipherSuite, PeerCertificate? Certificate);
