using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PSSocketTools.Net;

namespace PSSocketTools.Tls;

/// <summary>
/// Which client certificates a server accepts: those that the machine trusts; or, where it was given certificates or thumbprints, those
/// alone and what such a certificate has issued.
/// </summary>
internal sealed class ClientTrust
{
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    private readonly X509Certificate2[] _anchors;
    private readonly string[] _thumbprints;

    /// <param name="anchors">Certificates to accept, and whose chains to accept. They are copied, since their owner may dispose of them.</param>
    /// <param name="thumbprints">SHA-1 or SHA-256 thumbprints of certificates to accept, whatever their dates and their purpose are.</param>
    public ClientTrust(IEnumerable<X509Certificate2> anchors, IEnumerable<string> thumbprints)
    {
        _anchors = [.. anchors.Select(static one => new X509Certificate2(one.RawData))];
        _thumbprints = [.. thumbprints];
    }

    private bool IsMachines => _anchors.Length + _thumbprints.Length == 0;

    /// <summary>Checks what a client has sent.</summary>
    /// <param name="certificate">Its certificate; null for none.</param>
    /// <param name="chain">The chain that the system built, which has the issuers' certificates that the client sent along.</param>
    /// <param name="errors">What the system found.</param>
    /// <param name="refusal">Why it is refused, as a sentence; null when it is accepted.</param>
    /// <returns>The certificate; null when there is none, or none that can be read.</returns>
    public PeerCertificate? Check(X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors, out string? refusal)
    {
        if (certificate is null)
        {
            refusal = Messages.Get("ClientCertificateMissing");
            return null;
        }

        try
        {
            using var read = new X509Certificate2(certificate);
            var client = IsMachines
                ? PeerCertificate.OfClient(read, chain?.ChainStatus ?? [], errors)
                : PeerCertificate.OfListedClient(read, Verify(read, chain));
            refusal = client.Problem() is not { } problem || Array.Exists(_thumbprints, one => Thumbprint.IsOf(one, read))
                ? null
                : Messages.Get("ClientCertificateRefused", client.Subject, problem, client.Advice(), client.Thumbprint);
            return client;
        }
        catch (CryptographicException exception)
        {
            // Some systems take a certificate in the handshake that they can't read.
            refusal = Messages.Get("ClientCertificateNotRead", exception.Message.TrimEnd('.'));
            return null;
        }
    }

    /// <summary>What is wrong with a certificate and with those above it, up to the first that was given.</summary>
    /// <remarks>
    /// .NET Framework has no trust of one's own choice (CustomRootTrust), and elsewhere it is for roots alone. So the chain is built without
    /// trust where there is none, which checks its signatures all the same, and one of the given certificates must be in it.
    /// </remarks>
    private X509ChainStatus[] Verify(X509Certificate2 certificate, X509Chain? sent)
    {
        const X509ChainStatusFlags Forged = X509ChainStatusFlags.NotSignatureValid;
        const X509ChainStatusFlags NoTrust = X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.PartialChain | Forged;
        using var chain = new X509Chain();
        var policy = chain.ChainPolicy;
        policy.RevocationMode = X509RevocationMode.NoCheck;
        policy.VerificationFlags = X509VerificationFlags.AllowUnknownCertificateAuthority;
        policy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
        policy.ExtraStore.AddRange(_anchors);
        if (sent is not null)
        {
            policy.ExtraStore.AddRange(sent.ChainPolicy.ExtraStore);
        }
#if NET
        policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        policy.CustomTrustStore.AddRange(_anchors);
        policy.DisableCertificateDownloads = true;
#endif
        _ = chain.Build(certificate);
        var statuses = new List<X509ChainStatus>();
        var isTrusted = false;
        foreach (var element in chain.ChainElements)
        {
            statuses.AddRange(element.ChainElementStatus.Where(static one => (one.Status & ~NoTrust) != 0));
            if (IsAnchor(element.Certificate))
            {
                // A chain may have an issuer that has only the name of the one that signed. A certificate that was given itself needs none.
                isTrusted = IsAnchor(certificate) || !Array.Exists(chain.ChainStatus, static one => (one.Status & Forged) != 0);
                break;
            }
        }

        return isTrusted ? [.. statuses] : [.. statuses, new X509ChainStatus { Status = X509ChainStatusFlags.UntrustedRoot }];
    }

    private bool IsAnchor(X509Certificate2 certificate) => Array.Exists(_anchors, one => one.RawData.SequenceEqual(certificate.RawData));
}
