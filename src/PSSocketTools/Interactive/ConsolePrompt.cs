using System.Diagnostics;
using System.Management.Automation;
#if NET
using System.Runtime.InteropServices;
#endif
using PSSocketTools.Views;

namespace PSSocketTools.Interactive;

/// <summary>
/// Lines typed in this process's console, in an editor of its own: the shell's would ask whether they are PowerShell, complete
/// cmdlets, and keep them in the shell's history. What others show meanwhile stands above the line, which is drawn anew.
/// </summary>
internal sealed class ConsolePrompt : LinePrompt
{
    private const string EraseToEnd = "\e[K";
    private const int DefaultColumns = 80;

    // Who was typing when the server went, or pasting, goes on for a moment: these keys are meant for nobody else.
    private static readonly TimeSpan TypingTime = TimeSpan.FromSeconds(2);
    private const int QuietMilliseconds = 1000;

    private readonly LineBuffer _line = new();
    private readonly KeySource _keys = KeySource.Create();
    private readonly Stopwatch _sinceKey = new();
    private readonly CancellationTokenSource _stopOrLoss;
#if NET
    private readonly PosixSignalRegistration[] _redraws = [];
#endif

    public ConsolePrompt(PSCmdlet command, string prompt, CancellationToken stop)
        : base(command, prompt, stop)
    {
        _stopOrLoss = CancellationTokenSource.CreateLinkedTokenSource(stop, Lost);
#if NET
        if (!RuntimeInformation.IsOSPlatform(OSPlatform.Windows))
        {
            // A new size, and a return from the background.
            _redraws = [PosixSignalRegistration.Create(PosixSignal.SIGWINCH, Redraw), PosixSignalRegistration.Create(PosixSignal.SIGCONT, Redraw)];
        }
#endif
    }

    /// <inheritdoc/>
    public override bool EndsByKey => true;

    /// <inheritdoc/>
    public override bool IsTypedAhead => true;

    /// <inheritdoc/>
    public override bool HasMore => _keys.Take(0, _stopOrLoss.Token) == KeyWait.Keys;

    /// <summary>Whether the command's host is on this process's console, and both its ends are a terminal.</summary>
    public static bool IsPossible(PSCmdlet command)
    {
        // Entered from another process, this process's console is somebody else's.
        if (Console.IsInputRedirected || Console.IsOutputRedirected || command.Host.Name == "ServerRemoteHost"
            || command.Host.UI?.RawUI is not { } screen)
        {
            return false;
        }

        try
        {
            // Hosts without a console throw.
            _ = screen.KeyAvailable;
            _ = Console.KeyAvailable;
            return screen.WindowSize.Width > 0;
        }
        catch (Exception exception) when (HostWindow.IsMissing(exception))
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public override string? Ask()
    {
        lock (Screen)
        {
            if (Loss is not null)
            {
                Host.WriteLine(Loss);
                return null;
            }

            IsAsking = true;
            Draw();
        }

        var outcome = Edit();
        lock (Screen)
        {
            IsAsking = false;
            var isLine = outcome == KeyOutcome.Accepted && Loss is null;
            if (isLine)
            {
                // Whole, though it may have been scrolled; a transcript has it then too.
                Write(Erasure());
                Host.WriteLine(Prompt + ViewCell.Plain(_line.Text, keepsLines: true));
                return _line.Accept();
            }

            Write(Console.Out.NewLine);
            if (Loss is not null)
            {
                Host.WriteLine(Loss);
            }
        }

        return Stop.IsCancellationRequested ? throw new PipelineStoppedException() : null;
    }

    /// <inheritdoc/>
    public override void ShowUnsolicited(string line)
    {
        lock (Screen)
        {
            if (IsAsking)
            {
                Write(Erasure());
            }

            Host.WriteLine(line);
            if (IsAsking)
            {
                Draw();
            }
        }
    }

    /// <summary>Ends the conversation's hold of the console; keys that were typed for it are not the shell's.</summary>
    public override void Dispose()
    {
#if NET
        foreach (var redraw in _redraws)
        {
            redraw.Dispose();
        }
#endif
        var isTyping = Loss is not null && _sinceKey.IsRunning && _sinceKey.Elapsed < TypingTime;
        var stop = Stop.IsCancellationRequested ? CancellationToken.None : Stop;
        while (_keys.Take(isTyping ? QuietMilliseconds : 0, stop) == KeyWait.Keys)
        {
            isTyping = true;
            _keys.Keys.Clear();
        }

        _keys.Dispose();
        _stopOrLoss.Dispose();
        base.Dispose();
    }

    /// <summary>Has keys do to the line what they do, until one ends it.</summary>
    private KeyOutcome Edit()
    {
        while (true)
        {
            switch (_keys.Take(Timeout.Infinite, _stopOrLoss.Token))
            {
                case KeyWait.Cancelled:
                    return KeyOutcome.Interrupted;
                case KeyWait.Ended:
                    return KeyOutcome.EndOfInput;
            }

            _sinceKey.Restart();
            lock (Screen)
            {
                while (_keys.Keys.Count > 0)
                {
                    var outcome = LineKeys.Press(_line, _keys.Keys.Dequeue());
                    if (outcome == KeyOutcome.ClearScreen)
                    {
                        Console.Clear();
                    }
                    else if (outcome != KeyOutcome.Edited)
                    {
                        return outcome;
                    }
                }

                Draw();
            }
        }
    }

    private void Draw()
    {
        var row = LineView.Of(Prompt, _line.Text, _line.Cursor, Columns());
        var text = Erasure() + row.Text;

        // What a terminal makes of the text before the cursor is where the cursor belongs: no column is counted.
        Write(row.BeforeCursor.Length == row.Text.Length ? text : text + '\r' + row.BeforeCursor);
    }

    private string Erasure() => Host.SupportsVirtualTerminal ? '\r' + EraseToEnd : '\r' + new string(' ', Columns() - 1) + '\r';

#if NET
    private void Redraw(PosixSignalContext context)
    {
        lock (Screen)
        {
            if (IsAsking)
            {
                Draw();
            }
        }
    }
#endif

    private static int Columns()
    {
        try
        {
            return Console.WindowWidth is > 0 and var columns ? columns : DefaultColumns;
        }
        catch (IOException)
        {
            return DefaultColumns;
        }
    }

    private static void Write(string text)
    {
        try
        {
            Console.Out.Write(text);
        }
        catch (IOException)
        {
            // The terminal has gone; the wait for keys ends.
        }
    }
}
