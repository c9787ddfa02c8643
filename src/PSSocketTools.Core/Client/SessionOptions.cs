using System.Security.Cryptography.X509Certificates;
using System.Text;
using PSSocketTools.Client;
using PSSocketTools.Framing;
using PSSocketTools.Net;
using PSSocketTools.Tls;

namespace PSSocketTools;

/// <summary>How to connect to a server; validated once, when the session connects.</summary>
public sealed record SessionOptions
{
    /// <summary>The longest datagram IPv4 can carry (RFC 768, RFC 791).</summary>
    public const int MaxDatagramBytes = DatagramLimits.MaxBytes;

    /// <summary>The range of <see cref="Port"/> where there is one.</summary>
    public const int LowestPort = PortRange.MinPort, HighestPort = PortRange.MaxPort;

    /// <summary>The session's id.</summary>
    public int Id { get; init; }

    /// <summary>The session's name.</summary>
    public string Name { get; init; } = string.Empty;

    /// <summary>The default of <see cref="ComputerName"/>.</summary>
    public const string DefaultComputerName = NameResolver.Localhost;

    /// <summary>A host name or an address.</summary>
    public string ComputerName { get; init; } = DefaultComputerName;

    /// <summary>0 with a Unix socket.</summary>
    public int Port { get; init; }

    /// <summary>The default of <see cref="Protocol"/>.</summary>
    public const SocketProtocol DefaultProtocol = SocketProtocol.Tcp;

    /// <summary>What carries the bytes.</summary>
    public SocketProtocol Protocol { get; init; } = DefaultProtocol;

    /// <summary>The Unix socket's path, where the protocol is Unix.</summary>
    public string? SocketPath { get; init; }

    /// <summary>Whether to connect to IPv4 addresses alone. Without this and <see cref="IPv6"/> both families are tried.</summary>
    public bool IPv4 { get; init; }

    /// <summary>Whether to connect to IPv6 addresses alone.</summary>
    public bool IPv6 { get; init; }

    /// <summary>The address of this machine to connect from, which limits the family too; null lets the system choose.</summary>
    public string? SourceAddress { get; init; }

    /// <summary>The value of <see cref="SourcePort"/> that lets the system choose, its default.</summary>
    public const int AnySourcePort = 0;

    /// <summary>The port of this machine to connect from: <see cref="LowestPort"/> to <see cref="HighestPort"/>, or <see cref="AnySourcePort"/>.</summary>
    public int SourcePort { get; init; } = AnySourcePort;

    /// <summary>The default of <see cref="Framing"/>.</summary>
    public const MessageFraming DefaultFraming = MessageFraming.Line;

    /// <summary>Where messages end. A datagram is a message in itself, so that with Udp this must be None.</summary>
    public MessageFraming Framing { get; init; } = DefaultFraming;

    /// <summary>What ends messages under Delimiter framing, which needs one; null under others.</summary>
    public MessageDelimiter? Delimiter { get; init; }

    /// <summary>The default of <see cref="LineEnding"/> where there are lines.</summary>
    public const LineEnding DefaultLineEnding = FramingRules.DefaultLineEnding;

    /// <summary>What ends the lines that are sent under Line and Auto framing; null for the default. Those received may end with either.</summary>
    public LineEnding? LineEnding { get; init; }

    /// <summary>The name of the default of <see cref="Encoding"/>, which writes no byte order mark.</summary>
    public const string DefaultEncoding = TextEncoding.Utf8;

    /// <summary>How text becomes bytes.</summary>
    public Encoding Encoding { get; init; } = TextEncoding.Default;

    /// <summary>The default and the range of <see cref="ConnectTimeout"/> in seconds, where there is an end.</summary>
    public const double DefaultConnectTimeoutSeconds = 5, LowestConnectTimeoutSeconds = TimeLimit.LowestSeconds, HighestConnectTimeoutSeconds = TimeLimit.HighestSeconds;

    /// <summary>The time limit for resolving, connecting and the TLS handshake together; zero for none.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(DefaultConnectTimeoutSeconds);

    /// <summary>The default and the range of <see cref="WaitFor"/>, in seconds.</summary>
    public const double DefaultWaitSeconds = 0, LowestWaitSeconds = 0, HighestWaitSeconds = TimeLimit.HighestSeconds;

    /// <summary>
    /// How long to retry until the server is available, each attempt with its own timeout: its name, a route, its socket's path
    /// and an answer are waited for. Zero for a single attempt.
    /// </summary>
    public TimeSpan WaitFor { get; init; } = TimeSpan.FromSeconds(DefaultWaitSeconds);

    /// <summary>The default and the range of <see cref="ResponseTimeout"/>, in seconds.</summary>
    public const double DefaultResponseTimeoutSeconds = 30, LowestResponseTimeoutSeconds = 0, HighestResponseTimeoutSeconds = TimeLimit.HighestSeconds;

    /// <summary>The time limit from sending a message until its response is complete; zero for none.</summary>
    public TimeSpan ResponseTimeout { get; init; } = TimeSpan.FromSeconds(DefaultResponseTimeoutSeconds);

    /// <summary>What becomes of the response to a message whose sender does not say it: a server that sends no sender a response, such as a broadcasting one, has none.</summary>
    public ResponseHandling Response { get; init; } = ResponseHandling.Awaited;

    /// <summary>The default and the range of <see cref="IdleGapMilliseconds"/>.</summary>
    public const int DefaultIdleGapMilliseconds = 50, LowestIdleGapMilliseconds = 1, HighestIdleGapMilliseconds = 3_600_000;

