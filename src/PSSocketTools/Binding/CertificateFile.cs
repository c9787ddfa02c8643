using System.Management.Automation;
using System.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PSSocketTools.Resources;

namespace PSSocketTools.Binding;

/// <summary>Gets the certificate that a user gave: the object itself, or the path of a PFX file.</summary>
internal static class CertificateFile
{
    /// <exception cref="SocketToolsException">FileFailed: the file does not exist, can't be read, or has another password; InvalidOption: not the path of a file.</exception>
    public static X509Certificate2? Open(object? certificate, SecureString? password, SessionState session)
    {
        if (certificate is not string path)
        {
            return (X509Certificate2?)certificate;
        }

        try
        {
            var file = FilePath.ToFull(path, session);
            if (Directory.Exists(file))
            {
                // The system would say that access is denied.
                throw new SocketToolsException(SocketToolsError.FileFailed, Messages.Get("CertificateInFolder", path), path);
            }

            var content = File.ReadAllBytes(file);
            // Without PersistKeySet, the file that Windows keeps the key in lasts until the certificate is disposed of.
            return new X509Certificate2(content, password, X509KeyStorageFlags.Exportable);
        }
        catch (Exception exception) when (exception is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new SocketToolsException(SocketToolsError.FileFailed, Messages.Get("CertificateNotOpened", path, exception.Message.TrimEnd('.')), path, exception);
        }
    }
}
