using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using PSSocketTools.Net;

namespace PSSocketTools.Tls;

/// <summary>The server's side of a TLS handshake: its certificate, and the checks of client certificates.</summary>
/// <param name="certificate">The server's certificate, with its private key.</param>
internal sealed class TlsServer(X509Certificate2 certificate)
{
    private const byte HandshakeRecord = 22;

    // The fatal alert unexpected_message, for a peer that sends no TLS record (RFC 8446, sections 5 and 6).
    private static readonly byte[] NoTlsAlert = [21, 3, 3, 0, 2, 2, 10];

    public bool RequireClientCertificate { get; init; }

    /// <summary>Validates a client's certificate; null for the system's check.</summary>
    public RemoteCertificateValidationCallback? ClientCertificateCheck { get; init; }

    /// <summary>Sends the alert that tells a client which does not speak TLS that this server does; a client that has gone is no error.</summary>
    /// <remarks>It does not block, because little or nothing was sent to the client before.</remarks>
    public static void SendNoTlsAlert(Socket socket) => socket.Send(NoTlsAlert, 0, NoTlsAlert.Length, SocketFlags.None, out _);

    /// <summary>Runs the handshake.</summary>
    /// <param name="socket">The client's socket, on which the alert is sent to a client that does not speak TLS.</param>
    /// <param name="connection">The stream over that socket, which stays open when the handshake fails.</param>
    /// <exception cref="AuthenticationException">The client does not speak TLS, or the handshake failed.</exception>
    /// <exception cref="IOException">The connection was lost meanwhile.</exception>
    public async Task<SslStream> AcceptAsync(Socket socket, Stream connection)
    {
        // A plaintext client's first message may be shorter than a record header, for which TLS would wait.
        var first = new byte[1];
        var count = await socket.ReceiveAsync(new ArraySegment<byte>(first), SocketFlags.Peek).ConfigureAwait(false);
        if (count > 0 && first[0] != HandshakeRecord)
        {
            SendNoTlsAlert(socket);
            socket.Shutdown(SocketShutdown.Send);
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