    /// <summary>The pause that ends a response under None and Auto, in milliseconds.</summary>
    public int IdleGapMilliseconds { get; init; } = DefaultIdleGapMilliseconds;

    /// <summary>The default and the range of <see cref="MaxMessageBytes"/>.</summary>
    public const int DefaultMaxMessageBytes = 64 * 1024 * 1024, LowestMaxMessageBytes = 1, HighestMaxMessageBytes = 1024 * 1024 * 1024;

    /// <summary>The longest message sent or received, in bytes.</summary>
    public int MaxMessageBytes { get; init; } = DefaultMaxMessageBytes;

    /// <summary>Whether to use TLS.</summary>
    public bool UseTls { get; init; }

    /// <summary>The name that the client asks for in the TLS handshake (SNI, RFC 6066, section 3) and that the certificate must have; null for <see cref="ComputerName"/>.</summary>
    public string? ServerName { get; init; }

    /// <summary>The versions of TLS to offer; null lets the system choose.</summary>
    public TlsVersions? TlsProtocol { get; init; }

    /// <summary>Whether to accept any server certificate.</summary>
    public bool SkipCertificateCheck { get; init; }

    /// <summary>The SHA-1 or SHA-256 thumbprint, in hexadecimal, of the only server certificate to accept, which need not be trusted otherwise.</summary>
    public string? CertificateThumbprint { get; init; }

    /// <summary>The client's certificate, with its private key.</summary>
    public X509Certificate2? ClientCertificate { get; init; }

    /// <summary>Whether connecting waits for the server, instead of trying once.</summary>
    internal bool Waits => WaitFor > TimeSpan.Zero;

    /// <summary>Whether only a pause shows where a response ends, so that one request at a time can be pending.</summary>
    internal bool EndsByPause => Framing is MessageFraming.None or MessageFraming.Auto && Protocol != SocketProtocol.Udp;

    /// <summary>The remote endpoint, as users would write it.</summary>
    public string EndPointName => Protocol == SocketProtocol.Unix ? SocketPath ?? string.Empty : EndPointText.Of(ComputerName, Port);

    internal void Validate()
    {
        if (Protocol == SocketProtocol.Unix ? string.IsNullOrEmpty(SocketPath) : Port is < LowestPort or > HighestPort)
        {
            throw Invalid(Messages.Get("SessionNeedsEndPoint"));
        }

        if (Protocol == SocketProtocol.Udp)
        {
            RefuseWithUdp(nameof(Delimiter), Delimiter is not null);
            RefuseWithUdp(nameof(LineEnding), LineEnding is not null);
            if (Framing != MessageFraming.None)
            {
                throw Invalid(Messages.Get("UdpHasNoFraming", Framing));
            }

            if (UseTls)
            {
                throw Invalid(Messages.Get("UdpHasNoTls"));
            }
        }

        FramingRules.Require(Framing, Delimiter, LineEnding);
        RequireTls();
        _ = new SourceBinding(this);

        OptionRange.Require(ConnectTimeout, 0, HighestConnectTimeoutSeconds);
        OptionRange.Require(WaitFor, LowestWaitSeconds, HighestWaitSeconds);
        OptionRange.Require(ResponseTimeout, LowestResponseTimeoutSeconds, HighestResponseTimeoutSeconds);
        OptionRange.Require(IdleGapMilliseconds, LowestIdleGapMilliseconds, HighestIdleGapMilliseconds);
        OptionRange.Require(MaxMessageBytes, LowestMaxMessageBytes, HighestMaxMessageBytes);
    }

    private void RequireTls()
    {
        if (UseTls)
        {
            if (ServerName is not null && Uri.CheckHostName(ServerName) == UriHostNameType.Unknown)
            {
                throw Invalid(Messages.Get("ServerNameNotValid", ServerName));
            }

            if (TlsProtocol is { } versions)
            {
                RequireVersions(versions);
            }

            if (ClientCertificate is { HasPrivateKey: false })
            {
                throw new SocketToolsException(
                    SocketToolsError.InvalidOption, Messages.Get("ClientCertificateWithoutKey", ClientCertificate.Subject), ClientCertificate);
            }

            return;
        }

        var given = SkipCertificateCheck ? nameof(SkipCertificateCheck)
            : CertificateThumbprint is not null ? nameof(CertificateThumbprint)
            : ClientCertificate is not null ? nameof(ClientCertificate)
            : ServerName is not null ? nameof(ServerName)
            : TlsProtocol is not null ? nameof(TlsProtocol)
            : null;
        if (given is not null)
        {
            throw Invalid(Messages.Get("TlsOptionWithoutTls", Messages.Name(given)));
        }
    }

    private void RequireVersions(TlsVersions versions)
    {
        const TlsVersions All = TlsVersions.Tls12 | TlsVersions.Tls13;
        if ((versions & All) == 0 || (versions & ~All) != 0)
        {
            var option = Messages.Name(nameof(TlsProtocol));
            throw Invalid(Messages.Get("OptionOutOfRange", option, versions, TlsVersions.Tls12, TlsVersions.Tls13));
        }

        if (!TlsPlatform.Has(versions))
        {
            throw new SocketToolsException(SocketToolsError.NotSupported, Messages.Get("TlsVersionNotSupported"), EndPointName);
        }
    }

    private void RefuseWithUdp(string option, bool given)
    {
        if (given)
        {
            throw Invalid(Messages.Get("OptionsExclude", Messages.Name(option), Messages.Name("Protocol Udp")));
        }
    }

    private SocketToolsException Invalid(string message) => new(SocketToolsError.InvalidOption, message, EndPointName);
}
