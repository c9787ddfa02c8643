using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using PSSocketTools.Net;

namespace PSSocketTools.Tls;

/// <summary>The server's side of a TLS handshake: its certificate, and the checks of client certificates.</summary>
/// <param name="certificate">The server's certificate, with its private key.</param>
internal sealed class TlsServer(X509Certificate2 certificate)
{
    private const byte HandshakeRecord = 22;

    /// <summary>
    /// Tells a client that does not speak TLS that this server does: the fatal alert unexpected_message, for a peer that sends no TLS
    /// record (RFC 8446, sections 5 and 6).
    /// </summary>
    public static readonly byte[] NoTlsAlert = [21, 3, 3, 0, 2, 2, 10];

    public bool RequireClientCertificate { get; init; }

    /// <summary>Validates a client's certificate; null for the system's check.</summary>
    public RemoteCertificateValidationCallback? ClientCertificateCheck { get; init; }

    /// <summary>Runs the handshake.</summary>
    /// <param name="connection">The client's connection, which stays open when the handshake fails.</param>
    /// <param name="peekAsync">Waits for the client's first byte, and leaves it in the connection; completes with 0 at the end of input.</param>
    /// <param name="reject">Sends the alert to a client that does not speak TLS.</param>
    /// <exception cref="AuthenticationException">The client does not speak TLS, or the handshake failed.</exception>
    /// <exception cref="IOException">The connection was lost meanwhile.</exception>
    public async Task<SslStream> AcceptAsync(Stream connection, Func<byte[], Task<int>> peekAsync, Action reject)
    {
        // A plaintext client's first message may be shorter than a record header, for which TLS would wait.
        var first = new byte[1];
        var count = await peekAsync(first).ConfigureAwait(false);
        if (count > 0 && first[0] != HandshakeRecord)
        {
            reject();
            throw new AuthenticationException(Messages.Get("ClientSpeaksNoTls"));
        }

        var stream = new SslStream(connection, leaveInnerStreamOpen: true, ClientCertificateCheck);
        try
        {
            await stream.AuthenticateAsServerAsync(
                certificate, RequireClientCertificate, TlsPlatform.Protocols, checkCertificateRevocation: false).ConfigureAwait(false);
            return stream;
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }
}
