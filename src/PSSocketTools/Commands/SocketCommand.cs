using System.Management.Automation;

namespace PSSocketTools.Commands;

/// <summary>What every cmdlet of the module shares: Ctrl+C that ends a wait at once, and errors with one shape.</summary>
public abstract class SocketCommand : PSCmdlet, IDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private bool _disposed;

    /// <summary>Readies the command to be stopped.</summary>
    protected SocketCommand() => StopToken = _stopping.Token;

    /// <summary>Cancelled when the user presses Ctrl+C or the pipeline stops for another reason.</summary>
    protected CancellationToken StopToken { get; }

    /// <inheritdoc/>
    protected override void StopProcessing()
    {
        // It comes on a thread of its own, and may meet a pipeline that has just ended by itself.
        lock (_stopping)
        {
            if (!_disposed)
            {
                _stopping.Cancel();
            }
        }
    }

    /// <summary>Waits for a task, until it ends or the pipeline stops.</summary>
    /// <typeparam name="T">What the task gives.</typeparam>
    /// <exception cref="PipelineStoppedException">The pipeline stopped first.</exception>
    protected T Await<T>(Task<T> task)
    {
        Await((Task)task);
        return task.GetAwaiter().GetResult();
    }

    /// <summary>Waits for a task, until it ends or the pipeline stops.</summary>
    /// <exception cref="PipelineStoppedException">The pipeline stopped first.</exception>
    protected void Await(Task task)
    {
        try
        {
            Task.WaitAny([task], StopToken);
        }
        catch (OperationCanceledException)
        {
            throw new PipelineStoppedException();
        }

        task.GetAwaiter().GetResult();
    }

    /// <summary>Writes events as they happen, until the servers have stopped or the pipeline does.</summary>
    /// <param name="followers">The servers' followers.</param>
    /// <param name="query">Which events; null for all.</param>
    /// <param name="isOfSeveral">Whether a table shall say of which server each is.</param>
    private protected void WriteEvents(IReadOnlyCollection<ServerEventFollower> followers, ServerEventQuery? query, bool isOfSeveral = false)
    {
        var open = followers.ToDictionary(static f => f, static f => f.WaitAsync());
        while (open.Count > 0)
        {
            Await(Task.WhenAny(open.Values));
            var come = new List<IReadOnlyList<ServerEvent>>();
            foreach (var follower in open.Keys.Where(f => open[f].IsCompleted).ToArray())
            {
                if (!open[follower].GetAwaiter().GetResult())
                {
                    open.Remove(follower);
                    continue;
                }

                var missed = follower.Missed;
                come.Add([.. follower.Read().Where(one => query?.Matches(one) != false)]);
                if (follower.Missed > missed)
                {
                    WriteWarning(Resources.Messages.Get("EventsMissed", follower.Missed - missed));
                }

                open[follower] = follower.WaitAsync();
            }

            foreach (var one in ServerEventTimeline.Merge(come))
            {
                WriteEvent(one, isOfSeveral);
            }
        }
    }

    /// <summary>Writes an event, which a table shows with its server where it is one of several servers'.</summary>
    private protected void WriteEvent(ServerEvent serverEvent, bool isOfSeveral)
    {
        var output = PSObject.AsPSObject(serverEvent);
        if (isOfSeveral)
        {
            output.TypeNames.Insert(0, typeof(ServerEvent).FullName + "#OfSeveral");
        }

        WriteObject(output);
    }

    /// <summary>Warns, in words that may have a name in them that others chose: nothing in it acts on the terminal.</summary>
    private protected new void WriteWarning(string text) => base.WriteWarning(ViewCell.Plain(text, keepsLines: false));

    /// <summary>Whether the user gave the parameter, or the pipeline did.</summary>
    private protected bool IsBound(string parameter) => MyInvocation.BoundParameters.ContainsKey(parameter);

    /// <summary>Whether the user asked for what -Verbose tells, so that nothing is put into words for nobody.</summary>
    private protected bool IsVerbose => MyInvocation.BoundParameters.TryGetValue("Verbose", out var asked)
        ? asked is SwitchParameter { IsPresent: true }
        : GetVariableValue("VerbosePreference") is { } preference
            && !string.Equals(preference.ToString(), nameof(ActionPreference.SilentlyContinue), StringComparison.OrdinalIgnoreCase)
            && !string.Equals(preference.ToString(), nameof(ActionPreference.Ignore), StringComparison.OrdinalIgnoreCase);

    /// <summary>Tells what was asked for, in words that may have a name in them that others chose: nothing in it acts on the terminal.</summary>
    private protected new void WriteVerbose(string text) => base.WriteVerbose(ViewCell.Plain(text, keepsLines: false));

    /// <summary>Shows how far it is, in words that may have a name in them that others chose: nothing in it acts on the terminal.</summary>
    private protected new void WriteProgress(ProgressRecord progress)
    {
        progress.Activity = ViewCell.Plain(progress.Activity, keepsLines: false);
        progress.StatusDescription = ViewCell.Plain(progress.StatusDescription, keepsLines: false);
        base.WriteProgress(progress);
    }

    /// <summary>Reports an error the pipeline can go on after.</summary>
    protected void WriteError(SocketToolsException exception) => WriteError(ToRecord(exception));

    /// <summary>Ends the command with an error that leaves nothing to go on with.</summary>
    protected void ThrowTerminating(SocketToolsException exception) => ThrowTerminatingError(ToRecord(exception));

    private static ErrorRecord ToRecord(SocketToolsException exception) => ErrorRecords.Of(ServerReason.AddTo(exception));

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees what the command holds; PowerShell calls it when the pipeline ends, however it ends.</summary>
    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
        {
            lock (_stopping)
            {
                _disposed = true;
                _stopping.Dispose();
            }
        }
    }
}
