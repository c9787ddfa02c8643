using System.Security.Cryptography.X509Certificates;
using System.Text;
using PSSocketTools.Net;

namespace PSSocketTools;

/// <summary>How to reach a server and speak with it; validated once, when the session connects.</summary>
public sealed record SessionOptions
{
    /// <summary>The longest datagram IPv4 can carry (RFC 768, RFC 791).</summary>
    public const int MaxDatagramBytes = Datagram.MaxBytes;

    /// <summary>The session's number, given by who keeps the sessions.</summary>
    public int Id { get; init; }

    /// <summary>The session's name.</summary>
    public string Name { get; init; } = string.Empty;

    /// <summary>A host name or an address.</summary>
    public string ComputerName { get; init; } = AddressName.Localhost;

    /// <summary>1 to 65535; 0 with a Unix socket.</summary>
    public int Port { get; init; }

    /// <summary>What carries the bytes.</summary>
    public SocketProtocol Protocol { get; init; }

    /// <summary>The Unix socket's path, where the protocol is Unix.</summary>
    public string? SocketPath { get; init; }

    /// <summary>Where messages end. A datagram is a message in itself, so that with Udp this must be None.</summary>
    public MessageFraming Framing { get; init; } = MessageFraming.Line;

    /// <summary>How text becomes bytes.</summary>
    public Encoding Encoding { get; init; } = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);

    /// <summary>For resolving, connecting and the TLS handshake together; zero: no end.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long to keep trying until the server is there, each attempt with its own timeout: its name, a route to it, its socket's
    /// path and an answer are waited for. Zero: one attempt.
    /// </summary>
    public TimeSpan WaitFor { get; init; }

    /// <summary>From sending a message until its answer is whole; zero: no end.</summary>
    public TimeSpan ResponseTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The pause that ends a response under None and Auto, in milliseconds.</summary>
    public int IdleGapMilliseconds { get; init; } = 50;

    /// <summary>The longest message sent or received, in bytes.</summary>
    public int MaxMessageBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>Whether to speak TLS.</summary>
    public bool UseTls { get; init; }

    /// <summary>Whether any server certificate will do.</summary>
    public bool SkipCertificateCheck { get; init; }

    /// <summary>The only server certificate that will do: its SHA-1 or SHA-256 thumbprint in hexadecimal. It need not be trusted otherwise.</summary>
    public string? CertificateThumbprint { get; init; }

    /// <summary>The certificate, with its private key, that says who the client is.</summary>
    public X509Certificate2? ClientCertificate { get; init; }

    /// <summary>The far end, as users would write it.</summary>
    public string EndPointName => Protocol == SocketProtocol.Unix ? SocketPath ?? string.Empty : EndPointText.Of(ComputerName, Port);

    internal void Validate()
    {
        if (Protocol == SocketProtocol.Unix ? string.IsNullOrEmpty(SocketPath) : Port is < 1 or > 65535)
        {
            throw Invalid(Messages.Get("SessionNeedsEndPoint"));
        }

        if (Protocol == SocketProtocol.Udp)
        {
            if (Framing != MessageFraming.None)
            {
                throw Invalid(Messages.Get("UdpHasNoFraming", Framing));
            }

            if (UseTls)
            {
                throw Invalid(Messages.Get("UdpHasNoTls"));
            }
        }

        if (!UseTls && (SkipCertificateCheck || CertificateThumbprint is not null || ClientCertificate is not null))
        {
            throw Invalid(Messages.Get("TlsOptionWithoutTls"));
        }

        if (IdleGapMilliseconds < 1 || MaxMessageBytes < 1)
        {
            throw Invalid(Messages.Get("SessionLimitTooSmall"));
        }
    }

    private SocketToolsException Invalid(string message) => new(SocketToolsError.InvalidOption, message, EndPointName);
}
