using System.Management.Automation;
using PSSocketTools.Completion;
using PSSocketTools.Interactive;
using PSSocketTools.Resources;

namespace PSSocketTools.Commands;

/// <summary>Enter-EchoSession: a conversation by hand; each line is sent, and its answer shown.</summary>
[Cmdlet(VerbsCommon.Enter, "EchoSession", DefaultParameterSetName = BySession)]
public sealed class EnterEchoSessionCommand : ConversingCommand
{
    // A server that ends the conversation with its answer closes right behind it; nobody types as fast.
    private const int GoodbyeMilliseconds = 50;
    private const string Sair = "sair";
    private const string Exit = "exit";

    /// <summary>The session to speak through; it stays open.</summary>
    [Parameter(ParameterSetName = BySession, Position = 1, ValueFromPipeline = true)]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(SessionCompleter))]
    public EchoSession? Session { get; set; }

    /// <summary>The lines that leave, in any case.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [PSDefaultValue(Value = new[] { Sair, Exit })]
    public string[] ExitCommand { get; set; } = [Sair, Exit];

    /// <summary>Sends the line that leaves to the server too, and shows its farewell.</summary>
    [Parameter]
    public SwitchParameter SendExitCommand { get; set; }

    /// <summary>How long an answer is waited for, in seconds; 0 is without end.</summary>
    [Parameter(ParameterSetName = ToComputer)]
    [Parameter(ParameterSetName = ToSocketPath)]
    [Parameter(ParameterSetName = ToServer)]
    [ValidateRange(SessionOptions.LowestResponseTimeoutSeconds, SessionOptions.HighestResponseTimeoutSeconds)]
    [PSDefaultValue(Value = SessionOptions.DefaultResponseTimeoutSeconds)]
    public double ResponseTimeoutSec { get; set; } = SessionOptions.DefaultResponseTimeoutSeconds;

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

        using var prompt = new LinePrompt(this, Messages.Get("SessionPrompt", session.RemoteEndPoint), StopToken);
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
        while (prompt.Ask() is { } line)
        {
            var leaves = ExitCommand.Contains(line.Trim(), StringComparer.OrdinalIgnoreCase);
            if (leaves && !SendExitCommand)
            {
                return;
            }

            if (!string.IsNullOrWhiteSpace(line) && !Say(session, prompt, line))
            {
                return;
            }

            if (leaves)
            {
                return;
            }

            session.Refresh();

            // The listener shows what came before the end, and then there is nothing to ask for.
            WaitHandle.WaitAny([prompt.Lost.WaitHandle, StopToken.WaitHandle], session.GetState() == EchoSessionState.Open ? GoodbyeMilliseconds : Timeout.Infinite);
        }
    }

    /// <summary>Sends a line and shows its answer; false when there is no more talking.</summary>
    private bool Say(EchoSession session, LinePrompt prompt, string line)
    {
        try
        {
            var answer = session.Send(line, StopToken);
            prompt.Show(Messages.Get("SessionAnswer", ViewCell.WholeMessage(answer.Response), answer.RoundTripMilliseconds));
            return true;
        }
        catch (SocketToolsException exception)
        {
            WriteError(exception);
            // What could not be sent as it was leaves the session as it was.
            return session.GetState() == EchoSessionState.Open;
        }
        catch (OperationCanceledException)
        {
            throw new PipelineStoppedException();
        }
    }

    /// <summary>Shows what the server sends unasked, when it comes, and that it has gone.</summary>
    private static void Listen(EchoSession session, LinePrompt prompt, CancellationToken leaving)
    {
        try
        {
            while (true)
            {
                prompt.ShowUnasked(ViewCell.WholeMessage(session.Receive(TimeSpan.Zero, cancellationToken: leaving).Response) ?? string.Empty);
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
