using System.Management.Automation;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using PSSocketTools.Resources;

namespace PSSocketTools.Binding;

/// <summary>Reads what a user gives as certificates to trust: objects, files and thumbprints.</summary>
internal sealed class TrustedCertificates
{
    // Colons and spaces are what programs write between the digits, and the mark is what Windows puts before them when they are copied.
    private static readonly Regex ThumbprintText = new(@"^\u200E?(?:[0-9A-F][: -]?){40,64}$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);

    // RFC 7468, section 5.
    private static readonly Regex PemCertificate = new(@"-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----", RegexOptions.CultureInvariant);

    private TrustedCertificates(List<X509Certificate2> certificates, List<string> thumbprints)
    {
        Certificates = certificates;
        Thumbprints = thumbprints;
    }

    public IReadOnlyList<X509Certificate2> Certificates { get; }

    public IReadOnlyList<string> Thumbprints { get; }

    /// <exception cref="SocketToolsException">FileFailed: a file does not exist, or has no certificate.</exception>
    public static TrustedCertificates Read(object[] given, SessionState session)
    {
        var certificates = new List<X509Certificate2>();
        var thumbprints = new List<string>();
        foreach (var one in given)
        {
            var value = one is PSObject wrapped ? wrapped.BaseObject : one;
            if (value is X509Certificate certificate)
            {
                certificates.Add(certificate as X509Certificate2 ?? new X509Certificate2(certificate));
                continue;
            }

            var text = value is FileInfo file ? file.FullName : value?.ToString() ?? string.Empty;
            if (ThumbprintText.IsMatch(text.Trim()))
            {
                thumbprints.Add(text.Trim());
            }
            else
            {
                certificates.AddRange(Open(text, session));
            }
        }

        return new TrustedCertificates(certificates, thumbprints);
    }

    /// <summary>The certificates of a file: PEM, which may have several, or DER.</summary>
    private static List<X509Certificate2> Open(string path, SessionState session)
    {
        try
        {
            var content = File.ReadAllBytes(CertificateFile.ToFile(path, session));
            CertificateFile.RequireContent(content);
            var certificates = PemCertificate.Matches(CertificateFile.Text(content)).Cast<Match>()
                .Select(static match => new X509Certificate2(Convert.FromBase64String(match.Groups[1].Value))).ToList();
            return certificates.Count > 0 ? certificates : [new X509Certificate2(content)];
        }
        catch (Exception exception) when (exception is CryptographicException or FormatException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new SocketToolsException(
                SocketToolsError.FileFailed, Messages.Get("TrustedCertificateNotRead", path, exception.Message.TrimEnd('.')), path, exception);
        }
    }
}
