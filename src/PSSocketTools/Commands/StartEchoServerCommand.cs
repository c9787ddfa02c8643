using System.Management.Automation;
using System.Security;
using PSSocketTools.Binding;
using PSSocketTools.Completion;
using PSSocketTools.Lifetime;
using PSSocketTools.Resources;
using PSSocketTools.Responders;

namespace PSSocketTools.Commands;

/// <summary>Start-EchoServer: a server that listens when the prompt is back, or that shows what happens until Ctrl+C.</summary>
[Cmdlet(VerbsLifecycle.Start, "EchoServer", SupportsShouldProcess = true, HelpUri = OnlinePages.Folder + "Start-EchoServer.md")]
[OutputType(typeof(EchoServer), typeof(ServerEvent))]
public sealed partial class StartEchoServerCommand : SocketCommand
{
    private const int MostShownAtEnd = 50;

    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(1);

    /// <summary>The port to listen on; 0 lets the system pick.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [SinglePortTransformation(SuggestsAddress = true)]
    [ValidateRange(EchoServerOptions.LowestPort, EchoServerOptions.HighestPort)]
    [PSDefaultValue(Value = EchoServerOptions.DefaultPort)]
    public int Port { get; set; } = EchoServerOptions.DefaultPort;

    /// <summary>The address to listen on; localhost is both loopback addresses, Any is all of the machine's.</summary>
    [Parameter]
    [TrimTransformation]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(LocalAddressCompleter))]
    [PSDefaultValue(Value = EchoServerOptions.DefaultAddress)]
    public string Address { get; set; } = EchoServerOptions.DefaultAddress;

    /// <summary>Tcp or Udp.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateSet(nameof(SocketProtocol.Tcp), nameof(SocketProtocol.Udp))]
    [PSDefaultValue(Value = EchoServerOptions.DefaultProtocol)]
    public SocketProtocol Protocol { get; set; } = EchoServerOptions.DefaultProtocol;

    /// <summary>The path of a Unix domain socket to listen on in place of a port; PowerShell 7.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? SocketPath { get; set; }

    /// <summary>Serves one client at a time; the others wait in the system's backlog.</summary>
    [Parameter]
    public SwitchParameter Sequential { get; set; }

    /// <summary>Where messages end.</summary>
    [Parameter]
    [PSDefaultValue(Value = EchoServerOptions.DefaultFraming)]
    public MessageFraming Framing { get; set; } = EchoServerOptions.DefaultFraming;

    /// <summary>What ends each message, as text or bytes; given alone, it stands for Delimiter framing too.</summary>
    [Parameter]
    [DelimiterTransformation]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(DelimiterCompleter))]
    public DelimiterArgument? Delimiter { get; set; }

    /// <summary>What ends the lines that the server sends unsolicited: Lf or CrLf.</summary>
    [Parameter]
    [LineEndingTransformation]
    [PSDefaultValue(Value = EchoServerOptions.DefaultLineEnding)]
    public LineEnding LineEnding { get; set; } = EchoServerOptions.DefaultLineEnding;

    /// <summary>With Auto framing, how long a sender pauses before what it sent counts as a message, in milliseconds.</summary>
    [Parameter]
    [ValidateRange(EchoServerOptions.LowestIdleGapMilliseconds, EchoServerOptions.HighestIdleGapMilliseconds)]
    [PSDefaultValue(Value = EchoServerOptions.DefaultIdleGapMilliseconds)]
    public int IdleGapMilliseconds { get; set; } = EchoServerOptions.DefaultIdleGapMilliseconds;

    /// <summary>The response, with {0} for the message or named fields.</summary>
    [Parameter]
    [AllowEmptyString]
    public string? ResponseFormat { get; set; }

    /// <summary>What is done to the message before the response is made.</summary>
    [Parameter]
    [PSDefaultValue(Value = EchoServerOptions.DefaultTransform)]
    public ResponseTransform Transform { get; set; } = EchoServerOptions.DefaultTransform;

    /// <summary>A script block that gets each message as $_ and the connection as $args[0], and whose output is the response.</summary>
    [Parameter]
    [ValidateNotNull]
    public ScriptBlock? Responder { get; set; }

    /// <summary>How long the script block may take for a response before it is stopped, in seconds; 0 for as long as it likes.</summary>
    [Parameter]
    [ValidateRange(0.0, TimeLimit.HighestSeconds)]
    [PSDefaultValue(Value = ScriptResponder.DefaultTimeoutSeconds)]
    public double ResponderTimeoutSec { get; set; } = ScriptResponder.DefaultTimeoutSeconds;

    /// <summary>Sends no responses (RFC 863).</summary>
    [Parameter]
    public SwitchParameter NoResponse { get; set; }

    /// <summary>Sends each message to all the other clients, as the response to it would be.</summary>
    [Parameter]
    public SwitchParameter Broadcast { get; set; }

    /// <summary>Sends each message to the client that sent it too.</summary>
    [Parameter]
    public SwitchParameter IncludeSender { get; set; }

    /// <summary>What a client gets when the responder fails; by default its connection is closed.</summary>
    [Parameter]
    [AllowEmptyString]
    public string? ErrorResponse { get; set; }

    /// <summary>Messages that end a conversation, in any case.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[] ExitCommand { get; set; } = [];

    /// <summary>The response to an exit command.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Farewell { get; set; }

    /// <summary>What a client is sent when it connects.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Greeting { get; set; }

    /// <summary>The encoding of text on the wire.</summary>
    [Parameter]
    [EncodingTransformation]
    [ArgumentCompleter(typeof(EncodingCompleter))]
    [ValidateNotNull]
    [PSDefaultValue(Value = EchoServerOptions.DefaultEncoding)]
    public EncodingArgument Encoding { get; set; } = EncodingArgument.Parse(EchoServerOptions.DefaultEncoding);

    /// <summary>How many bytes one receive takes at most.</summary>
    [Parameter]
    [ValidateRange(EchoServerOptions.LowestBufferSize, EchoServerOptions.HighestBufferSize)]
    [PSDefaultValue(Value = EchoServerOptions.DefaultBufferSize)]
    public int BufferSize { get; set; } = EchoServerOptions.DefaultBufferSize;

    /// <summary>How many connections wait to be accepted. Systems may hold fewer.</summary>
    [Parameter]
    [ValidateRange(EchoServerOptions.LowestBacklog, EchoServerOptions.HighestBacklog)]
    [PSDefaultValue(Value = EchoServerOptions.DefaultBacklog)]
    public int Backlog { get; set; } = EchoServerOptions.DefaultBacklog;

    /// <summary>How many connections are served at once.</summary>
    [Parameter]
    [ValidateRange(EchoServerOptions.LowestMaxConnections, EchoServerOptions.HighestMaxConnections)]
    [PSDefaultValue(Value = EchoServerOptions.DefaultMaxConnections)]
    public int MaxConnections { get; set; } = EchoServerOptions.DefaultMaxConnections;

    /// <summary>How long a message may be, in bytes.</summary>
    [Parameter]
    [ValidateRange(EchoServerOptions.LowestMaxMessageBytes, EchoServerOptions.HighestMaxMessageBytes)]
    [PSDefaultValue(Value = EchoServerOptions.DefaultMaxMessageBytes)]
    public int MaxMessageBytes { get; set; } = EchoServerOptions.DefaultMaxMessageBytes;

    /// <summary>How long a connection may send and take in nothing, in seconds; 0 for as long as it likes.</summary>
    [Parameter]
    [ValidateRange(EchoServerOptions.LowestIdleTimeoutSeconds, EchoServerOptions.HighestIdleTimeoutSeconds)]
    [PSDefaultValue(Value = EchoServerOptions.DefaultIdleTimeoutSeconds)]
    public double IdleTimeoutSec { get; set; } = EchoServerOptions.DefaultIdleTimeoutSeconds;

    /// <summary>The addresses and CIDR blocks that may connect; all by default.</summary>
    [Parameter]
    [TrimTransformation]
    [ValidateNotNullOrEmpty]
    public string[] AllowFrom { get; set; } = [];

    /// <summary>The certificate to serve TLS with, or the path of its PFX file.</summary>
    [Parameter]
    [CertificateTransformation]
    [ValidateNotNullOrEmpty]
    public object? Certificate { get; set; }

    /// <summary>The PFX file's password.</summary>
    [Parameter]
    [ValidateNotNull]
    public SecureString? CertificatePassword { get; set; }

    /// <summary>Serves TLS with a certificate made in memory for localhost and this machine's name; PowerShell 7.</summary>
    [Parameter]
    public SwitchParameter SelfSigned { get; set; }

    /// <summary>Turns away TLS clients without a certificate this machine, or -TrustedClientCertificate, trusts.</summary>
    [Parameter]
    public SwitchParameter RequireClientCertificate { get; set; }

    /// <summary>The certificates that clients must have, or that have issued theirs: objects, files, or thumbprints of the clients' own.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public object[] TrustedClientCertificate { get; set; } = [];

    /// <summary>How long responses are delayed, in milliseconds: a number, or a range as in '100-500'.</summary>
    [Parameter]
    [DelayTransformation]
    [PSDefaultValue(Value = EchoServerOptions.DefaultDelayMilliseconds)]
    public DelayRange ResponseDelayMilliseconds { get; set; } = new(EchoServerOptions.DefaultDelayMilliseconds);

    /// <summary>Closes a connection in order (FIN) after so many messages; 0 for never.</summary>
    [Parameter]
    [ValidateRange(EchoServerOptions.LowestDisconnectAfter, EchoServerOptions.HighestDisconnectAfter)]
    [PSDefaultValue(Value = EchoServerOptions.DefaultDisconnectAfter)]
    public int DisconnectAfter { get; set; } = EchoServerOptions.DefaultDisconnectAfter;

    /// <summary>Resets a connection (RST) after so many messages; 0 for never.</summary>
    [Parameter]
    [ValidateRange(EchoServerOptions.LowestResetAfter, EchoServerOptions.HighestResetAfter)]
    [PSDefaultValue(Value = EchoServerOptions.DefaultResetAfter)]
    public int ResetAfter { get; set; } = EchoServerOptions.DefaultResetAfter;

    /// <summary>Sends responses in fragments of so many bytes; 0 for whole.</summary>
    [Parameter]
    [ValidateRange(EchoServerOptions.LowestFragmentBytes, EchoServerOptions.HighestFragmentBytes)]
    [PSDefaultValue(Value = EchoServerOptions.DefaultFragmentBytes)]
    public int FragmentBytes { get; set; } = EchoServerOptions.DefaultFragmentBytes;

    /// <summary>The file that gets every event as a line of JSON.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? LogPath { get; set; }

    /// <summary>How many events are kept for Get-EchoServerEvent.</summary>
    [Parameter]
    [ValidateRange(EchoServerOptions.LowestEventCapacity, EchoServerOptions.HighestEventCapacity)]
    [PSDefaultValue(Value = EchoServerOptions.DefaultEventCapacity)]
    public int EventCapacity { get; set; } = EchoServerOptions.DefaultEventCapacity;

    /// <summary>How many bytes of one message its event keeps.</summary>
    [Parameter]
    [ValidateRange(EchoServerOptions.LowestEventMessageBytes, EchoServerOptions.HighestEventMessageBytes)]
    [PSDefaultValue(Value = EchoServerOptions.DefaultEventMessageBytes)]
    public int EventMessageBytes { get; set; } = EchoServerOptions.DefaultEventMessageBytes;

    /// <summary>The server's name.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Name { get; set; }

    /// <summary>How long the server listens before it stops by itself, in seconds; 0 for as long as it likes.</summary>
    [Parameter]
    [ValidateRange(EchoServerOptions.LowestStopAfterSeconds, EchoServerOptions.HighestStopAfterSeconds)]
    [PSDefaultValue(Value = EchoServerOptions.DefaultStopAfterSeconds)]
    public double StopAfterSec { get; set; } = EchoServerOptions.DefaultStopAfterSeconds;

    /// <summary>How many connections end before the server stops by itself; 0 for any number.</summary>
    [Parameter]
    [ValidateRange(EchoServerOptions.LowestStopAfterConnections, EchoServerOptions.HighestStopAfterConnections)]
    [PSDefaultValue(Value = EchoServerOptions.DefaultStopAfterConnections)]
    public int StopAfterConnections { get; set; } = EchoServerOptions.DefaultStopAfterConnections;

    /// <summary>Stays in the foreground and writes what happens, until Ctrl+C stops the server.</summary>
    [Parameter]
    public SwitchParameter Wait { get; set; }

    /// <summary>A port that was found or tested; the server listens on the address that was chosen for it.</summary>
    [Parameter(ValueFromPipeline = true, DontShow = true)]
    public PortAvailability? InputObject { get; set; }

    private string ListenAddress =>
        IsBound(nameof(Address)) ? Address : InputObject?.GetChosenAddress() ?? Address;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var target = SocketPath ?? Messages.Get("TargetEndPoint", ListenAddress, Port);
        if (!ShouldProcess(target, Messages.Get("ActionStartServer")))
        {
            return;
        }

        EchoServer server;
        try
        {
            server = EchoServer.Start(ToOptions(), StopToken);
        }
        catch (SocketToolsException exception)
        {
            WriteError(exception);
            return;
        }
        catch (OperationCanceledException)
        {
            throw new PipelineStoppedException();
        }

        Running.Add(server);
        var isInBackground = false;
        try
        {
            if (server.CanBeReachedFromOutside())
            {
                WriteWarning(Messages.Get(AllowFrom.Length > 0 ? "ReachableFromAllowed" : "ReachableFromOutside", server.EndPoint));
            }

            if (Wait)
            {
                SayHowItEnds(server);
                WriteEvents([server.Follow()], null);
                Say(Sum(server));
                return;
            }

            isInBackground = true;
        }
        finally
        {
            // However the wait ends, by Ctrl+C or a pipeline that has enough, and where a warning is told to stop: nothing is left running.
            if (!isInBackground)
            {
                server.StopAsync(StopTimeout).GetAwaiter().GetResult();
                ShowEnd(server);
            }
        }

        WriteObject(server);
    }

    /// <summary>Says on the screen, and on the information stream, how a wait ends that writes nothing by itself until somebody comes.</summary>
    private void SayHowItEnds(EchoServer server)
    {
        var sentence = (StopAfterSec > 0, StopAfterConnections > 0) switch
        {
            (false, false) => Messages.Get("WaitEndsByHand", server),
            (true, false) => Messages.Get("WaitEndsByTime", server, StopAfterSec),
            (false, true) => Messages.Get("WaitEndsByConnections", server, StopAfterConnections),
            _ => Messages.Get("WaitEndsByEither", server, StopAfterSec, StopAfterConnections),
        };
        Say(sentence);
    }

    private void Say(string sentence) =>
        WriteInformation(new HostInformationMessage { Message = ViewCell.Plain(sentence, keepsLines: false) }, ["PSHOST"]);

    /// <summary>What a server that has stopped did, in a line.</summary>
    private static string Sum(EchoServer server) => Messages.Get(
        "WaitEnded", server.Name, server.TotalConnections, server.MessagesReceived, HumanUnits.Size(server.BytesReceived), HumanUnits.Size(server.BytesSent));

    /// <summary>Shows the last event after Ctrl+C, which the pipeline takes no more, in the columns of those before it, and the sum.</summary>
    private void ShowEnd(EchoServer server)
    {
        if (!StopToken.IsCancellationRequested)
        {
            return;
        }

        try
        {
            // The clients that the stop has disconnected, of many the last ones, were not shown before.
            var stopped = server.GetEvents([ServerEventKind.Disconnected, ServerEventKind.Stopped])
                .Where(static one => one.Kind == nameof(ServerEventKind.Stopped) || one.Reason == nameof(ServerEventReason.ServerStopped)).ToArray();
            foreach (var serverEvent in stopped.Skip(stopped.Length - MostShownAtEnd))
            {
                // On a screen, over what it shows of Ctrl+C.
                Host.UI.WriteLine((Console.IsOutputRedirected ? "" : "\r") + ViewCell.Row(serverEvent, Host));
            }

            Host.UI.WriteLine(ViewCell.Plain(Sum(server), keepsLines: false));
        }
        catch (Exception exception) when (exception is PSInvalidOperationException or System.Management.Automation.Host.HostException or NotImplementedException or PipelineStoppedException)
        {
            // A host without a screen has nobody to show it to.
        }
    }
}
