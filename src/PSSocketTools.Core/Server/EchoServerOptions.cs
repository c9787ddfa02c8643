using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using PSSocketTools.Framing;
using PSSocketTools.Net;
using PSSocketTools.Platform;
using PSSocketTools.Server.Conversations;
using PSSocketTools.Server.Journal;

namespace PSSocketTools;

/// <summary>The options of an echo server: immutable, and validated when it starts.</summary>
public sealed record EchoServerOptions
{
    /// <summary>Its id.</summary>
    public int Id { get; init; } = 1;

    /// <summary>Its name; null for one made of its id.</summary>
    public string? Name { get; init; }

    /// <summary>The default and the range of <see cref="Port"/>.</summary>
    public const int DefaultPort = 0, LowestPort = IPEndPoint.MinPort, HighestPort = IPEndPoint.MaxPort;

    /// <summary>The port to listen on; 0 lets the system pick one of its ephemeral ports (RFC 6335, section 6).</summary>
    public int Port { get; init; } = DefaultPort;

    /// <summary>The default of <see cref="Address"/>.</summary>
    public const string DefaultAddress = AddressName.Localhost;

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

    /// <summary>The default of <see cref="Framing"/>.</summary>
    public const MessageFraming DefaultFraming = MessageFraming.Auto;

    /// <summary>Where a message ends, when an option needs message boundaries.</summary>
    public MessageFraming Framing { get; init; } = DefaultFraming;

    /// <summary>What ends messages under Delimiter framing, which needs one; null under others.</summary>
    public MessageDelimiter? Delimiter { get; init; }

    /// <summary>The default of <see cref="LineEnding"/> where there are lines.</summary>
    public const LineEnding DefaultLineEnding = FramingOptions.DefaultLineEnding;

    /// <summary>
    /// What ends the lines that the server sends unasked, as the greeting, under Line and Auto framing; null for the default. A
    /// response ends as its message did.
    /// </summary>
    public LineEnding? LineEnding { get; init; }

    /// <summary>The default and the range of <see cref="IdleGapMilliseconds"/>.</summary>
    public const int DefaultIdleGapMilliseconds = 20, LowestIdleGapMilliseconds = 1, HighestIdleGapMilliseconds = 60_000;

    /// <summary>With Auto framing, how long a sender pauses before what it sent counts as a message, in milliseconds.</summary>
    public int IdleGapMilliseconds { get; init; } = DefaultIdleGapMilliseconds;

    /// <summary>The format of the response, with <c>{0}</c> or named fields; null for the message itself.</summary>
    public string? ResponseFormat { get; init; }

    /// <summary>The default of <see cref="Transform"/>.</summary>
    public const ResponseTransform DefaultTransform = ResponseTransform.None;

    /// <summary>How the message is transformed for the response.</summary>
    public ResponseTransform Transform { get; init; } = DefaultTransform;

    /// <summary>Computes the responses instead; disposed of with the server.</summary>
    public IMessageResponder? Responder { get; init; }

    /// <summary>Whether messages are discarded without a response (RFC 863).</summary>
    public bool IsDiscarding { get; init; }

    /// <summary>What a client gets when the responder fails; null closes its connection.</summary>
    public string? ErrorResponse { get; init; }

    /// <summary>Messages that end a conversation, in any case and with any white space around.</summary>
    public IReadOnlyList<string> ExitCommand { get; init; } = [];

    /// <summary>The response to an exit command; null for none.</summary>
    public string? Farewell { get; init; }

    /// <summary>What a client is sent when it connects; null for nothing.</summary>
    public string? Greeting { get; init; }

    /// <summary>The name of the default of <see cref="Encoding"/>, which writes no byte order mark.</summary>
    public const string DefaultEncoding = TextEncoding.Utf8;

    /// <summary>
    /// The encoding of text on the wire. Bytes that are not valid in it read as U+FFFD, whatever its own fallback;
    /// characters it does not have are written as its own fallback says, or as a question mark where that throws.
    /// </summary>
    public Encoding Encoding { get; init; } = TextEncoding.Default;

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

    /// <summary>How many connections are served at once; others are rejected.</summary>
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

    /// <summary>Whether a client must show a certificate that this machine trusts.</summary>
    public bool RequireClientCertificate { get; init; }

    /// <summary>The default and the range of <see cref="MaxMessageBytes"/>.</summary>
    public const int DefaultMaxMessageBytes = 1024 * 1024, LowestMaxMessageBytes = 1, HighestMaxMessageBytes = 1024 * 1024 * 1024;

