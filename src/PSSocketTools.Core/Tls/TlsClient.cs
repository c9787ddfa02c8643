using System.ComponentModel;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using PSSocketTools.Net;
using PSSocketTools.Platform;

namespace PSSocketTools.Tls;

/// <summary>The client's side of a TLS handshake: checks the server's certificate, and explains failures.</summary>
/// <param name="hostName">The name to ask for (SNI), which the server's certificate must have.</param>
/// <param name="endPointName">The server, as users would write it.</param>
internal sealed class TlsClient(string hostName, string endPointName)
{
    /// <summary>The client's certificate, with its private key; null for none.</summary>
    public X509Certificate2? Certificate { get; init; }

    /// <summary>The SHA-1 or SHA-256 thumbprint, in hexadecimal, of the only server certificate to accept; null for any trusted one.</summary>
    public string? Thumbprint { get; init; }

    /// <summary>Whether to accept any server certificate.</summary>
    public bool SkipCertificateCheck { get; init; }

    /// <summary>The versions to offer; null lets the system choose.</summary>
    public TlsVersions? Versions { get; init; }

    /// <summary>Runs the handshake.</summary>
    /// <returns>The stream, which owns the socket, and what was agreed on; null when the time passed first. A failed handshake closes the socket.</returns>
    /// <exception cref="SocketToolsException">TlsFailed.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public (SslStream Stream, TlsFacts Facts)? Connect(Socket socket, Deadline deadline, CancellationToken cancellationToken)
    {
        PeerCertificate? peer = null;
        bool? isAccepted = null;
        var wasAsked = false;
        var stream = new SslStream(
            new NetworkStream(socket, ownsSocket: true),
            leaveInnerStreamOpen: false,
            (_, certificate, chain, errors) =>
            {
                peer = certificate is null ? null : PeerCertificate.OfServer(certificate, hostName, chain, errors);
                isAccepted = Accepts(certificate, errors);
                return isAccepted.Value;
            },
            (_, _, _, server, issuers) =>
            {
                // .NET asks before the handshake too. The certificate is sent whatever issuers the server names, so that the server's
                // own answer is seen.
                wasAsked |= server is not null || issuers.Length > 0;
                return Certificate!;
            });
        try
        {
            var handshake = Complete(stream.AuthenticateAsClientAsync(hostName, [], TlsPlatform.ToSystem(Versions), false));
            if (!handshake.Wait(deadline.Milliseconds, cancellationToken, out _))
            {
                stream.Dispose();
                return null;
            }

            var hasSent = Certificate is null ? false : TlsPlatform.HasSentCertificate(stream);
            return (stream, new TlsFacts(stream.SslProtocol.ToString(), TlsPlatform.CipherSuite(stream), peer, wasAsked ? true : hasSent, hasSent == true));
        }
        catch (Exception exception) when (exception is AuthenticationException or IOException or SocketException or Win32Exception)
        {
            stream.Dispose();
            throw new SocketToolsException(
                SocketToolsError.TlsFailed,
                isAccepted == false ? Refusal(peer)
                    : TlsAlerts.Within(exception) is { } alert and not TlsAlert.ProtocolVersion ? TlsAlerts.Explain(alert, endPointName, Certificate, wasAsked)
                    // Without a certificate and a socket error, the peer did not send TLS, and the library's message would only confuse.
                    : isAccepted is null && SocketErrors.Within(exception) is null ? NotSpoken()
                    : Messages.Get("TlsFailed", endPointName, (exception.InnerException ?? exception).Message.TrimEnd('.')),
                endPointName,
                exception);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    private string NotSpoken() =>
        Versions is { } versions ? Messages.Get("TlsVersionNotSpoken", endPointName, versions) : Messages.Get("TlsNotSpoken", endPointName);

    private static async Task<bool> Complete(Task handshake)
    {
        await handshake.ConfigureAwait(false);
        return true;
    }

    private bool Accepts(X509Certificate? certificate, SslPolicyErrors errors) => Thumbprint is { } pinned
        ? certificate is not null && Tls.Thumbprint.IsOf(pinned, certificate)
        : errors == SslPolicyErrors.None || SkipCertificateCheck;

    /// <summary>Why a certificate is rejected, and the way out.</summary>
    private string Refusal(PeerCertificate? peer) =>
        peer is null ? Messages.Get("TlsNoCertificate", endPointName)
        : Thumbprint is not null ? Messages.Get("TlsNotPinned", endPointName, peer.Names, peer.NotBefore, peer.NotAfter, peer.Thumbprint)
        : Messages.Get("TlsRefused", endPointName, peer.Problem(), peer.Names, peer.NotBefore, peer.NotAfter, peer.Advice(), peer.Thumbprint);
}
