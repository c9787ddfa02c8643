using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace PSSocketTools.Responders;

/// <summary>A PowerShell with a runspace of its own, which runs the script for one message at a time.</summary>
internal sealed class ScriptWorker
{
    private readonly ResponderScript _script;
    private readonly PowerShell _shell = PowerShell.Create();

    // The message it works on, to which belongs what the script says; null when nobody is interested any more.
    private volatile ReceivedMessage? _message;

    public ScriptWorker(ResponderScript script)
    {
        _script = script;
        var runspace = RunspaceFactory.CreateRunspace(script.ToSessionState());
        runspace.ThreadOptions = PSThreadOptions.ReuseThread;
        runspace.Open();
        _shell.Runspace = runspace;

        // As a console shows them: what Write-Host and Write-Information say stands there as it is.
        var streams = _shell.Streams;
        streams.Error.DataAdding += (_, added) => _message?.ReportError(added.ItemAdded.ToString()!);
        streams.Warning.DataAdding += (_, added) => _message?.Trace($"WARNING: {added.ItemAdded}");
        streams.Verbose.DataAdding += (_, added) => _message?.Trace($"VERBOSE: {added.ItemAdded}");
        streams.Debug.DataAdding += (_, added) => _message?.Trace($"DEBUG: {added.ItemAdded}");
        streams.Information.DataAdding += (_, added) => _message?.Trace($"{added.ItemAdded}");
    }

    /// <summary>Runs the script for a message.</summary>
    /// <param name="message">The message.</param>
    /// <param name="output">Gets what the script writes, with the mark of its end.</param>
    public Task RunAsync(ReceivedMessage message, PSDataCollection<PSObject> output)
    {
        _message = message;
        _script.AddTo(_shell, message);
        var input = new PSDataCollection<PSObject>();
        input.Complete();
        return Task.Factory.FromAsync(_shell.BeginInvoke(input, output), _shell.EndInvoke);
    }

    /// <summary>Forgets the message, when the script has ended.</summary>
    public void Clear()
    {
        _message = null;
        _shell.Commands.Clear();
        _shell.Streams.ClearStreams();
    }

    /// <summary>Stops the script, of which nothing is recorded any more, and then frees what it runs in, even if stopping failed.</summary>
    /// <param name="running">Ends with the script.</param>
    public async Task FreeAsync(Task running)
    {
        _message = null;
        try
        {
            await Task.Factory.FromAsync(_shell.BeginStop, _shell.EndStop, null).ConfigureAwait(false);
            await Task.WhenAny(running).ConfigureAwait(false);
        }
        finally
        {
            Free();
        }
    }

    /// <summary>Frees what it runs in, when no script runs.</summary>
    public void Free()
    {
        _shell.Runspace.Dispose();
        _shell.Dispose();
    }
}
