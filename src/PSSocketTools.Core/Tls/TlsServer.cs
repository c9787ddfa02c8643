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

    /// <summary>Which certificate a client must send; null for none.</summary>
    public ClientTrust? ClientTrust { get; init; }

    /// <summary>Runs the handshake.</summary>
    /// <param name="connection">The client's connection, which stays open when the handshake fails.</param>
    /// <param name="peekAsync">Waits for the client's first byte, and leaves it in the connection; completes with 0 at the end of input.</param>
    /// <param name="reject">Sends the alert to a client that does not speak TLS.</param>
    /// <returns>The stream, and the client's certificate; null where none was asked for.</returns>
    /// <exception cref="ClientCertificateException">The client's certificate was refused, or is missing.</exception>
    /// <exception cref="AuthenticationException">The client does not speak TLS, or the handshake failed.</exception>
    /// <exception cref="IOException">The connection was lost meanwhile.</exception>
    public async Task<(SslStream Stream, PeerCertificate? Client)> AcceptAsync(Stream connection, Func<byte[], Task<int>> peekAsync, Action reject)
    {
        // A plaintext client's first message may be shorter than a record header, for which TLS would wait.
        var first = new byte[1];
        var count = await peekAsync(first).ConfigureAwait(false);
        if (count > 0 && first[0] != HandshakeRecord)
        {
            reject();
            throw new AuthenticationException(Messages.Get("ClientSpeaksNoTls"));
        }

        PeerCertificate? client = null;
        string? refusal = null;
        var stream = new SslStream(
            connection,
            leaveInnerStreamOpen: true,
            ClientTrust is not { } trust ? null : (_, shown, chain, errors) =>
            {
                client = trust.Check(shown, chain, errors, out refusal);
                return refusal is null;
            });
        try
        {
            await stream.AuthenticateAsServerAsync(
                certificate, ClientTrust is not null, TlsPlatform.Protocols, checkCertificateRevocation: false).ConfigureAwait(false);
            return (stream, client);
        }
        catch (Exception exception)
        {
            stream.Dispose();
            if (refusal is not null)
            {
                throw new ClientCertificateException(refusal, exception);
            }

            throw;
        }
    }
}
