using System.Collections;
using System.Globalization;
using System.Management.Automation;
using PSSocketTools.Resources;

namespace PSSocketTools.Commands;

/// <summary>Enter-EchoSession: a conversation by hand; each line is sent, and its answer shown.</summary>
[Cmdlet(VerbsCommon.Enter, "EchoSession", DefaultParameterSetName = BySession)]
public sealed class EnterEchoSessionCommand : ConversingCommand
{
    // What PSReadLine defines, and what PowerShell itself asks for a line.
    private const string LineEditor = "PSConsoleHostReadLine";

    // The same editor, by the entry that can be told to give up.
    private const string StoppableEditor = """
        param($stop)
        $editor = 'Microsoft.PowerShell.PSConsoleReadLine' -as [type]
        if (-not $editor) { return PSConsoleHostReadLine }
        $newer = [type[]] ([runspace], [Management.Automation.EngineIntrinsics], [Threading.CancellationToken], [Nullable[bool]])
        if ($editor.GetMethod('ReadLine', $newer)) { $editor::ReadLine($Host.Runspace, $ExecutionContext, $stop, $true) }
        else { $editor::ReadLine($Host.Runspace, $ExecutionContext, $stop) }
        """;

    // The editor lets others write, and draws its line anew, when it runs the actions of events.
    private const string ActionsEditor = "[bool] ('Microsoft.PowerShell.PSConsoleReadLine' -as [type])";

    // On Unix the editor may wait for the terminal, which who reads a key holds: it does nothing then until one is pressed.
    private static readonly TimeSpan EditorTime = TimeSpan.FromMilliseconds(700);

    private readonly object _screen = new();
    private readonly AutoResetEvent _shown = new(false);
    private readonly Queue<string> _unasked = new();
    private readonly Bell _bell = new();
    private CancellationTokenSource _lost = new();
    private IEnumerator? _redirected;
    private string _prompt = string.Empty;
    private string? _loss;
    private bool _isAsking;
    private bool _isRedirected;
    private bool _hasEditor;
    private bool _editorActs;

    /// <summary>The session to speak through; it stays open.</summary>
    [Parameter(ParameterSetName = BySession, Mandatory = true, Position = 1, ValueFromPipeline = true)]
    [ValidateNotNull]
    public EchoSession? Session { get; set; }

    /// <summary>The lines that leave, in any case; sair and exit by default.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[] ExitCommand { get; set; } = ["sair", "exit"];

    /// <summary>Sends the line that leaves to the server too, and shows its farewell.</summary>
    [Parameter]
    public SwitchParameter SendExitCommand { get; set; }

    /// <summary>How long an answer is waited for, in seconds, 0 to 86,400; 30 by default, 0 is without end.</summary>
    [Parameter(ParameterSetName = ToComputer)]
    [Parameter(ParameterSetName = ToSocketPath)]
    [Parameter(ParameterSetName = ToServer)]
    [ValidateRange(0, 86400)]
    public double ResponseTimeoutSec { get; set; } = 30;

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

        _loss = null;
        _lost.Dispose();
        _lost = new CancellationTokenSource();
        _prompt = Messages.Get("SessionPrompt", session.RemoteEndPoint);
        _isRedirected = Console.IsInputRedirected;
        _redirected = _isRedirected ? SessionState.PSVariable.GetValue("input") as IEnumerator : null;
        _hasEditor = !_isRedirected && InvokeCommand.GetCommand(LineEditor, CommandTypes.Function) is not null;
        _editorActs = _hasEditor && LanguagePrimitives.IsTrue(InvokeCommand.InvokeScript(ActionsEditor).FirstOrDefault());
        var subscriber = _editorActs
            ? Events.SubscribeEvent(
                _bell, nameof(Bell.Rung), null, PSObject.AsPSObject(new Action(ShowUnasked)), ScriptBlock.Create("$Event.MessageData.Invoke()"), true, false)
            : null;
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(StopToken);
        var listening = Task.Factory.StartNew(
            () => Listen(session, leaving.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        try
        {
            Converse(session);
        }
        finally
        {
            leaving.Cancel();
            listening.Wait();
            if (subscriber is not null)
            {
                Events.UnsubscribeEvent(subscriber);
            }
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _lost.Dispose();
            _shown.Dispose();
        }

        base.Dispose(disposing);
    }

    private void Converse(EchoSession session)
    {
        while (Ask() is { } line)
        {
            var leaves = ExitCommand.Contains(line.Trim(), StringComparer.OrdinalIgnoreCase);
            if (leaves && !SendExitCommand)
            {
                return;
            }

            if (!string.IsNullOrWhiteSpace(line) && !Say(session, line))
            {
                return;
            }

            if (leaves)
            {
                return;
            }

            if (session.State != "Open")
            {
                // The listener shows what came before the end, and then there is nothing to ask for.
                WaitHandle.WaitAny([_lost.Token.WaitHandle, StopToken.WaitHandle]);
            }
        }
    }

    /// <summary>Sends a line and shows its answer; false when there is no more talking.</summary>
    private bool Say(EchoSession session, string line)
    {
        try
        {
            var answer = session.Send(line, StopToken);
            Show(Messages.Get("SessionAnswer", answer.Response, answer.RoundTripTime.TotalMilliseconds));
            return true;
        }
        catch (SocketToolsException exception)
        {
            WriteError(exception);
            // What could not be sent as it was leaves the session as it was.
            return session.State == "Open";
        }
        catch (OperationCanceledException)
        {
            throw new PipelineStoppedException();
        }
    }

    /// <summary>The next line; null at the end of input, and when the server is lost, which is said here.</summary>
    private string? Ask()
    {
        lock (_screen)
        {
            if (_loss is not null)
            {
                Host.UI.WriteLine(_loss);
                return null;
            }

            Host.UI.Write(_prompt);
            _isAsking = true;
        }

        var line = _isRedirected ? ReadRedirected() : Edit();
        lock (_screen)
        {
            _isAsking = false;
            if (_isRedirected || line is null || _loss is not null)
            {
                // Else a terminal has shown the line and its end already.
                Host.UI.WriteLine(_loss is null ? line ?? string.Empty : string.Empty);
            }

            ShowUnasked();
            if (_loss is not null)
            {
                Host.UI.WriteLine(_loss);
                _shown.Set();
                return null;
            }
        }

        return _lost.IsCancellationRequested ? null : line;
    }

    /// <summary>A line of redirected input, unless the server is lost before it comes.</summary>
    /// <remarks>PowerShell may have taken the input for $input, as Windows PowerShell always does.</remarks>
    private string? ReadRedirected()
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(StopToken, _lost.Token);
        try
        {
            return _redirected is not null && RedirectedInput.Await(Next, either.Token) is { } line ? line : RedirectedInput.ReadLine(either.Token);
        }
        catch (OperationCanceledException)
        {
            return StopToken.IsCancellationRequested ? throw new PipelineStoppedException() : null;
        }

        string? Next() => _redirected.MoveNext() ? Convert.ToString(_redirected.Current, CultureInfo.InvariantCulture) : null;
    }

