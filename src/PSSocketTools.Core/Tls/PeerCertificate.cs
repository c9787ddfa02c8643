using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using PSSocketTools.Net;
using PSSocketTools.Platform;

namespace PSSocketTools.Tls;

/// <summary>The certificate that the other side of a TLS handshake sent: what it says, and all that the check finds wrong with it.</summary>
internal sealed class PeerCertificate
{
    private readonly List<(string Message, string? Advice, object?[] Values)> _problems = [];

    // The sentences for a server's certificate and for a client's.
    private readonly bool _isClients;

    private PeerCertificate(X509Certificate2 read, bool isClients)
    {
        _isClients = isClients;
        Subject = OutsideText.Clean(read.Subject)!;
        Issuer = OutsideText.Clean(read.Issuer)!;
        Names = OutsideText.Clean(string.Join(", ", AlternativeNames.Of(read)))!;
        (NotBefore, NotAfter) = (read.NotBefore, read.NotAfter);
        Thumbprint = Tls.Thumbprint.Of(read);
        FindDates();
    }

    /// <summary>The certificate of a server.</summary>
    /// <param name="certificate">The certificate, which is read here and not kept.</param>
    /// <param name="hostName">The name it was checked for.</param>
    /// <param name="chain">The chain that the system built.</param>
    /// <param name="errors">What the system found.</param>
    public static PeerCertificate OfServer(X509Certificate certificate, string hostName, X509Chain? chain, SslPolicyErrors errors)
    {
        // .NET Framework gives the older class.
        using var read = new X509Certificate2(certificate);
        var server = new PeerCertificate(read, isClients: false);
        if ((errors & SslPolicyErrors.RemoteCertificateNameMismatch) != 0)
        {
            server._problems.Add(("CertificateNameDiffers", "CertificateNameAdvice", [hostName]));
        }

        if ((errors & SslPolicyErrors.RemoteCertificateChainErrors) != 0)
        {
            server.FindTrust(read, chain?.ChainStatus ?? []);
        }

        return server;
    }

    /// <summary>The certificate of a client, which the machine is to trust.</summary>
    /// <param name="certificate">The certificate, which is not kept.</param>
    /// <param name="statuses">What the system says of its chain.</param>
    /// <param name="errors">What the system found.</param>
    public static PeerCertificate OfClient(X509Certificate2 certificate, X509ChainStatus[] statuses, SslPolicyErrors errors)
    {
        var client = new PeerCertificate(certificate, isClients: true);
        if ((errors & SslPolicyErrors.RemoteCertificateChainErrors) != 0)
        {
            client.FindTrust(certificate, statuses);
        }

        return client;
    }

    /// <summary>The certificate of a client, which a list of certificates is to trust.</summary>
    /// <param name="certificate">The certificate, which is not kept.</param>
    /// <param name="statuses">What is wrong with it by that list: UntrustedRoot where none of the list vouches for it.</param>
    public static PeerCertificate OfListedClient(X509Certificate2 certificate, X509ChainStatus[] statuses)
    {
        var client = new PeerCertificate(certificate, isClients: true);
        if (statuses.Length > 0)
        {
            client.FindTrust(certificate, statuses, isListed: true);
        }

        return client;
    }

    public string Subject { get; }

    public string Issuer { get; }

    /// <summary>DNS names and addresses, with commas between.</summary>
    public string Names { get; }

    /// <summary>When it begins, in local time.</summary>
    public DateTime NotBefore { get; }

    /// <summary>When it ends, in local time.</summary>
    public DateTime NotAfter { get; }

    /// <summary>SHA-256 of the certificate, in hexadecimal.</summary>
    public string Thumbprint { get; }

    /// <summary>All that is wrong with it, as a sentence in the caller's language; null when nothing is.</summary>
    public string? Problem()
    {
        if (_problems.Count == 0)
        {
            return null;
        }

        var all = string.Join("; ", _problems.Select(static problem => Messages.Get(problem.Message, problem.Values)));
        return char.ToUpperInvariant(all[0]) + all.Substring(1) + ".";
    }

    /// <summary>The way out for each problem that has one of its own: sentences, with a space before each.</summary>
    public string Advice() => string.Concat(
        _problems.Where(static problem => problem.Advice is not null)
            .Select(static problem => " " + Messages.Get(problem.Advice!, problem.Values)).Distinct());

    private void FindDates()
    {
        var now = DateTime.Now;
        if (NotAfter < now)
        {
            _problems.Add(("CertificateExpired", DateAdvice, [NotAfter]));
        }
        else if (NotBefore > now)
        {
            _problems.Add(("CertificateNotYetValid", "CertificateNotYetValidAdvice", [NotBefore]));
        }
    }

    // A server that refuses a client says in any case how it is trusted.
    private string? TrustAdvice => _isClients ? null : "CertificateTrustAdvice";

    private string DateAdvice => _isClients ? "ClientCertificateDateAdvice" : "CertificateDateAdvice";

    private void FindTrust(X509Certificate2 certificate, X509ChainStatus[] all, bool isListed = false)
    {
        const X509ChainStatusFlags NoTrust = X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.PartialChain;
        const X509ChainStatusFlags Known = NoTrust | X509ChainStatusFlags.NotTimeValid | X509ChainStatusFlags.NotValidForUsage;
        var flags = all.Aggregate(X509ChainStatusFlags.NoError, static (sum, one) => sum | one.Status);
        var before = _problems.Count;
        if ((flags & NoTrust) != 0)
        {
            var isSelfSigned = certificate.SubjectName.RawData.SequenceEqual(certificate.IssuerName.RawData);
            _problems.Add(isListed
                ? ("ClientCertificateNotListed", null, [])
                : (isSelfSigned ? "CertificateSelfSigned" : "CertificateUntrusted", TrustAdvice, [Issuer]));
        }

        if ((flags & X509ChainStatusFlags.NotTimeValid) != 0 && !HasBadDates)
        {
            _problems.Add(("CertificateIssuerExpired", DateAdvice, [Issuer]));
        }

        if ((flags & X509ChainStatusFlags.NotValidForUsage) != 0)
        {
            _problems.Add((_isClients ? "CertificateNotForClients" : "CertificateNotForServers", null, []));
        }

        // What is left has no sentence of ours, and the system's own says it.
        _problems.AddRange(all.Where(one => (one.Status & ~Known) != 0).Select(static one => one.StatusInformation.Trim().TrimEnd('.')).Distinct()
            .Select<string, (string, string?, object?[])>(static text => ("CertificateOtherProblem", null, [text])));
        if (_problems.Count == before && !HasBadDates)
        {
            _problems.Add(("CertificateUntrusted", TrustAdvice, [Issuer]));
        }
    }

    private bool HasBadDates => _problems.Exists(static problem => problem.Message is "CertificateExpired" or "CertificateNotYetValid");
}
