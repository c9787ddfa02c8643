using System.Diagnostics;
using System.Management.Automation;
using PSSocketTools.Binding;
using PSSocketTools.Completion;
using PSSocketTools.Interactive;
using PSSocketTools.Lifetime;
using PSSocketTools.Resources;

namespace PSSocketTools.Commands;

/// <summary>Enter-EchoSession: a conversation by hand; each line is sent, and its response shown.</summary>
[Cmdlet(VerbsCommon.Enter, "EchoSession", DefaultParameterSetName = BySession, HelpUri = OnlinePages.Folder + "Enter-EchoSession.md")]
public sealed class EnterEchoSessionCommand : ConversingCommand
{
    // A server that ends the conversation with its response closes right behind it; nobody types as fast.
    private const int GoodbyeMilliseconds = 50;
    private const string LeavingKey = "Ctrl+D";
    private const string LeavingCommand = "/quit";

    // Who waits longer than this is told that typing ends the wait.
    private static readonly TimeSpan PatientTime = TimeSpan.FromSeconds(2);

    // How often it is looked whether somebody types.
    private static readonly TimeSpan LookTime = TimeSpan.FromMilliseconds(100);

    private bool _waits;

    /// <summary>The session to speak through; it stays open.</summary>
    [Parameter(ParameterSetName = BySession, Position = 1, ValueFromPipeline = true)]
    [SessionTransformation]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(SessionCompleter))]
    public EchoSession? Session { get; set; }

    /// <summary>The lines that leave, in any case, beside /quit.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[] ExitCommand { get; set; } = [];

    /// <summary>Sends the line that leaves to the server too, and shows its farewell.</summary>
    [Parameter]
    public SwitchParameter SendExitCommand { get; set; }

    /// <summary>Does not wait for responses: each is shown when it comes, as what the server sends unsolicited is.</summary>
    [Parameter]
    public SwitchParameter NoWait { get; set; }

    /// <summary>How long a response is waited for, in seconds; 0 is without end.</summary>
    [Parameter(ParameterSetName = ToComputer)]
    [Parameter(ParameterSetName = ToSocketPath)]
    [Parameter(ParameterSetName = ToServer)]
    [ValidateRange(SessionOptions.LowestResponseTimeoutSeconds, SessionOptions.HighestResponseTimeoutSeconds)]
    [PSDefaultValue(Value = SessionOptions.DefaultResponseTimeoutSeconds)]
    public double ResponseTimeoutSec { get; set; } = SessionOptions.DefaultResponseTimeoutSeconds;

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        if (SendExitCommand && ExitCommand.Length == 0)
        {
            ThrowTerminating(new SocketToolsException(
                SocketToolsError.InvalidOption, Messages.Get("SendExitNeedsWords"), nameof(SendExitCommand)));
        }
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        EchoSession session;
        try
        {
            Session?.RequireOpen();
            session = Session ?? OpenOwnSession(TimeSpan.FromSeconds(ResponseTimeoutSec));
        }
        catch (SocketToolsException exception)
        {
            if (Session is null)
            {
                ThrowTerminating(exception);
            }

            WriteError(exception);
            return;
        }

        using var prompt = LinePrompt.Create(this, Messages.Get("SessionPrompt", session.RemoteEndPoint), StopToken);
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(StopToken);
        var listening = Task.Factory.StartNew(
            () => Listen(session, prompt, leaving.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        try
        {
            Converse(session, prompt);
        }
        finally
        {
            leaving.Cancel();
            listening.GetAwaiter().GetResult();
        }
    }

    private void Converse(EchoSession session, LinePrompt prompt)
    {
        prompt.Show(Messages.Get("SessionLeave", string.Join(", ", WaysOut(prompt))));
        _waits = !NoWait && session.ToOptions().Response == ResponseHandling.Awaited;
        while (prompt.Ask() is { } line)
        {
            var leaves = ExitCommand.Contains(line.Trim(), StringComparer.OrdinalIgnoreCase);
            if (leaves && !SendExitCommand)
            {
                return;
            }

            var command = leaves ? PromptCommand.None : ConversationCommands.Of(ref line);
            if (command == PromptCommand.None ? !Say(session, prompt, line, leaves) || leaves : !Obey(session, prompt, command))
            {
                return;
            }

            session.Refresh();

            // The listener shows what came before the end, and then there is nothing to ask for.
            var wait = !IsAlive(session) ? Timeout.Infinite : prompt.HasMore ? 0 : GoodbyeMilliseconds;
            WaitHandle.WaitAny([prompt.Lost.WaitHandle, StopToken.WaitHandle], wait);
        }
    }

    /// <summary>Whether the server can still be heard, if not spoken to.</summary>
    private static bool IsAlive(EchoSession session) => session.GetState() is EchoSessionState.Open or EchoSessionState.HalfClosed;

    private IEnumerable<string> WaysOut(LinePrompt prompt)
    {
        var words = ExitCommand.Select(static word => ViewCell.Plain(word, keepsLines: false));
        return (prompt.EndsByKey ? words.Append(LeavingKey) : words).Append(LeavingCommand);
    }

    /// <summary>Does what a line asked for; false when it ends the conversation.</summary>
    private bool Obey(EchoSession session, LinePrompt prompt, PromptCommand command)
    {
        switch (command)
        {
            case PromptCommand.Help:
                prompt.Show(Messages.Get("SessionHelp"));
                return true;
            case PromptCommand.Stats:
                prompt.Show(Messages.Get(
                    "SessionStats", session.MessagesSent, HumanUnits.Size(session.BytesSent), session.MessagesReceived,
                    HumanUnits.Size(session.BytesReceived), session.ConnectedAt.ToLongTimeString()));
                return true;
            case PromptCommand.Close:
                CloseSend(session, prompt);
                return true;
            case PromptCommand.Reset:
                session.Close(reset: true);
                prompt.Show(Messages.Get("SessionReset"));
                return false;
            default:
                return false;
        }
    }

    /// <summary>Ends what this side sends. Where the server ends its side at once, the listener tells that.</summary>
    private void CloseSend(EchoSession session, LinePrompt prompt)
    {
        try
        {
            session.CloseSend(StopToken);
            prompt.Show(Messages.Get("SessionSendClosed"));
        }
        catch (SocketToolsException exception)
        {
            WriteError(exception);
        }
        catch (OperationCanceledException)
        {
            throw new PipelineStoppedException();
        }
    }

    /// <summary>Sends a line, and shows its response where it waits for one; false when there is no more talking.</summary>
    private bool Say(EchoSession session, LinePrompt prompt, string line, bool leaves)
    {
        try
        {
            var response = leaves ? ResponseHandling.Awaited : Handling(session);
            using var window = new SendWindow(session, 1, null, StopToken) { Response = response };
            var exchange = window.Add(line, asBytes: false);
            if (response == ResponseHandling.Awaited && !TryAwait(window, prompt, session.ToOptions().ResponseTimeout))
            {
                // A response may still come, or what others say: nothing tells them apart, and the listener shows both.
                _waits = false;
                return true;
            }

            if (exchange.Error is { } error)
            {
                throw error;
            }

            if (response == ResponseHandling.Awaited)
            {
                prompt.Show(Messages.Get("SessionAnswer", ViewCell.WholeMessage(exchange.Result!.Response), exchange.Result.RoundTripMilliseconds));
            }

            return true;
        }
        catch (SocketToolsException exception)
        {
            WriteError(exception);
            // What could not be sent as it was leaves the session as it was.
            return IsAlive(session);
        }
        catch (OperationCanceledException)
        {
            throw new PipelineStoppedException();
        }
    }

    /// <summary>Waits for the response to a line, until the time is over or somebody types on; false when it did not come.</summary>
    private static bool TryAwait(SendWindow window, LinePrompt prompt, TimeSpan limit)
    {
        var waiting = Stopwatch.StartNew();
        var isTold = false;
        while (!window.TryTake(LookTime, out _))
        {
            if (limit > TimeSpan.Zero && waiting.Elapsed >= limit)
            {
                // The listener may have received it at this moment, for this wait.
                if (window.TakeOrAbandon(out _))
                {
                    return true;
                }

                prompt.Show(Messages.Get("SessionAnswerLate", limit.TotalSeconds));
                return false;
            }

            if (waiting.Elapsed < PatientTime || !prompt.IsTypedAhead)
            {
                continue;
            }

            if (!isTold)
            {
                prompt.Show(Messages.Get("SessionAnswerMissing"));
                isTold = true;
            }

            if (prompt.HasMore)
            {
                return window.TakeOrAbandon(out _);
            }
        }

        return true;
    }

    /// <summary>What becomes of the responses: those of a broadcasting server are what the others say, also where it was reached by its port.</summary>
    private ResponseHandling Handling(EchoSession session) =>
        session.ToOptions().Response == ResponseHandling.None || Running.ServerOf(session)?.GetIsBroadcasting() == true ? ResponseHandling.None
        : _waits ? ResponseHandling.Awaited
        : ResponseHandling.Received;

    /// <summary>Shows what the server sends unsolicited, when it comes, and that it has gone.</summary>
    private static void Listen(EchoSession session, LinePrompt prompt, CancellationToken leaving)
    {
        try
        {
            while (true)
            {
                prompt.ShowUnsolicited(ViewCell.WholeMessage(session.Receive(TimeSpan.Zero, cancellationToken: leaving).Response) ?? string.Empty);
            }
        }
        catch (OperationCanceledException)
        {
            // The conversation is over.
        }
        catch (SocketToolsException exception)
        {
            prompt.ShowLoss(exception.Message);
        }
    }
}