    /// <summary>A line typed in the terminal; with the shell's own line editor and its history, where there is one. Null at the end of input.</summary>
    private string? Edit()
    {
        if (!_hasEditor)
        {
            return Host.UI.ReadLine();
        }

        var line = LanguagePrimitives.ConvertTo<string>(InvokeCommand.InvokeScript(StoppableEditor, _lost.Token).FirstOrDefault());
        if (!_editorActs || _lost.IsCancellationRequested || Host.UI.RawUI.CursorPosition.X == 0)
        {
            return line;
        }

        // Without Enter the editor stays in its line: Ctrl+C has emptied it, Ctrl+D made an exit of it, whatever leaves here.
        if (line.Length > 0)
        {
            return null;
        }

        Host.UI.WriteLine(string.Empty);
        return line;
    }

    /// <summary>Shows what the server sends unasked, when it comes, and that it has gone.</summary>
    private void Listen(EchoSession session, CancellationToken leaving)
    {
        try
        {
            while (true)
            {
                ShowUnasked(session.Receive(TimeSpan.Zero, cancellationToken: leaving).Response as string ?? string.Empty);
            }
        }
        catch (OperationCanceledException)
        {
            // The conversation is over.
        }
        catch (SocketToolsException exception)
        {
            ShowLoss(exception.Message);
        }
    }

    /// <summary>Has the line that is asked for given up, and says why; an exchange that is lost tells its own.</summary>
    private void ShowLoss(string loss)
    {
        bool edits;
        lock (_screen)
        {
            edits = _isAsking && _hasEditor;
            if (_isAsking && !_isRedirected && !_hasEditor)
            {
                // Who reads a line here can't be told to give up.
                Interrupt(loss);
            }
            else
            {
                // The words come when the line is given up, or before the next is asked for.
                _loss = loss;
            }

            _shown.Reset();
        }

        _lost.Cancel();
        if (edits && !_shown.WaitOne(EditorTime))
        {
            lock (_screen)
            {
                if (_isAsking)
                {
                    // The editor gives up with the next key, and the words are written once more, in this place.
                    Host.UI.WriteLine(string.Empty);
                    Host.UI.WriteLine(loss);
                }
            }
        }
    }

    private void ShowUnasked(string line)
    {
        lock (_screen)
        {
            if (!_isAsking || !_editorActs)
            {
                Interrupt(line);
                return;
            }

            _unasked.Enqueue(line);
            _shown.Reset();
        }

        _bell.Ring();
        if (!_shown.WaitOne(EditorTime))
        {
            ShowUnasked();
        }
    }

    /// <summary>Shows what the editor has not let be shown yet.</summary>
    private void ShowUnasked()
    {
        lock (_screen)
        {
            while (_unasked.Count > 0)
            {
                Interrupt(_unasked.Dequeue());
                _shown.Set();
            }
        }
    }

    private void Interrupt(string line)
    {
        lock (_screen)
        {
            if (_isAsking)
            {
                Host.UI.WriteLine(string.Empty);
            }

            Host.UI.WriteLine(line);
            if (_isAsking)
            {
                Host.UI.Write(_prompt);
            }
        }
    }

    private void Show(string line)
    {
        lock (_screen)
        {
            Host.UI.WriteLine(line);
        }
    }

    /// <summary>What the engine subscribes to.</summary>
    private sealed class Bell
    {
        public event EventHandler? Rung;

        public void Ring() => Rung?.Invoke(this, EventArgs.Empty);
    }
}
