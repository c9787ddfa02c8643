using System.Management.Automation;
using System.Management.Automation.Host;

namespace PSSocketTools.Interactive;

/// <summary>
/// Asks for lines, and lets others show theirs meanwhile. What it waits for can be lost: then no more line comes.
/// </summary>
internal abstract class LinePrompt : IDisposable
{
    private readonly CancellationTokenSource _lost = new();

    private protected LinePrompt(PSCmdlet command, string prompt, CancellationToken stop)
    {
        Host = command.Host.UI;
        Prompt = prompt;
        Stop = stop;
    }

    /// <summary>Cancelled when what the lines are for is lost.</summary>
    public CancellationToken Lost => _lost.Token;

    /// <summary>Whether Ctrl+D, or the end of the input that it stands for, ends the lines.</summary>
    public abstract bool EndsByKey { get; }

    /// <summary>Whether lines can be typed before they are asked for, so that <see cref="HasMore"/> tells of them.</summary>
    public abstract bool IsTypedAhead { get; }

    /// <summary>Whether more was typed behind the line that was given out last.</summary>
    public abstract bool HasMore { get; }

    /// <summary>The host's screen.</summary>
    protected PSHostUserInterface Host { get; }

    /// <summary>What stands before a line.</summary>
    protected string Prompt { get; }

    /// <summary>Cancelled when the pipeline stops.</summary>
    protected CancellationToken Stop { get; }

    /// <summary>Is held by whoever writes.</summary>
    protected object Screen { get; } = new();

    /// <summary>Why no more line is asked for; null while there is no reason.</summary>
    protected string? Loss { get; private set; }

    /// <summary>Whether a line is being asked for.</summary>
    protected bool IsAsking { get; set; }

    /// <summary>Readies the prompt of a command; to be made and asked in its pipeline's thread.</summary>
    /// <param name="command">The command, for its host and its shell.</param>
    /// <param name="prompt">What stands before a line.</param>
    /// <param name="stop">Cancelled when the pipeline stops.</param>
    public static LinePrompt Create(PSCmdlet command, string prompt, CancellationToken stop) =>
        ConsolePrompt.IsPossible(command) ? new ConsolePrompt(command, prompt, stop) : new HostPrompt(command, prompt, stop);

    /// <summary>The next line; null at the end of input, and when the server is lost, which is said here.</summary>
    /// <exception cref="PipelineStoppedException">The pipeline stops.</exception>
    public abstract string? Ask();

    /// <summary>Shows a line that came while another may be asked for.</summary>
    public abstract void ShowUnsolicited(string line);

    /// <summary>Shows a line while none is asked for.</summary>
    public void Show(string line)
    {
        lock (Screen)
        {
            Host.WriteLine(line);
        }
    }

    /// <summary>Has the line that is asked for given up, and says why; an exchange that is lost tells its own.</summary>
    public void ShowLoss(string loss)
    {
        lock (Screen)
        {
            if (IsAsking)
            {
                OnLossWhileAsking(loss);
            }

            Loss = loss;
        }

        _lost.Cancel();
    }

    /// <inheritdoc/>
    public virtual void Dispose() => _lost.Dispose();

    /// <summary>Says why no more line is asked for, where one that is being read can't be given up.</summary>
    protected virtual void OnLossWhileAsking(string loss)
    {
    }
}