    /// <summary>How long a message may be, in bytes.</summary>
    public int MaxMessageBytes { get; init; } = DefaultMaxMessageBytes;

    /// <summary>The default and the range of <see cref="IdleTimeout"/>, in seconds.</summary>
    public const double DefaultIdleTimeoutSeconds = 0, LowestIdleTimeoutSeconds = 0, HighestIdleTimeoutSeconds = TimeLimit.HighestSeconds;

    /// <summary>
    /// The idle timeout: how long a client may neither send nor acknowledge anything; zero for no limit. The time that the server
    /// takes for a response does not count.
    /// </summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(DefaultIdleTimeoutSeconds);

    /// <summary>The default and the range of <see cref="MinDelayMilliseconds"/> and <see cref="MaxDelayMilliseconds"/>.</summary>
    public const int DefaultDelayMilliseconds = 0, LowestDelayMilliseconds = 0, HighestDelayMilliseconds = 600_000;

    /// <summary>The minimum delay of a response, in milliseconds.</summary>
    public int MinDelayMilliseconds { get; init; } = DefaultDelayMilliseconds;

    /// <summary>The maximum delay of a response, in milliseconds; not less than the minimum.</summary>
    public int MaxDelayMilliseconds { get; init; } = DefaultDelayMilliseconds;

    /// <summary>The default and the range of <see cref="DisconnectAfter"/>.</summary>
    public const int DefaultDisconnectAfter = 0, LowestDisconnectAfter = 0, HighestDisconnectAfter = int.MaxValue;

    /// <summary>Closes a connection (FIN) after the responses to so many messages; 0 for never.</summary>
    public int DisconnectAfter { get; init; } = DefaultDisconnectAfter;

    /// <summary>The default and the range of <see cref="ResetAfter"/>.</summary>
    public const int DefaultResetAfter = 0, LowestResetAfter = 0, HighestResetAfter = int.MaxValue;

    /// <summary>Resets a connection (RST) after the responses to so many messages; 0 for never.</summary>
    public int ResetAfter { get; init; } = DefaultResetAfter;

    /// <summary>The default and the range of <see cref="FragmentBytes"/>.</summary>
    public const int DefaultFragmentBytes = 0, LowestFragmentBytes = 0, HighestFragmentBytes = int.MaxValue;

    /// <summary>Sends responses in fragments of so many bytes; 0 for whole.</summary>
    public int FragmentBytes { get; init; } = DefaultFragmentBytes;

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

    /// <summary>The file that gets every event as a line of JSON; null for none.</summary>
    public string? LogPath { get; init; }

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

    /// <summary>Validates a client's certificate, for tests; null for the system's check.</summary>
    internal RemoteCertificateValidationCallback? ClientCertificateCheck { get; init; }

    /// <summary>What carries the bytes, a path considered.</summary>
    internal SocketProtocol ActualProtocol => SocketPath is null ? Protocol : SocketProtocol.Unix;

    /// <summary>Whether an option needs message boundaries; otherwise bytes are echoed as received.</summary>
    internal bool IsPlain =>
        Framing is MessageFraming.Auto or MessageFraming.None
        && ResponseFormat is null && Transform == ResponseTransform.None && Responder is null && ExitCommand.Count == 0
        && MaxDelayMilliseconds == 0 && DisconnectAfter == 0 && ResetAfter == 0;

    /// <summary>What is broken on purpose, in words; empty for nothing.</summary>
    internal string DescribeFaults()
    {
        var faults = new List<string>();
        if (MaxDelayMilliseconds > 0)
        {
            faults.Add(MinDelayMilliseconds == MaxDelayMilliseconds
                ? $"ResponseDelayMilliseconds {MaxDelayMilliseconds}"
                : $"ResponseDelayMilliseconds {MinDelayMilliseconds}-{MaxDelayMilliseconds}");
        }

        if (DisconnectAfter > 0)
        {
            faults.Add($"DisconnectAfter {DisconnectAfter}");
        }

        if (ResetAfter > 0)
        {
            faults.Add($"ResetAfter {ResetAfter}");
        }

        if (FragmentBytes > 0)
        {
            faults.Add($"FragmentBytes {FragmentBytes}");
        }

        return string.Join(", ", faults);
    }

