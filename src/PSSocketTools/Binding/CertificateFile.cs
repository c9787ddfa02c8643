using System.Management.Automation;
using System.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using PSSocketTools.Resources;

namespace PSSocketTools.Binding;

/// <summary>Gets the certificate that a user gave: the object itself, or the path of a PFX file, or of a PEM file with its key in it or beside it.</summary>
internal static class CertificateFile
{
    private const string PemBegin = "-----BEGIN ";
    private const string PemKey = "PRIVATE KEY-----";

    // What New-EchoCertificate writes beside cert.pem, and what ACME clients write beside fullchain.pem.
    private const string KeyExtension = ".key", KeyName = "privkey.pem";

    /// <param name="certificate">The object or the path; null for none.</param>
    /// <param name="password">Of the file's key; null for none.</param>
    /// <param name="session">Where the path is relative to.</param>
    /// <param name="isClients">Whether it is a client's, for which no cmdlet takes a password.</param>
    /// <exception cref="SocketToolsException">FileFailed: the file does not exist, can't be read, has no key, or has another password; InvalidOption: not the path of a file; NotSupported: PEM in Windows PowerShell.</exception>
    public static X509Certificate2? Open(object? certificate, SecureString? password, SessionState session, bool isClients = false)
    {
        if (certificate is not string path)
        {
            return (X509Certificate2?)certificate;
        }

        try
        {
            var file = ToFile(path, session);
            var content = File.ReadAllBytes(file);
            RequireContent(content);
            var text = Text(content);
            return text.Contains(PemBegin) ? FromPem(file, text, password)

                // Without PersistKeySet, the file that Windows keeps the key in lasts until the certificate is disposed of.
                : new X509Certificate2(content, password, X509KeyStorageFlags.Exportable);
        }
        catch (Exception exception) when (exception is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new SocketToolsException(
                SocketToolsError.FileFailed,
                Messages.Get(isClients ? "ClientCertificateNotOpened" : "CertificateNotOpened", path, exception.Message.TrimEnd('.')),
                path,
                exception);
        }
    }

    /// <summary>The full path of a file of certificates.</summary>
    /// <exception cref="ArgumentException">It is empty, which PowerShell takes for its location.</exception>
    /// <exception cref="SocketToolsException">FileFailed: it is a folder; InvalidOption: not the path of a file.</exception>
    public static string ToFile(string path, SessionState session)
    {
        if (path.Length == 0)
        {
            throw new ArgumentException(Messages.Get("CertificatePathEmpty"));
        }

        var file = FilePath.ToFull(path, session);

        // Of a folder the system would say that access is denied.
        return Directory.Exists(file)
            ? throw new SocketToolsException(SocketToolsError.FileFailed, Messages.Get("CertificateInFolder", path), path)
            : file;
    }

    /// <summary>A file's text: UTF-8, or what its byte order mark says. Editors and Windows PowerShell write one before PEM too.</summary>
    public static string Text(byte[] content)
    {
        using var reader = new StreamReader(new MemoryStream(content), Encoding.UTF8, detectEncodingFromByteOrderMarks: true);
        return reader.ReadToEnd();
    }

    /// <exception cref="CryptographicException">There is nothing in it, of which .NET makes a certificate that fails later, or an error about an array.</exception>
    public static void RequireContent(byte[] content)
    {
        if (content.Length == 0)
        {
            throw new CryptographicException(Messages.Get("CertificateFileEmpty"));
        }
    }

    private static X509Certificate2 FromPem(string file, string text, SecureString? password)
    {
#if NET
        var key = text.Contains(PemKey) ? text : new[] { Path.ChangeExtension(file, KeyExtension), Path.Combine(Path.GetDirectoryName(file)!, KeyName) }
            .Where(File.Exists).Select(File.ReadAllText).FirstOrDefault(static one => one.Contains(PemKey))
            ?? throw new SocketToolsException(
                SocketToolsError.FileFailed, Messages.Get("CertificateHasNoKey", file, Path.GetFileName(Path.ChangeExtension(file, KeyExtension)), KeyName), file);
        using var made = key.Contains("ENCRYPTED " + PemKey)
            ? X509Certificate2.CreateFromEncryptedPem(text, key, new System.Net.NetworkCredential(string.Empty, password).Password)
            : X509Certificate2.CreateFromPem(text, key);

        // Windows serves TLS with no key that is in memory alone.
        return new X509Certificate2(made.Export(X509ContentType.Pkcs12), (string?)null, X509KeyStorageFlags.Exportable);
#else
        throw new SocketToolsException(SocketToolsError.NotSupported, Messages.Get("PemNotSupported", file), file);
#endif
    }
}
