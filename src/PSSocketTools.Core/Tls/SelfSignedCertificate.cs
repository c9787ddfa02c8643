using System.Security.Cryptography.X509Certificates;
#if NET
using System.Net;
using System.Security.Cryptography;
#endif
#if !NET
#endif
#if !NET
#endif
#if !NET
using PSSocketTools.Net;
#endif

namespace PSSocketTools;

/// <summary>A certificate made in memory for a test server. It is not trusted, so that clients pin its thumbprint.</summary>
public static class SelfSignedCertificate
{
    /// <summary>Makes a certificate for localhost, the loopback addresses and this machine's name, valid for a year from yesterday on.</summary>
    /// <returns>The certificate. The caller disposes of it, which on Windows deletes its key's file.</returns>
    /// <exception cref="SocketToolsException">NotSupported, on .NET Framework.</exception>
    public static X509Certificate2 Create()
    {
#if NET
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddDnsName(Environment.MachineName);
        names.AddIpAddress(IPAddress.Loopback);
        names.AddIpAddress(IPAddress.IPv6Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false));
        var now = DateTimeOffset.UtcNow;
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddYears(1));

        // Windows can't serve TLS with an ephemeral key (EphemeralKeySet): import from a PFX stores the key in a file until disposal.
        return new X509Certificate2(certificate.Export(X509ContentType.Pfx), (string?)null);
#else
        throw new SocketToolsException(SocketToolsError.NotSupported, Messages.Get("SelfSignedNotSupported"));
#endif
    }
}
