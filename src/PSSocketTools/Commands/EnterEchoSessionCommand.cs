using System.Collections;
using System.Globalization;
using System.Management.Automation;
using PSSocketTools.Completion;
using PSSocketTools.Resources;

namespace PSSocketTools.Commands;

/// <summary>Enter-EchoSession: a conversation by hand; each line is sent, and its answer shown.</summary>
[Cmdlet(VerbsCommon.Enter, "EchoSession", DefaultParameterSetName = BySession)]
public sealed class EnterEchoSessionCommand : ConnectingCommand
{
    private const string BySession = "Session";

    // What PSReadLine defines, and what PowerShell itself asks for a line.
    private const string LineEditor = "PSConsoleHostReadLine";

    private readonly object _screen = new();
    private EchoSession? _ownSession;
    private IEnumerator? _redirected;
    private string _prompt = string.Empty;
    private bool _isAsking;

    /// <summary>The session to speak through; it stays open.</summary>
    [Parameter(ParameterSetName = BySession, Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [ValidateNotNull]
    public EchoSession? Session { get; set; }

    /// <summary>The computer's name or address, for a session that ends with the conversation; localhost by default.</summary>
    [Parameter(ParameterSetName = ToComputer)]
    [ValidateNotNullOrEmpty]
    public string ComputerName { get; set; } = "localhost";

    /// <summary>The port, 1 to 65535.</summary>
    [Parameter(ParameterSetName = ToComputer, Mandatory = true)]
    [ArgumentCompleter(typeof(ServerPortCompleter))]
    [ValidateRange(1, 65535)]
    public int Port { get; set; }

    /// <summary>A server that runs in this process.</summary>
    [Parameter(ParameterSetName = ToServer, Mandatory = true)]
    [ValidateNotNull]
    public EchoServer? Server { get; set; }

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
            session = Session ?? (_ownSession = Connect(Target() with { ResponseTimeout = TimeSpan.FromSeconds(ResponseTimeoutSec) }));
        }
        catch (SocketToolsException exception)
        {
            ThrowTerminating(exception);
            return;
        }

        _prompt = Messages.Get("SessionPrompt", session.RemoteEndPoint);
        _redirected = Console.IsInputRedirected ? SessionState.PSVariable.GetValue("input") as IEnumerator : null;
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
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _ownSession?.Dispose();
        }

        base.Dispose(disposing);
    }

    private SessionOptions Target() => ParameterSetName switch
    {
        ToServer => OptionsFor(Server!),
        ToSocketPath => OptionsFor(SocketPath!),
        _ => OptionsFor(ComputerName, Port),
    };

    private void Converse(EchoSession session)
    {
        while (Ask() is { } line)
        {
            if (session.State != "Open")
            {
                // The listener has said so.
                return;
            }

            var leaves = ExitCommand.Contains(line.Trim(), StringComparer.OrdinalIgnoreCase);
            if (leaves && !SendExitCommand)
            {
                return;
            }

            if (!string.IsNullOrWhiteSpace(line) && !Say(session, line))
            {
                return;
            }

            if (leaves || session.State != "Open")
            {
                return;
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

    /// <summary>The next line; null at the end of input.</summary>
    private string? Ask()
    {
        lock (_screen)
        {
            Host.UI.Write(_prompt);
            _isAsking = true;
        }

        var line = ReadLine();
        lock (_screen)
        {
            _isAsking = false;
            if (Console.IsInputRedirected || line is null)
            {
                // A terminal has shown the line already.
                Host.UI.WriteLine(line ?? string.Empty);
            }
        }

        return line;
    }

    /// <remarks>Redirected input may have been taken by PowerShell for $input, as Windows PowerShell always does.</remarks>
    private string? ReadLine() =>
        !Console.IsInputRedirected ? Edit()
        : _redirected is not null && _redirected.MoveNext() ? Convert.ToString(_redirected.Current, CultureInfo.InvariantCulture)
        : Console.In.ReadLine();

    /// <summary>A line typed in the terminal; with the shell's own line editor and its history, where there is one.</summary>
    private string? Edit() =>
        InvokeCommand.GetCommand(LineEditor, CommandTypes.Function) is null
            ? Host.UI.ReadLine()
            : LanguagePrimitives.ConvertTo<string>(InvokeCommand.InvokeScript(LineEditor).FirstOrDefault());

    /// <summary>Shows what the server sends unasked, when it comes, and that it has gone.</summary>
    private void Listen(EchoSession session, CancellationToken leaving)
    {
        try
        {
            while (true)
            {
                Interrupt(session.Receive(TimeSpan.Zero, cancellationToken: leaving).Response as string ?? string.Empty);
            }
        }
        catch (OperationCanceledException)
        {
            // The conversation is over.
        }
        catch (SocketToolsException exception)
        {
            // In the middle of an exchange, the exchange tells it.
            lock (_screen)
            {
                if (_isAsking)
                {
                    Interrupt(exception.Message);
                }
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
}
