using System.Net;
using System.Security.Cryptography.X509Certificates;
using PSSocketTools.Net;
using PSSocketTools.Platform;
using PSSocketTools.Server.Journal;
using PSSocketTools.Tls;

namespace PSSocketTools;

/// <summary>The options of an echo server: immutable, and validated when it starts.</summary>
public sealed record EchoServerOptions : ConversationOptions
{
    /// <summary>The server's number, which whoever starts several keeps unique.</summary>
    public int Id { get; init; } = 1;

    /// <summary>The server's name; null for one made of its id.</summary>
    public string? Name { get; init; }

    /// <summary>The default and the range of <see cref="Port"/>.</summary>
    public const int DefaultPort = 0, LowestPort = IPEndPoint.MinPort, HighestPort = IPEndPoint.MaxPort;

    /// <summary>The port to listen on; 0 lets the system pick one of its ephemeral ports (RFC 6335, section 6).</summary>
    public int Port { get; init; } = DefaultPort;

    /// <summary>The default of <see cref="Address"/>.</summary>
    public const string DefaultAddress = NameResolver.Localhost;

    /// <summary>Where to listen: an address of this machine, a name, 'localhost' for both loopback addresses or 'Any' for all.</summary>
    public string Address { get; init; } = DefaultAddress;

    /// <summary>The default of <see cref="Protocol"/>.</summary>
    public const SocketProtocol DefaultProtocol = SocketProtocol.Tcp;

    /// <summary>What carries the bytes; Unix when <see cref="SocketPath"/> is given.</summary>
    public SocketProtocol Protocol { get; init; } = DefaultProtocol;

    /// <summary>The path of the Unix domain socket to listen on; null for a port.</summary>
    public string? SocketPath { get; init; }

    /// <summary>Whether clients are served one at a time, in the order of connecting.</summary>
    public bool IsSequential { get; init; }

    /// <summary>The default and the range of <see cref="BufferSize"/>.</summary>
    public const int DefaultBufferSize = 65536, LowestBufferSize = 1, HighestBufferSize = 16 * 1024 * 1024;

    /// <summary>How many bytes one receive takes at most.</summary>
    public int BufferSize { get; init; } = DefaultBufferSize;

    /// <summary>The default and the range of <see cref="Backlog"/>.</summary>
    public const int DefaultBacklog = 512, LowestBacklog = 1, HighestBacklog = 65535;

    /// <summary>How many connections the system holds that were not accepted yet; systems may hold fewer.</summary>
    public int Backlog { get; init; } = DefaultBacklog;

    /// <summary>The default and the range of <see cref="MaxConnections"/>.</summary>
    public const int DefaultMaxConnections = 4096, LowestMaxConnections = 1, HighestMaxConnections = int.MaxValue;

    /// <summary>
    /// How many connections are served at once; others are rejected. Over UDP, which has none: how many responses that take time,
    /// for a responder or a fault, may be pending at once; a datagram that would need one more is dropped.
    /// </summary>
    public int MaxConnections { get; init; } = DefaultMaxConnections;

    /// <summary>The addresses and CIDR blocks that may connect; empty for all.</summary>
    public IReadOnlyList<string> AllowFrom { get; init; } = [];

    /// <summary>The certificate to serve TLS with, its private key included; null for no TLS.</summary>
    public X509Certificate2? Certificate { get; init; }

    /// <summary>
    /// Whether the certificate is the server's own, disposed of when it has stopped or does not start: until then Windows
    /// keeps a file with the private key of one made in memory or read from a PFX.
    /// </summary>
    public bool OwnsCertificate { get; init; }

    /// <summary>
    /// Whether a client must send a certificate (RFC 8446, section 4.3.2), which is valid, made for clients, and trusted by this machine
    /// or as <see cref="TrustedClientCertificates"/> and <see cref="TrustedClientThumbprints"/> say.
    /// </summary>
    public bool RequireClientCertificate { get; init; }