    /// <summary>Validates the options and compiles them for conversations.</summary>
    /// <exception cref="SocketToolsException">InvalidOption, with the option's name.</exception>
    internal ConversationPlan ToPlan()
    {
        OptionRange.Require(nameof(Port), Port, LowestPort, HighestPort);
        OptionRange.Require(nameof(IdleGapMilliseconds), IdleGapMilliseconds, LowestIdleGapMilliseconds, HighestIdleGapMilliseconds);
        OptionRange.Require(nameof(BufferSize), BufferSize, LowestBufferSize, HighestBufferSize);
        OptionRange.Require(nameof(Backlog), Backlog, LowestBacklog, HighestBacklog);
        OptionRange.Require(nameof(MaxConnections), MaxConnections, LowestMaxConnections, HighestMaxConnections);
        OptionRange.Require(nameof(MaxMessageBytes), MaxMessageBytes, LowestMaxMessageBytes, HighestMaxMessageBytes);
        OptionRange.Require(nameof(MinDelayMilliseconds), MinDelayMilliseconds, LowestDelayMilliseconds, HighestDelayMilliseconds);
        OptionRange.Require(nameof(MaxDelayMilliseconds), MaxDelayMilliseconds, MinDelayMilliseconds, HighestDelayMilliseconds);
        OptionRange.Require(nameof(DisconnectAfter), DisconnectAfter, LowestDisconnectAfter, HighestDisconnectAfter);
        OptionRange.Require(nameof(ResetAfter), ResetAfter, LowestResetAfter, HighestResetAfter);
        OptionRange.Require(nameof(FragmentBytes), FragmentBytes, LowestFragmentBytes, HighestFragmentBytes);
        OptionRange.Require(nameof(EventCapacity), EventCapacity, LowestEventCapacity, HighestEventCapacity);
        OptionRange.Require(nameof(EventMessageBytes), EventMessageBytes, LowestEventMessageBytes, HighestEventMessageBytes);
        OptionRange.Require(nameof(IdleTimeout), IdleTimeout, LowestIdleTimeoutSeconds, HighestIdleTimeoutSeconds);
        if (IdleTimeout > TimeSpan.Zero && IdleTimeout < TimeSpan.FromSeconds(TimeLimit.LowestSeconds))
        {
            throw Refused(nameof(IdleTimeout), "IdleTimeoutTooShort", IdleTimeout.TotalSeconds);
        }

        RequireTogether();
        RequireProtocol();

        var encoding = TextEncoding.ReplacingBothWays(Encoding);
        var writer = new FrameWriter(Framing, LineEnding ?? DefaultLineEnding, Delimiter);
        return new ConversationPlan
        {
            Framing = Framing,
            Delimiter = Delimiter,
            Writer = writer,
            IsPlain = IsPlain,
            IsDiscarding = IsDiscarding,
            Encoding = encoding,
            MaxMessageBytes = MaxMessageBytes,
            IdleGapMilliseconds = IdleGapMilliseconds,
            IdleMilliseconds = IdleTimeout > TimeSpan.Zero ? (int)IdleTimeout.TotalMilliseconds : Timeout.Infinite,
            Greeting = Greeting is null ? [] : Framed(encoding.GetBytes(Greeting), writer),
            Farewell = Farewell is null ? [] : encoding.GetBytes(Farewell),
            ExitCommand = [.. ExitCommand.Select(static word => word.Trim())],
            Response = Server.Conversations.ResponseFormat.Parse(ResponseFormat, Transform, encoding),
            Responder = Responder,
            ErrorResponse = ErrorResponse is null ? null : encoding.GetBytes(ErrorResponse),
            MinDelayMilliseconds = MinDelayMilliseconds,
            MaxDelayMilliseconds = MaxDelayMilliseconds,
            DisconnectAfter = DisconnectAfter,
            ResetAfter = ResetAfter,
            FragmentBytes = FragmentBytes,
        };
    }

