using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace PSSocketTools.Tests.Server;

/// <summary>An issuer, and certificates of clients of every kind, each with its private key.</summary>
public sealed class ClientCertificates : IDisposable
{
    private const string Clients = "1.3.6.1.5.5.7.3.2", Servers = "1.3.6.1.5.5.7.3.1";

    private static readonly DateTimeOffset Now = DateTimeOffset.UtcNow;

    private readonly Dictionary<string, X509Certificate2> _all = [];

    public ClientCertificates()
    {
        _all["issuer"] = Make("CN=An issuer", null, null);
        _all["stranger"] = Make("CN=Another issuer", null, null);

        // It has the issuer's name, and another key.
        _all["impostor"] = Make("CN=An issuer", null, null);
        _all["below"] = Make("CN=Below", _all["issuer"], null);
        _all["ecdsa"] = Make("CN=ana", _all["issuer"], Clients);
        _all["rsa"] = Make("CN=eva", _all["issuer"], Clients, isRsa: true);
        _all["deep"] = Make("CN=deep", _all["below"], Clients);
        _all["expired"] = Make("CN=old", _all["issuer"], Clients, until: -1);
        _all["early"] = Make("CN=new", _all["issuer"], Clients, from: 1);
        _all["server's"] = Make("CN=server", _all["issuer"], Servers);
        _all["strange"] = Make("CN=rui", _all["stranger"], Clients);
        _all["forged"] = Make("CN=ana", _all["impostor"], Clients);
#if NETSTANDARD_BUILD
        _all["self-signed"] = TlsClient.MakeCertificate("client.example");
#else
        _all["self-signed"] = SelfSignedCertificate.Create(new CertificateOptions { DnsName = ["client.example"] });
#endif
    }

    public X509Certificate2 this[string name] => _all[name];

    public void Dispose()
    {
        foreach (var one in _all.Values)
        {
            one.Dispose();
        }
    }

    private static X509Certificate2 Make(string subject, X509Certificate2? issuer, string? purpose, bool isRsa = false, int from = -5, int until = 5)
    {
        using AsymmetricAlgorithm key = isRsa ? RSA.Create(2048) : ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = key is RSA rsa
            ? new CertificateRequest(subject, rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : new CertificateRequest(subject, (ECDsa)key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(purpose is null, false, 0, true));
        if (purpose is not null)
        {
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(purpose)], critical: false));
        }

        if (issuer is null)
        {
            using var own = request.CreateSelfSigned(Now.AddDays(-9), Now.AddDays(9));
            return X509CertificateLoader.LoadPkcs12(own.Export(X509ContentType.Pfx), null, X509KeyStorageFlags.Exportable);
        }

        using var issuing = issuer.GetECDsaPrivateKey()!;
        using var issued = request.Create(
            issuer.SubjectName, X509SignatureGenerator.CreateForECDsa(issuing), Now.AddDays(from), Now.AddDays(until), RandomNumberGenerator.GetBytes(8));
        using var whole = key is RSA rsaKey ? issued.CopyWithPrivateKey(rsaKey) : issued.CopyWithPrivateKey((ECDsa)key);

        // Windows can't use a key that is in memory alone.
        return X509CertificateLoader.LoadPkcs12(whole.Export(X509ContentType.Pfx), null, X509KeyStorageFlags.Exportable);
    }
}
