using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace PSSocketTools.Tls;

/// <summary>The thumbprints of certificates: their hashes, in hexadecimal.</summary>
internal static class Thumbprint
{
    private const int Sha1Digits = 40;
    private const int Sha256Digits = 64;

    /// <summary>The SHA-256 thumbprint, which is the one shown everywhere.</summary>
    public static string Of(X509Certificate certificate)
    {
        using var hash = SHA256.Create();
        return Of(certificate, hash);
    }

    /// <summary>Whether a certificate has a thumbprint, SHA-1 or SHA-256, with or without what programs write between its digits.</summary>
    public static bool IsOf(string thumbprint, X509Certificate certificate)
    {
        var wanted = Digits(thumbprint);
        using HashAlgorithm hash = wanted.Length > Sha1Digits ? SHA256.Create() : Sha1();
        return string.Equals(Of(certificate, hash), wanted, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Whether a text is a thumbprint of one of the two kinds: it may have colons, spaces and dashes between its digits.</summary>
    public static bool IsOne(string text) =>
        text.All(static c => Uri.IsHexDigit(c) || c is ':' or ' ' or '-' || IsInvisible(c)) && Digits(text).Length is Sha1Digits or Sha256Digits;

    // What the certificate dialog of Windows puts before the first digit.
    private static bool IsInvisible(char c) => c is '\u200E';

    private static string Digits(string thumbprint) => new([.. thumbprint.Where(Uri.IsHexDigit)]);

    private static string Of(X509Certificate certificate, HashAlgorithm hash) =>
        BitConverter.ToString(hash.ComputeHash(certificate.GetRawCertData())).Replace("-", string.Empty);

#pragma warning disable CA5350 // The thumbprint that every certificate tool shows is SHA-1; a SHA-256 one is accepted too.
    private static SHA1 Sha1() => SHA1.Create();
#pragma warning restore CA5350
}
