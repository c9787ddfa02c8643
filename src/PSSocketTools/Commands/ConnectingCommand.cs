using System.Diagnostics;
using System.Management.Automation;
using System.Security.Cryptography.X509Certificates;
using PSSocketTools.Binding;
using PSSocketTools.Completion;
using PSSocketTools.Resources;

namespace PSSocketTools.Commands;

/// <summary>What the cmdlets share that connect: how to reach a server and how to speak with it.</summary>
public abstract class ConnectingCommand : SocketCommand
{
    /// <summary>The parameter set that names a computer and a port.</summary>
    protected const string ToComputer = "ComputerName";

    /// <summary>The parameter set that names a Unix socket.</summary>
    protected const string ToSocketPath = "SocketPath";

    /// <summary>The parameter set that takes a server of this process.</summary>
    protected const string ToServer = "Server";

    /// <summary>The parameter set that takes sessions that are open.</summary>
    protected const string BySession = "Session";

    /// <summary>How often the user is shown how far a long command is.</summary>
    protected static readonly TimeSpan ProgressInterval = TimeSpan.FromMilliseconds(250);

    /// <summary>The path of the server's Unix socket; PowerShell 7 has them.</summary>
    [Parameter(ParameterSetName = ToSocketPath, Mandatory = true)]
    [ValidateNotNullOrEmpty]
    public string? SocketPath { get; set; }

    /// <summary>Tcp or Udp.</summary>
    [Parameter(ParameterSetName = ToComputer)]
    [ValidateSet(nameof(SocketProtocol.Tcp), nameof(SocketProtocol.Udp))]
    [PSDefaultValue(Value = SessionOptions.DefaultProtocol)]
    public SocketProtocol Protocol { get; set; } = SessionOptions.DefaultProtocol;

    /// <summary>Connects to IPv4 addresses alone.</summary>
    [Parameter(ParameterSetName = ToComputer)]
    [Parameter(ParameterSetName = ToServer)]
    public SwitchParameter IPv4 { get; set; }

    /// <summary>Connects to IPv6 addresses alone.</summary>
    [Parameter(ParameterSetName = ToComputer)]
    [Parameter(ParameterSetName = ToServer)]
    public SwitchParameter IPv6 { get; set; }

