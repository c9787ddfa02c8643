using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace PSSocketTools.Tests.Client;

/// <summary>Certificates that nobody trusts, for servers that tests play.</summary>
internal static class SelfSignedCertificates
{
    /// <summary>Makes one, with its key.</summary>
    /// <param name="name">A name, or several with commas between; an address is one too.</param>
    /// <param name="notBefore">When it begins; null for a month before its end.</param>
    /// <param name="notAfter">When it ends; null for tomorrow.</param>
    public static X509Certificate2 Make(string name, DateTimeOffset? notBefore = null, DateTimeOffset? notAfter = null)
    {
        var until = notAfter ?? DateTimeOffset.UtcNow.AddDays(1);
        var all = name.Split(',');
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=" + all[0], key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        foreach (var one in all)
        {
            if (IPAddress.TryParse(one, out var address))
            {
                names.AddIpAddress(address);
            }
            else
            {
                names.AddDnsName(one);
            }
        }

        request.CertificateExtensions.Add(names.Build());
        using var made = request.CreateSelfSigned(notBefore ?? until.AddDays(-30), until);
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx), null);
    }
}