    /// <summary>
    /// The certificates that clients must have, or that must have issued theirs, whatever this machine trusts; those that are not empty
    /// require one.
    /// </summary>
    public IReadOnlyList<X509Certificate2> TrustedClientCertificates { get; init; } = [];

    /// <summary>
    /// The SHA-1 or SHA-256 thumbprints, in hexadecimal, of client certificates to accept, which need not be valid otherwise; those that
    /// are not empty require one.
    /// </summary>
    public IReadOnlyList<string> TrustedClientThumbprints { get; init; } = [];

    /// <summary>The default and the range of <see cref="EventCapacity"/>.</summary>
    public const int DefaultEventCapacity = 10_000, LowestEventCapacity = 0, HighestEventCapacity = 10_000_000;

    /// <summary>How many events the journal holds.</summary>
    public int EventCapacity { get; init; } = DefaultEventCapacity;

    /// <summary>The default and the range of <see cref="EventMessageBytes"/>.</summary>
    public const int DefaultEventMessageBytes = EventJournal.DefaultMessageBytes, LowestEventMessageBytes = 0, HighestEventMessageBytes = JournalRing.MaxBytes;

    /// <summary>
    /// How many bytes of one message its event keeps, in the journal and in the log. The journal keeps no more than the highest
    /// in all.
    /// </summary>
    public int EventMessageBytes { get; init; } = DefaultEventMessageBytes;

    /// <summary>The default and the range of <see cref="StopAfter"/>, in seconds.</summary>
    public const double DefaultStopAfterSeconds = 0, LowestStopAfterSeconds = 0, HighestStopAfterSeconds = TimeLimit.HighestSeconds;

    /// <summary>How long the server listens before it stops by itself; zero for no limit.</summary>
    public TimeSpan StopAfter { get; init; } = TimeSpan.FromSeconds(DefaultStopAfterSeconds);

    /// <summary>The default and the range of <see cref="StopAfterConnections"/>.</summary>
    public const int DefaultStopAfterConnections = 0, LowestStopAfterConnections = 0, HighestStopAfterConnections = int.MaxValue;

    /// <summary>The server stops by itself when so many connections have ended; 0 for no limit.</summary>
    public int StopAfterConnections { get; init; } = DefaultStopAfterConnections;

    /// <summary>The file that gets every event as a line of JSON; null for none.</summary>
    public string? LogPath { get; init; }

    /// <inheritdoc/>
    internal override string ServerName => Name ?? $"EchoServer{Id}";

    /// <summary>The name of the transport, for tests; null to choose by the environment and the system.</summary>
    internal string? Transport { get; init; }

    /// <summary>The time limit of a TLS handshake; tests use a shorter one.</summary>
    internal TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The limit on concurrent TLS handshakes, beside the connections served; tests use a lower one.</summary>
    internal int MaxHandshakes { get; init; } = 1024;

    /// <summary>The clock; tests replace it.</summary>
    internal Clock Clock { get; init; } = Clock.System;

    /// <summary>The resolver of names; tests replace it.</summary>
    internal Func<string, Task<IPAddress[]>> Resolver { get; init; } = Dns.GetHostAddressesAsync;

    /// <summary>Whether a client must send a certificate, whatever says so.</summary>
    internal bool RequiresClientCertificate => RequireClientCertificate || TrustedClientCertificates.Count + TrustedClientThumbprints.Count > 0;

    /// <summary>What carries the bytes, a path considered.</summary>
    internal SocketProtocol ActualProtocol => SocketPath is null ? Protocol : SocketProtocol.Unix;

    /// <summary>Whether a client's address may connect; null when all may.</summary>
    /// <exception cref="SocketToolsException">InvalidOption, with what is neither an address nor a block.</exception>
    internal Func<IPAddress, bool>? ToFilter()
    {
        if (AllowFrom.Count == 0)
        {
            return null;
        }

        return new AddressFilter(AllowFrom.Select(AddressBlock.Parse)).Contains;
    }

