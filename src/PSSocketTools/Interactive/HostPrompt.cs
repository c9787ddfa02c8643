using System.Collections;
using System.Globalization;
using System.Management.Automation;

namespace PSSocketTools.Interactive;

/// <summary>Lines as the host reads them, or from redirected input: where there is no console of this process's own.</summary>
internal sealed class HostPrompt : LinePrompt
{
    private readonly bool _isRedirected;
    private readonly IEnumerator? _redirected;
    private bool _isLossShown;

    public HostPrompt(PSCmdlet command, string prompt, CancellationToken stop)
        : base(command, prompt, stop)
    {
        _isRedirected = Console.IsInputRedirected;
        _redirected = _isRedirected ? command.SessionState.PSVariable.GetValue("input") as IEnumerator : null;
    }

    /// <inheritdoc/>
    public override bool EndsByKey => _isRedirected;

    /// <inheritdoc/>
    public override bool IsTypedAhead => false;

    /// <inheritdoc/>
    public override bool HasMore => false;

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

            Host.Write(Prompt);
            IsAsking = true;
        }

        var line = _isRedirected ? ReadRedirected() : Host.ReadLine();
        lock (Screen)
        {
            IsAsking = false;
            if (_isRedirected || line is null)
            {
                // Else the host has shown the line and its end already.
                Host.WriteLine(Loss is null ? line ?? string.Empty : string.Empty);
            }

            if (Loss is not null && !_isLossShown)
            {
                Host.WriteLine(Loss);
            }

            return Loss is null ? line : null;
        }
    }

    /// <inheritdoc/>
    public override void ShowUnsolicited(string line)
    {
        lock (Screen)
        {
            if (IsAsking)
            {
                Host.WriteLine(string.Empty);
            }

            Host.WriteLine(line);
            if (IsAsking)
            {
                Host.Write(Prompt);
            }
        }
    }

    /// <inheritdoc/>
    protected override void OnLossWhileAsking(string loss)
    {
        if (!_isRedirected)
        {
            // A host that reads a line can't be told to give up.
            Host.WriteLine(string.Empty);
            Host.WriteLine(loss);
            _isLossShown = true;
        }
    }

    /// <summary>A line of redirected input, unless the server is lost before it comes.</summary>
    /// <remarks>PowerShell may have taken the input for $input, as Windows PowerShell always does.</remarks>
    private string? ReadRedirected()
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(Stop, Lost);
        try
        {
            return _redirected is not null && RedirectedInput.Await(Next, either.Token) is { } line ? line : RedirectedInput.ReadLine(either.Token);
        }
        catch (OperationCanceledException)
        {
            return Stop.IsCancellationRequested ? throw new PipelineStoppedException() : null;
        }

        string? Next() => _redirected.MoveNext() ? Convert.ToString(_redirected.Current, CultureInfo.InvariantCulture) : null;
    }
}