    /// <summary>The address of this machine to connect from.</summary>
    [Parameter(ParameterSetName = ToComputer)]
    [Parameter(ParameterSetName = ToServer)]
    [TrimTransformation]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(SourceAddressCompleter))]
    public string? SourceAddress { get; set; }

    /// <summary>The port of this machine to connect from.</summary>
    [Parameter(ParameterSetName = ToComputer)]
    [Parameter(ParameterSetName = ToServer)]
    [SinglePortTransformation]
    [ValidateRange(SessionOptions.LowestPort, SessionOptions.HighestPort)]
    public int SourcePort { get; set; } = SessionOptions.AnySourcePort;

    /// <summary>Where messages end: Line (with Udp, None), LengthPrefix, Delimiter, None or Auto.</summary>
    [Parameter(ParameterSetName = ToComputer)]
    [Parameter(ParameterSetName = ToSocketPath)]
    [Parameter(ParameterSetName = ToServer)]
    [PSDefaultValue(Value = SessionOptions.DefaultFraming)]
    public MessageFraming Framing { get; set; } = SessionOptions.DefaultFraming;

    /// <summary>What ends each message, as text or bytes; given alone, it stands for Delimiter framing too.</summary>
    [Parameter(ParameterSetName = ToComputer)]
    [Parameter(ParameterSetName = ToSocketPath)]
    [Parameter(ParameterSetName = ToServer)]
    [DelimiterTransformation]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(DelimiterCompleter))]
    public DelimiterArgument? Delimiter { get; set; }

    /// <summary>What ends the lines that are sent: Lf or CrLf.</summary>
    [Parameter(ParameterSetName = ToComputer)]
    [Parameter(ParameterSetName = ToSocketPath)]
    [Parameter(ParameterSetName = ToServer)]
    [LineEndingTransformation]
    [PSDefaultValue(Value = SessionOptions.DefaultLineEnding)]
    public LineEnding LineEnding { get; set; } = SessionOptions.DefaultLineEnding;

    /// <summary>How text becomes bytes.</summary>
    [Parameter(ParameterSetName = ToComputer)]
    [Parameter(ParameterSetName = ToSocketPath)]
    [Parameter(ParameterSetName = ToServer)]
    [EncodingTransformation]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(EncodingCompleter))]
    [PSDefaultValue(Value = SessionOptions.DefaultEncoding)]
    public EncodingArgument Encoding { get; set; } = EncodingArgument.Parse(SessionOptions.DefaultEncoding);

    /// <summary>How long resolving, connecting and the TLS handshake may take together, in seconds.</summary>
    [Parameter(ParameterSetName = ToComputer)]
    [Parameter(ParameterSetName = ToSocketPath)]
    [Parameter(ParameterSetName = ToServer)]
    [ValidateRange(SessionOptions.LowestConnectTimeoutSeconds, SessionOptions.HighestConnectTimeoutSeconds)]
    [PSDefaultValue(Value = SessionOptions.DefaultConnectTimeoutSeconds)]
    public double TimeoutSec { get; set; } = SessionOptions.DefaultConnectTimeoutSeconds;

    /// <summary>How long to keep trying until the server is there, in seconds; 0 tries once.</summary>
    [Parameter(ParameterSetName = ToComputer)]
    [Parameter(ParameterSetName = ToSocketPath)]
    [Parameter(ParameterSetName = ToServer)]
    [ValidateRange(SessionOptions.LowestWaitSeconds, SessionOptions.HighestWaitSeconds)]
    [PSDefaultValue(Value = SessionOptions.DefaultWaitSeconds)]
    public double WaitSec { get; set; } = SessionOptions.DefaultWaitSeconds;

    /// <summary>The pause that ends a response under None and Auto, in milliseconds.</summary>
    [Parameter(ParameterSetName = ToComputer)]
    [Parameter(ParameterSetName = ToSocketPath)]
    [Parameter(ParameterSetName = ToServer)]
    [ValidateRange(SessionOptions.LowestIdleGapMilliseconds, SessionOptions.HighestIdleGapMilliseconds)]
    [PSDefaultValue(Value = SessionOptions.DefaultIdleGapMilliseconds)]
    public int IdleGapMilliseconds { get; set; } = SessionOptions.DefaultIdleGapMilliseconds;

    /// <summary>The longest message sent or received, in bytes.</summary>
    [Parameter(ParameterSetName = ToComputer)]
    [Parameter(ParameterSetName = ToSocketPath)]
    [Parameter(ParameterSetName = ToServer)]
    [ValidateRange(SessionOptions.LowestMaxMessageBytes, SessionOptions.HighestMaxMessageBytes)]
    [PSDefaultValue(Value = SessionOptions.DefaultMaxMessageBytes)]
    public int MaxMessageBytes { get; set; } = SessionOptions.DefaultMaxMessageBytes;

    /// <summary>Speaks TLS.</summary>
    [Parameter(ParameterSetName = ToComputer)]
    [Alias("Tls")]
    public SwitchParameter UseTls { get; set; }

    /// <summary>The name asked for in the TLS handshake, which the certificate must have.</summary>
    [Parameter(ParameterSetName = ToComputer)]
    [Parameter(ParameterSetName = ToServer)]
    [TrimTransformation]
    [ValidateNotNullOrEmpty]
    public string? ServerName { get; set; }

    /// <summary>The versions of TLS to offer.</summary>
    [Parameter(ParameterSetName = ToComputer)]
    [Parameter(ParameterSetName = ToServer)]
    public TlsVersions TlsProtocol { get; set; }

    /// <summary>Takes any server certificate: for tests only.</summary>
    [Parameter(ParameterSetName = ToComputer)]
    [Parameter(ParameterSetName = ToServer)]
    public SwitchParameter SkipCertificateCheck { get; set; }

    /// <summary>The thumbprint of the one server certificate to take, SHA-1 or SHA-256; it need not be trusted otherwise.</summary>
    [Parameter(ParameterSetName = ToComputer)]
    [Parameter(ParameterSetName = ToServer)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ThumbprintCompleter))]
    public string? CertificateThumbprint { get; set; }

    /// <summary>The certificate, with its private key, that says who the client is.</summary>
    [Parameter(ParameterSetName = ToComputer)]
    [Parameter(ParameterSetName = ToServer)]
    [ClientCertificateTransformation]
    [ValidateNotNull]
    public X509Certificate2? ClientCertificate { get; set; }

    /// <summary>The options for a computer and a port.</summary>
    protected SessionOptions OptionsFor(string computerName, int port) => Complete(new SessionOptions
    {
        ComputerName = computerName,
        Port = port,
        Protocol = Protocol,
        Framing = Protocol == SocketProtocol.Udp ? MessageFraming.None : SessionOptions.DefaultFraming,
        UseTls = UseTls,
    });

    /// <summary>The options for a Unix socket.</summary>
    protected SessionOptions OptionsFor(string socketPath) => Complete(new SessionOptions
    {
        Protocol = SocketProtocol.Unix,
        SocketPath = FilePath.ToFull(socketPath, SessionState),
    });

    /// <summary>The options for a server of this process: it speaks as the server does, unless told otherwise.</summary>
    /// <exception cref="SocketToolsException">ServerStopped.</exception>
    protected SessionOptions OptionsFor(EchoServer server)
    {
        server.RequireRunning();
        var protocol = server.GetProtocol();
        var framing = server.GetFraming();
        return Complete(new SessionOptions
        {
            ComputerName = server.ComputerName ?? SessionOptions.DefaultComputerName,
            Port = server.Port,
            Protocol = protocol,
            SocketPath = server.SocketPath,
            UseTls = server.IsEncrypted,
            CertificateThumbprint = server.CertificateThumbprint,
            // A line is what Auto takes for a message without waiting for a pause.
            Framing = protocol == SocketProtocol.Udp ? MessageFraming.None : framing == MessageFraming.Auto ? MessageFraming.Line : framing,
            Delimiter = server.GetDelimiter(),
            LineEnding = server.GetLineEnding(),
            Encoding = System.Text.Encoding.GetEncoding(server.Encoding),
            Response = server.GetIsBroadcasting() ? ResponseHandling.None : ResponseHandling.Awaited,
        });
    }

    private SessionOptions Complete(SessionOptions options)
    {
        var framing = IsBound(nameof(Framing)) ? Framing : Delimiter is not null ? MessageFraming.Delimiter : options.Framing;
        var encoding = IsBound(nameof(Encoding)) ? Encoding.Encoding : options.Encoding;
        return options with
        {
            Framing = framing,
            Encoding = encoding,

            // What a server brings belongs to its own framing.
            Delimiter = Delimiter?.ToDelimiter(encoding) ?? (framing == MessageFraming.Delimiter ? options.Delimiter : null),
            LineEnding = IsBound(nameof(LineEnding)) ? LineEnding : framing is MessageFraming.Line or MessageFraming.Auto ? options.LineEnding : null,
            IPv4 = IPv4,
            IPv6 = IPv6,
            SourceAddress = SourceAddress,
            SourcePort = SourcePort,
            ServerName = ServerName,
            TlsProtocol = IsBound(nameof(TlsProtocol)) ? TlsProtocol : null,
            ConnectTimeout = TimeSpan.FromSeconds(TimeoutSec),
            WaitFor = TimeSpan.FromSeconds(WaitSec),
            IdleGapMilliseconds = IdleGapMilliseconds,
            MaxMessageBytes = MaxMessageBytes,
            SkipCertificateCheck = SkipCertificateCheck,
            CertificateThumbprint = CertificateThumbprint ?? options.CertificateThumbprint,
            ClientCertificate = ClientCertificate,
        };
    }

    /// <summary>Connects, or waits for the server as long as -WaitSec says, and ends the pipeline quietly when it is stopped meanwhile.</summary>
    /// <exception cref="SocketToolsException">The server could not be reached.</exception>
    protected EchoSession Connect(SessionOptions options)
    {
        var clock = Stopwatch.StartNew();
        var shown = TimeSpan.Zero;
        ProgressRecord? progress = null;
        try
        {
            return EchoSession.Connect(options, Show, IsVerbose ? Tell : null, StopToken);
        }
        catch (OperationCanceledException)
        {
            throw new PipelineStoppedException();
        }
        finally
        {
            if (progress is not null && !StopToken.IsCancellationRequested)
            {
                progress.RecordType = ProgressRecordType.Completed;
                WriteProgress(progress);
            }
        }

        void Tell(ConnectStep step)
        {
            if (!StopToken.IsCancellationRequested)
            {
                WriteVerbose(step.Message);
            }
        }

        void Show(SocketToolsException? reason)
        {
            var elapsed = clock.Elapsed;
            if (StopToken.IsCancellationRequested || (progress is not null && elapsed - shown < ProgressInterval))
            {
                return;
            }

            shown = elapsed;
            progress ??= new ProgressRecord(1, Messages.Get("WaitingForServer", options.EndPointName), Messages.Get("NotTriedYet"));
            progress.StatusDescription = reason?.Message ?? progress.StatusDescription;
            progress.PercentComplete = (int)Math.Min(100, 100 * elapsed.TotalSeconds / WaitSec);
            progress.SecondsRemaining = (int)Math.Max(0, WaitSec - elapsed.TotalSeconds);
            WriteProgress(progress);
        }
    }
}
