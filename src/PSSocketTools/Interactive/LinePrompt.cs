using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Host;

namespace PSSocketTools.Interactive;

/// <summary>
/// Asks for lines, in the terminal with the shell's own editor and its history where there is one, and lets others show
/// theirs meanwhile. What it waits for can be lost: then no more line comes.
/// </summary>
internal sealed class LinePrompt : IDisposable
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

    // What is typed is meant for the server: an editor that is told to give up would offer it to the shell as a command.
    private const string BellAction = "if ($Event.MessageData.Invoke()) { [Microsoft.PowerShell.PSConsoleReadLine]::RevertLine() }";

    // On Unix the editor may wait for the terminal, which who reads a key holds: it does nothing then until one is pressed.
    private static readonly TimeSpan EditorTime = TimeSpan.FromMilliseconds(700);

    private readonly PSCmdlet _command;
    private readonly PSHostUserInterface _host;
    private readonly string _prompt;
    private readonly CancellationToken _stop;
    private readonly bool _isRedirected;
    private readonly bool _hasEditor;
    private readonly bool _editorActs;
    private readonly IEnumerator? _redirected;
    private readonly PSEventSubscriber? _subscriber;
    private readonly object _screen = new();
    private readonly AutoResetEvent _shown = new(false);
    private readonly CancellationTokenSource _lost = new();
    private readonly Queue<string> _unasked = new();
    private readonly Bell _bell = new();
    private string? _loss;
    private bool _isAsking;

    /// <summary>Readies the prompt of a command; to be made and asked in its pipeline's thread.</summary>
    /// <param name="command">The command, for its host and its shell.</param>
    /// <param name="prompt">What stands before a line.</param>
    /// <param name="stop">Cancelled when the pipeline stops.</param>
    public LinePrompt(PSCmdlet command, string prompt, CancellationToken stop)
    {
        _command = command;
        _host = command.Host.UI;
        _prompt = prompt;
        _stop = stop;
        _isRedirected = Console.IsInputRedirected;
        _redirected = _isRedirected ? command.SessionState.PSVariable.GetValue("input") as IEnumerator : null;
        _hasEditor = !_isRedirected && command.InvokeCommand.GetCommand(LineEditor, CommandTypes.Function) is not null;
        _editorActs = _hasEditor && LanguagePrimitives.IsTrue(command.InvokeCommand.InvokeScript(ActionsEditor).FirstOrDefault());
        if (_editorActs)
        {
            _subscriber = command.Events.SubscribeEvent(
                _bell, nameof(Bell.Rung), null, PSObject.AsPSObject(new Func<bool>(AnswerBell)), ScriptBlock.Create(BellAction), true, false);
        }
    }

    /// <summary>Cancelled when what the lines are for is lost.</summary>
    public CancellationToken Lost => _lost.Token;

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_subscriber is not null)
        {
            _command.Events.UnsubscribeEvent(_subscriber);
        }

        _lost.Dispose();
        _shown.Dispose();
    }

    /// <summary>The next line; null at the end of input, and when the server is lost, which is said here.</summary>
    public string? Ask()
    {
        lock (_screen)
        {
            if (_loss is not null)
            {
                _host.WriteLine(_loss);
                return null;
            }

            _host.Write(_prompt);
            _isAsking = true;
        }

        var line = _isRedirected ? ReadRedirected() : Edit();
        lock (_screen)
        {
            _isAsking = false;
            if (_isRedirected || line is null || _loss is not null)
            {
                // Else a terminal has shown the line and its end already.
                _host.WriteLine(_loss is null ? line ?? string.Empty : string.Empty);
            }

            ShowUnasked();
            if (_loss is not null)
            {
                _host.WriteLine(_loss);
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
        using var either = CancellationTokenSource.CreateLinkedTokenSource(_stop, _lost.Token);
        try
        {
            return _redirected is not null && RedirectedInput.Await(Next, either.Token) is { } line ? line : RedirectedInput.ReadLine(either.Token);
        }
        catch (OperationCanceledException)
        {
            return _stop.IsCancellationRequested ? throw new PipelineStoppedException() : null;
        }

        string? Next() => _redirected.MoveNext() ? Convert.ToString(_redirected.Current, CultureInfo.InvariantCulture) : null;
    }

    /// <summary>A line typed in the terminal; with the shell's own line editor and its history, where there is one. Null at the end of input.</summary>
    private string? Edit()
    {
        if (!_hasEditor)
        {
            return _host.ReadLine();
        }

        var line = LanguagePrimitives.ConvertTo<string>(_command.InvokeCommand.InvokeScript(StoppableEditor, _lost.Token).FirstOrDefault());
        if (!_editorActs || _lost.IsCancellationRequested || _host.RawUI.CursorPosition.X == 0)
        {
            return line;
        }

        // Without Enter the editor stays in its line: Ctrl+C has emptied it, Ctrl+D made an exit of it, whatever leaves here.
        if (line.Length > 0)
        {
            return null;
        }

        _host.WriteLine(string.Empty);
        return line;
    }

    /// <summary>Has the line that is asked for given up, and says why; an exchange that is lost tells its own.</summary>
    public void ShowLoss(string loss)
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

        var isDiscarded = true;
        if (edits && _editorActs)
        {
            _bell.Ring();
            isDiscarded = _shown.WaitOne(EditorTime);
        }

        _lost.Cancel();
        if (edits && !(isDiscarded && _shown.WaitOne(EditorTime)))
        {
            lock (_screen)
            {
                if (_isAsking)
                {
                    // The editor gives up with the next key, and the words are written once more, in this place.
                    _host.WriteLine(string.Empty);
                    _host.WriteLine(loss);
                }
            }
        }
    }

    /// <summary>Shows a line that came while another may be asked for.</summary>
    public void ShowUnasked(string line)
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

    /// <summary>What the editor lets happen while it waits for keys; true when what it holds is of no use any more.</summary>
    private bool AnswerBell()
    {
        ShowUnasked();
        lock (_screen)
        {
            if (_loss is not null)
            {
                _shown.Set();
            }

            return _loss is not null;
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
                _host.WriteLine(string.Empty);
            }

            _host.WriteLine(line);
            if (_isAsking)
            {
                _host.Write(_prompt);
            }
        }
    }

    /// <summary>Shows a line while none is asked for.</summary>
    public void Show(string line)
    {
        lock (_screen)
        {
            _host.WriteLine(line);
        }
    }

    /// <summary>What the engine subscribes to.</summary>
    private sealed class Bell
    {
        public event EventHandler? Rung;

        public void Ring() => Rung?.Invoke(this, EventArgs.Empty);
    }
}
