using System.Security.Cryptography.X509Certificates;
using PSSocketTools.Net;
#if NET
using System.Security.Cryptography;
using System.Text;
using PSSocketTools.Platform;
#endif

namespace PSSocketTools;

/// <summary>Writes certificates with their private keys to files.</summary>
public static class CertificateFiles
{
    /// <summary>Throws when the files can't be written, as far as that is known before.</summary>
    /// <exception cref="SocketToolsException">InvalidOption; FileFailed: a file is there.</exception>
    public static void RequireWritable(CertificateFileOptions options)
    {
        if (options is null)
        {
            throw new ArgumentNullException(nameof(options));
        }

        var (pfx, pem) = (options.PfxPath, options.PemPath);
        if (options.PfxPassword is not null && pfx is null)
        {
            throw OptionRules.Missing(nameof(options.PfxPassword), nameof(options.PfxPath));
        }

        if (pem is not null && string.Equals(pem, options.PemKeyPath, StringComparison.OrdinalIgnoreCase))
        {
            throw OptionRules.Invalid(pem, "PemPathIsKeyPath", pem);
        }

        if (pfx is not null && options.Paths.Count(path => string.Equals(path, pfx, StringComparison.OrdinalIgnoreCase)) > 1)
        {
            throw OptionRules.Invalid(pfx, "CertificateFilesSame", pfx);
        }
#if NET
        foreach (var path in options.Paths)
        {
            if (NewFiles.IsOther(path))
            {
                throw NotWritten(path, Messages.Get("PathIsNoFile"), null);
            }

            if (!options.Overwrite && NewFiles.Exists(path))
            {
                throw new SocketToolsException(SocketToolsError.FileFailed, Messages.Get("CertificateFileExists", path), path);
            }
        }
#endif
    }

    /// <summary>Writes a certificate and its private key: all files, or an error and none of them.</summary>
    /// <param name="certificate">The certificate, whose private key can be exported.</param>
    /// <param name="options">Where to.</param>
    /// <exception cref="SocketToolsException">InvalidOption; FileFailed; TooManyOpenFiles; NotSupported, on .NET Framework.</exception>
    public static void Write(X509Certificate2 certificate, CertificateFileOptions options)
    {
        if (certificate is null)
        {
            throw new ArgumentNullException(nameof(certificate));
        }

        RequireWritable(options);
        if (!certificate.HasPrivateKey)
        {
            throw new SocketToolsException(SocketToolsError.InvalidOption, Messages.Get("CertificateWithoutKey", certificate.Subject), certificate);
        }
#if NET
        using var files = new NewFiles();
        var path = string.Empty;
        try
        {
            if (options.PemPath is { } pem)
            {
                path = options.PemKeyPath!;
                files.Add(path, ToPem("PRIVATE KEY", ExportKey(certificate)), isPrivate: true);
                path = pem;
                files.Add(path, ToPem("CERTIFICATE", certificate.RawData), isPrivate: false);
            }

            if (options.PfxPath is { } pfx)
            {
                path = pfx;
                files.Add(path, certificate.Export(X509ContentType.Pfx, options.PfxPassword), isPrivate: true);
            }

            files.Publish(options.Overwrite, ref path);
        }
        catch (Exception exception) when (SocketErrors.IsExhausted(exception))
        {
            throw SocketErrors.ToExhaustedError(path, exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException or CryptographicException)
        {
            throw NotWritten(path, files.Explain(exception).TrimEnd('.'), exception);
        }
#else
        throw new SocketToolsException(SocketToolsError.NotSupported, Messages.Get("SelfSignedNotSupported"));
#endif
    }

#if NET
    private static SocketToolsException NotWritten(string path, string why, Exception? exception) =>
        new(SocketToolsError.FileFailed, Messages.Get("CertificateNotWritten", path, why), path, exception);

    private static byte[] ToPem(string label, byte[] content) => Encoding.ASCII.GetBytes(PemEncoding.WriteString(label, content) + "\n");

    /// <summary>The private key as PKCS #8. Windows gives an exportable key out encrypted only, hence the way through a second key.</summary>
    private static byte[] ExportKey(X509Certificate2 certificate)
    {
        const string Password = "passing through";
        var encryption = new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1);
        using AsymmetricAlgorithm key = (AsymmetricAlgorithm?)certificate.GetRSAPrivateKey() ?? certificate.GetECDsaPrivateKey()
            ?? throw new CryptographicException(certificate.PublicKey.Oid.FriendlyName);
        using AsymmetricAlgorithm copy = key is RSA ? RSA.Create() : ECDsa.Create();
        copy.ImportEncryptedPkcs8PrivateKey(Password, key.ExportEncryptedPkcs8PrivateKey(Password, encryption), out _);
        return copy.ExportPkcs8PrivateKey();
    }
#endif
}