    /// <inheritdoc/>
    private protected override void Validate()
    {
        OptionRange.Require(Port, LowestPort, HighestPort);
        OptionRange.Require(BufferSize, LowestBufferSize, HighestBufferSize);
        OptionRange.Require(Backlog, LowestBacklog, HighestBacklog);
        OptionRange.Require(MaxConnections, LowestMaxConnections, HighestMaxConnections);
        OptionRange.Require(EventCapacity, LowestEventCapacity, HighestEventCapacity);
        OptionRange.Require(StopAfter, LowestStopAfterSeconds, HighestStopAfterSeconds);
        OptionRange.Require(StopAfterConnections, LowestStopAfterConnections, HighestStopAfterConnections);
        OptionRange.Require(EventMessageBytes, LowestEventMessageBytes, HighestEventMessageBytes);
        OptionRules.RefuseTogether(nameof(IsBroadcasting), IsBroadcasting && IsSequential, nameof(IsSequential));
        base.Validate();
        RequireProtocol();
    }

    private void RequireProtocol()
    {
        if (ActualProtocol == SocketProtocol.Unix)
        {
            if (SocketPath is null)
            {
                throw OptionRules.Missing(nameof(Protocol) + " Unix", nameof(SocketPath));
            }

            OptionRules.RefuseTogether(nameof(SocketPath), Port != 0, nameof(Port));
            OptionRules.RefuseTogether(nameof(SocketPath), Protocol == SocketProtocol.Udp, nameof(Protocol) + " Udp");
            OptionRules.RefuseTogether(nameof(SocketPath), AllowFrom.Count > 0, nameof(AllowFrom));
            OptionRules.RefuseTogether(nameof(SocketPath), Address != NameResolver.Localhost, nameof(Address));
        }

        if (Protocol == SocketProtocol.Udp)
        {
            const string Udp = nameof(Protocol) + " Udp";
            OptionRules.RefuseTogether(nameof(IsSequential), IsSequential, Udp);
            OptionRules.RefuseTogether(nameof(IsBroadcasting), IsBroadcasting, Udp);
            OptionRules.RefuseTogether(nameof(Certificate), Certificate is not null, Udp);
            OptionRules.RefuseTogether(nameof(Greeting), Greeting is not null, Udp);
            OptionRules.RefuseTogether(nameof(IdleTimeout), IdleTimeout > TimeSpan.Zero, Udp);
            OptionRules.RefuseTogether(nameof(StopAfterConnections), StopAfterConnections > 0, Udp);
            OptionRules.RefuseTogether(nameof(DisconnectAfter), DisconnectAfter > 0, Udp);
            OptionRules.RefuseTogether(nameof(ResetAfter), ResetAfter > 0, Udp);
            OptionRules.RefuseTogether(nameof(FragmentBytes), FragmentBytes > 0, Udp);
            OptionRules.RefuseTogether(nameof(Framing) + " LengthPrefix", Framing == MessageFraming.LengthPrefix, Udp);
            OptionRules.RefuseTogether(nameof(Delimiter), Delimiter is not null, Udp);
            OptionRules.RefuseTogether(nameof(LineEnding), LineEnding is not null, Udp);
        }

        if (Certificate is { HasPrivateKey: false })
        {
            throw new SocketToolsException(SocketToolsError.InvalidOption, Messages.Get("CertificateWithoutKey", Certificate.Subject), Certificate);
        }

        if (RequiresClientCertificate && Certificate is null)
        {
            throw OptionRules.Missing(
                RequireClientCertificate ? nameof(RequireClientCertificate) : nameof(TrustedClientCertificates),
                nameof(Certificate),
                nameof(SelfSignedCertificate));
        }

        if (TrustedClientThumbprints.FirstOrDefault(static one => !Thumbprint.IsOne(one)) is { } wrong)
        {
            throw OptionRules.Invalid(wrong, "ThumbprintNotValid", wrong);
        }
    }
}
