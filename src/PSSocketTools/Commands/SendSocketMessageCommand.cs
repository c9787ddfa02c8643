using System.Globalization;
using System.Management.Automation;
using PSSocketTools.Binding;
using PSSocketTools.Completion;
using PSSocketTools.Resources;

namespace PSSocketTools.Commands;

/// <summary>Send-SocketMessage: messages out, and each with its response back.</summary>
[Cmdlet(VerbsCommunications.Send, "SocketMessage", DefaultParameterSetName = BySession, HelpUri = OnlinePages.Folder + "Send-SocketMessage.md")]
[OutputType(typeof(SocketMessage))]
public sealed class SendSocketMessageCommand : ConversingCommand
{
    private const string ByConnection = "Connection";

    private static readonly string[] AboutAnswers = [nameof(NoWait), nameof(NoResponse), nameof(Window), nameof(ResponseTimeoutSec), nameof(AsBytes)];

    /// <summary>A window for each session that is given once for all messages.</summary>
    private SendWindow[]? _windows;

    /// <summary>The messages: text, bytes, files, or objects with a Message property.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [AllowEmptyString]
    [AllowEmptyCollection]
    public object? Message { get; set; }

    /// <summary>The sessions to send each message through.</summary>
    [Parameter(ParameterSetName = BySession, Position = 1, ValueFromPipeline = true)]
    [SessionTransformation]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(SessionCompleter))]
    public EchoSession[]? Session { get; set; }

    /// <summary>The clients of a server of this process, to send each message to, unsolicited.</summary>
    [Parameter(ParameterSetName = ByConnection, Mandatory = true, Position = 1, ValueFromPipeline = true)]
    [ConnectionTransformation(IsBesideInput = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ConnectionCompleter))]
    public EchoConnection[]? Connection { get; set; }

    /// <summary>What comes down the pipeline beside a message that is written, and is no session, server or connection to send it to.</summary>
    [Parameter(ParameterSetName = ToComputer, ValueFromPipeline = true, DontShow = true)]
    [UnplacedInputTransformation]
    public object? InputObject { get; set; }

    /// <summary>Does not wait for responses; Receive-SocketMessage takes them.</summary>
    [Parameter]
    public SwitchParameter NoWait { get; set; }

    /// <summary>Expects no response: the server sends none to these messages.</summary>
    [Parameter]
    public SwitchParameter NoResponse { get; set; }

    /// <summary>How many messages may be in flight.</summary>
    [Parameter]
    [ValidateRange(SendWindow.LowestSize, SendWindow.HighestSize)]
    [PSDefaultValue(Value = SendWindow.DefaultSize)]
    public int Window { get; set; } = SendWindow.DefaultSize;

    /// <summary>How long a response is waited for, in seconds; of a session that is given, what it says unless this says otherwise. 0 is without end.</summary>
    [Parameter]
    [ValidateRange(SessionOptions.LowestResponseTimeoutSeconds, SessionOptions.HighestResponseTimeoutSeconds)]
    [PSDefaultValue(Value = SessionOptions.DefaultResponseTimeoutSeconds)]
    public double ResponseTimeoutSec { get; set; } = SessionOptions.DefaultResponseTimeoutSeconds;

    /// <summary>Gives messages and responses as bytes.</summary>
    [Parameter]
    public SwitchParameter AsBytes { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        try
        {
            if (MyInvocation.ExpectingInput && Message is not null && (Session is not null || ParameterSetName != BySession))
            {
                throw InputHasNoPlace();
            }

            if (Connection is not null)
            {
                return;
            }

            // What is said on no parameter may still come down the pipeline: a session, or a server.
            if (ParameterSetName is ToComputer or ToSocketPath || Server is not null || (Session is null && !MyInvocation.ExpectingInput))
            {
                _windows = Open([OpenOwnSession(OwnTimeout)]);
            }
            else if (Session is not null)
            {
                _windows = Open(Session);
            }
        }
        catch (SocketToolsException exception)
        {
            ThrowTerminating(exception);
        }
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (_windows is not null)
        {
            Send(_windows);
            return;
        }

        if (Connection is not null)
        {
            SendUnsolicited(Connection);
            return;
        }

        if (ParameterSetName == ToComputer)
        {
            WriteError(InputHasNoPlace());
            return;
        }

        SendWindow[] windows;
        try
        {
            windows = Open(Session ?? [OpenOwnSession(OwnTimeout)]);
        }
        catch (SocketToolsException exception)
        {
            if (ParameterSetName == BySession)
            {
                ThrowTerminating(exception);
            }

            WriteError(exception);
            return;
        }

        try
        {
            Send(windows);
            Finish(windows);
        }
        finally
        {
            Close(windows);
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (_windows is not null)
        {
            Finish(_windows);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Close(_windows ?? []);
        }

        base.Dispose(disposing);
    }

    /// <summary>The error where a message is written, so that nothing is left for what comes down the pipeline, which is said of what may have been meant.</summary>
    private SocketToolsException InputHasNoPlace()
    {
        var first = Convert.ToString(Message, CultureInfo.InvariantCulture);
        var target = ParameterSetName != ToComputer || IsBound(nameof(Port)) ? null
            : IsPort(ComputerName) ? $"-ComputerName {ValueCompleter.QuotedName(first!)} -Port {ComputerName}"
            : !IsBound(nameof(ComputerName)) && IsPort(first) ? $"-Port {first}"
            : null;
        var sentence = Deserialized.Refusal(InputObject)
            ?? (target is null ? Messages.Get("MessageGivenTwice") : Messages.Get("TargetIsNoMessage", target));
        return new SocketToolsException(SocketToolsError.InvalidOption, sentence, nameof(Message));
    }

    private static bool IsPort(string? text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _);

    /// <summary>How long a response is waited for, if that was said here.</summary>
    private TimeSpan? OwnTimeout => IsBound(nameof(ResponseTimeoutSec)) ? TimeSpan.FromSeconds(ResponseTimeoutSec) : null;

    private SendWindow[] Open(EchoSession[] sessions) => Array.ConvertAll(sessions, session =>
    {
        var response = NoResponse ? ResponseHandling.None : session.ToOptions().Response;
        if (NoWait && response == ResponseHandling.Awaited)
        {
            response = ResponseHandling.Received;
        }

        var size = response == ResponseHandling.Awaited ? Window : 1;
        var window = new SendWindow(session, size, OwnTimeout, StopToken) { Response = response };

        // An empty window has nothing to take; but what takes is compiled now, and not while the first round trip is measured.
        _ = Take(window);
        return window;
    });

    private void SendUnsolicited(EchoConnection[] connections)
    {
        if (Array.Find(AboutAnswers, IsBound) is { } option)
        {
            ThrowTerminating(new SocketToolsException(SocketToolsError.InvalidOption, Messages.Get("NotWithConnection", option), option));
        }

        foreach (var input in GivenMessages())
        {
            foreach (var connection in connections)
            {
                try
                {
                    Send(connection, MessageInput.ToMessage(input));
                }
                catch (SocketToolsException exception)
                {
                    WriteError(exception);
                }
            }
        }
    }

    private static void Send(EchoConnection connection, object message)
    {
        if (message is byte[] bytes)
        {
            connection.Send(bytes);
        }
        else
        {
            connection.Send((string)message);
        }
    }

    private IEnumerable<object?> GivenMessages() => MessageInput.AsSeveral(Message!) is { } several ? several.Cast<object?>() : [Message];

    private void Send(SendWindow[] windows)
    {
        foreach (var message in GivenMessages())
        {
            Send(windows, message);
        }
    }

    private void Send(SendWindow[] windows, object? input)
    {
        object message;
        try
        {
            message = MessageInput.ToMessage(input);
        }
        catch (SocketToolsException exception)
        {
            WriteError(exception);
            return;
        }

        foreach (var window in windows)
        {
            try
            {
                var sent = window.Add(message, AsBytes);
                if (window.Response != ResponseHandling.Awaited)
                {
                    Write(sent);
                }
            }
            catch (SocketToolsException exception)
            {
                WriteError(exception);
            }
            catch (OperationCanceledException)
            {
                throw new PipelineStoppedException();
            }

            if (window.IsFull)
            {
                Take(window);
            }

            while (window.TryTake(out var done))
            {
                Write(done);
            }
        }
    }

    private void Finish(SendWindow[] windows)
    {
        foreach (var window in windows)
        {
            while (Take(window))
            {
            }
        }
    }

    private bool Take(SendWindow window)
    {
        try
        {
            if (!window.Take(out var exchange))
            {
                return false;
            }

            Write(exchange);
            return true;
        }
        catch (OperationCanceledException)
        {
            throw new PipelineStoppedException();
        }
    }

    private void Write(Exchange exchange)
    {
        if (exchange.Error is { } error)
        {
            WriteError(error);
        }
        else
        {
            WriteObject(exchange.Result);
        }
    }

    private static void Close(SendWindow[] windows)
    {
        foreach (var window in windows)
        {
            window.Dispose();
        }
    }
}