    private void RequireTogether()
    {
        if (IsDiscarding)
        {
            RefuseTogether(nameof(ResponseFormat), ResponseFormat is not null, nameof(IsDiscarding));
            RefuseTogether(nameof(Transform), Transform != ResponseTransform.None, nameof(IsDiscarding));
            RefuseTogether(nameof(Responder), Responder is not null, nameof(IsDiscarding));
            RefuseTogether(nameof(MaxDelayMilliseconds), MaxDelayMilliseconds > 0, nameof(IsDiscarding));
            RefuseTogether(nameof(FragmentBytes), FragmentBytes > 0, nameof(IsDiscarding));
        }

        if (Responder is not null)
        {
            RefuseTogether(nameof(ResponseFormat), ResponseFormat is not null, nameof(Responder));
            RefuseTogether(nameof(Transform), Transform != ResponseTransform.None, nameof(Responder));
        }
        else if (ErrorResponse is not null)
        {
            throw RefusedWithout(nameof(ErrorResponse), nameof(Responder));
        }

        if (ExitCommand.Any(string.IsNullOrWhiteSpace))
        {
            throw Refused(nameof(ExitCommand), "ExitCommandIsBlank");
        }

        if (Farewell is not null && ExitCommand.Count == 0)
        {
            throw RefusedWithout(nameof(Farewell), nameof(ExitCommand));
        }

        FramingOptions.Require(Framing, Delimiter, LineEnding);
        RefuseTogether(nameof(ResetAfter), ResetAfter > 0 && DisconnectAfter > 0, nameof(DisconnectAfter));
        if (!IsPlain && Framing is MessageFraming.Line or MessageFraming.Auto && Encoding.GetByteCount("\n") != 1)
        {
            throw Refused(Encoding.WebName, "EncodingNeedsPrefix", Encoding.WebName, Framing);
        }
    }

    private void RequireProtocol()
    {
        if (ActualProtocol == SocketProtocol.Unix)
        {
            if (SocketPath is null)
            {
                throw RefusedWithout(nameof(Protocol) + " Unix", nameof(SocketPath));
            }

            RefuseTogether(nameof(SocketPath), Port != 0, nameof(Port));
            RefuseTogether(nameof(SocketPath), Protocol == SocketProtocol.Udp, nameof(Protocol) + " Udp");
            RefuseTogether(nameof(SocketPath), AllowFrom.Count > 0, nameof(AllowFrom));
            RefuseTogether(nameof(SocketPath), Address != AddressName.Localhost, nameof(Address));
        }

        if (Protocol == SocketProtocol.Udp)
        {
            const string Udp = nameof(Protocol) + " Udp";
            RefuseTogether(nameof(IsSequential), IsSequential, Udp);
            RefuseTogether(nameof(Certificate), Certificate is not null, Udp);
            RefuseTogether(nameof(Greeting), Greeting is not null, Udp);
            RefuseTogether(nameof(IdleTimeout), IdleTimeout > TimeSpan.Zero, Udp);
            RefuseTogether(nameof(DisconnectAfter), DisconnectAfter > 0, Udp);
            RefuseTogether(nameof(ResetAfter), ResetAfter > 0, Udp);
            RefuseTogether(nameof(FragmentBytes), FragmentBytes > 0, Udp);
            RefuseTogether($"{nameof(Framing)} {Framing}", Framing is MessageFraming.LengthPrefix or MessageFraming.Delimiter, Udp);
            RefuseTogether(nameof(LineEnding), LineEnding is not null, Udp);
        }

        if (Certificate is { HasPrivateKey: false })
        {
            throw new SocketToolsException(SocketToolsError.InvalidOption, Messages.Get("CertificateWithoutKey", Certificate.Subject), Certificate);
        }

        if (RequireClientCertificate && Certificate is null)
        {
            throw RefusedWithout(nameof(RequireClientCertificate), nameof(Certificate), nameof(SelfSignedCertificate));
        }
    }

    /// <summary>Whether a client's address may connect; null when all may.</summary>
    /// <exception cref="SocketToolsException">InvalidOption, with what is neither an address nor a block.</exception>
    internal Func<IPAddress, bool>? ToFilter()
    {
        if (AllowFrom.Count == 0)
        {
            return null;
        }

        return new AddressFilter(AllowFrom.Select(AddressRange.Parse)).Contains;
    }

    private static byte[] Framed(byte[] content, FrameWriter writer)
    {
        using var output = new ResponseBuffer(writer);
        var begin = output.Begin(writer.Terminator);
        output.Append(content, 0, content.Length);
        output.End(begin, writer.Terminator);
        var framed = new byte[output.Count];
        Buffer.BlockCopy(output.Buffer, 0, framed, 0, framed.Length);
        return framed;
    }

    private static void RefuseTogether(string option, bool given, string other)
    {
        if (given)
        {
            throw Refused(option, "OptionsExclude", Messages.Name(option), Messages.Name(other));
        }
    }

    private static SocketToolsException RefusedWithout(string option, params string[] others) =>
        Refused(option, "OptionNeeds", Messages.Name(option), string.Join(", ", others.Select(Messages.Name)));

    private static SocketToolsException Refused(string target, string message, params object?[] values) =>
        new(SocketToolsError.InvalidOption, Messages.Get(message, values), target);
}
