using System.Collections;
using PSSocketTools.Resources;

namespace PSSocketTools.Commands;

/// <content>Tests that are repeated, once all that the pipeline brings is known: each target at its own pace.</content>
public sealed partial class TestPortAvailabilityCommand
{
    // The name of the view with times and changes, in the module's format file.
    private const string Repeated = "PSSocketTools.PortAvailability#Repeated";

    // How many targets a summary shows line by line where it can only be shown.
    private const int MostLines = 20;

    private PortWatch? _watch;

    private void BeginRepeating()
    {
        if (IsBound(nameof(Count)) && Repeat)
        {
            throw Excluded(nameof(Count), nameof(Repeat));
        }

        var isRepeated = IsBound(nameof(Count)) || Repeat;
        if (!isRepeated)
        {
            if (new[] { nameof(IntervalSec), nameof(ChangesOnly), nameof(Summary) }.FirstOrDefault(IsBound) is { } vain)
            {
                throw new SocketToolsException(SocketToolsError.InvalidOption, Messages.Get("NeedsRepeat", vain), vain);
            }

            return;
        }

        RefuseBeside(Repeat ? nameof(Repeat) : nameof(Count), nameof(Wait), nameof(WaitSec), nameof(Until));
        if (Summary)
        {
            RefuseBeside(nameof(Summary), nameof(ChangesOnly), nameof(Status), nameof(Quiet));
        }

        if (ChangesOnly)
        {
            RefuseBeside(nameof(ChangesOnly), nameof(Quiet));
        }

        _watch = new PortWatch(TimeSpan.FromSeconds(IntervalSec), Repeat ? 0 : Count, StopToken);
    }

    private void RefuseBeside(string one, params string[] others)
    {
        if (others.FirstOrDefault(IsBound) is { } other)
        {
            throw Excluded(one, other);
        }
    }

    private static SocketToolsException Excluded(string one, string other) =>
        new(SocketToolsError.InvalidOption, Messages.Get("ParametersExclude", one, other), other);

    private void RunWatch(PortWatch watch)
    {
        if (Summary && !Repeat)
        {
            _progress.Total = (double)watch.Targets * Count;
        }

        try
        {
            while (!watch.IsFinished && (!Quiet || _areAllAvailable))
            {
                _due.Clear();
                watch.Read(_due, PortProgress.IntervalMilliseconds);
                foreach (var step in watch.TakeTrace())
                {
                    WriteVerbose(step);
                }

                _due.ForEach(WriteRepeated);
                ShowProgress();
            }
        }
        catch (OperationCanceledException) when (Summary)
        {
            TellStopped(watch.ToHistories());
            throw;
        }

        HideProgress();
        if (Summary)
        {
            WriteObject(watch.ToHistories().Select(history => Named(history, view: null)), enumerateCollection: true);
        }
    }

    private void WriteRepeated(PortAvailability result)
    {
        _progress.Done++;
        _progress.Available += result.Available ? 1 : 0;
        _areAllAvailable &= result.Available;
        if (!Summary && IsWanted(result) && (!ChangesOnly || result.IsChange()))
        {
            WriteObject(Named(result, Repeated));
        }
    }

    /// <summary>
    /// Writes a summary at Ctrl+C, from when on PowerShell takes nothing for the pipeline: it goes where -OutVariable put the
    /// output so far, and without that to the screen, a line a target.
    /// </summary>
    private void TellStopped(IReadOnlyList<PortHistory> histories)
    {
        if (MyInvocation.BoundParameters.TryGetValue("OutVariable", out var variable)
            && GetVariableValue(variable.ToString()!.TrimStart('+')) is IList output)
        {
            foreach (var history in histories)
            {
                _ = output.Add(Named(history, view: null));
            }
        }

        if (Host?.UI is not { } screen)
        {
            return;
        }

        foreach (var history in histories.Take(MostLines))
        {
            var line = Messages.Get(
                history.MeanMilliseconds is null ? "WatchSummary" : "WatchSummaryWithLatency",
                EndPointText(history),
                history.Sent,
                history.Succeeded,
                history.LossPercent,
                history.MinimumMilliseconds,
                history.MeanMilliseconds,
                history.MaximumMilliseconds);
            var failure = history.FirstFailureStatus is null ? "" : " " + Messages.Get(
                "WatchSummaryFailure", history.FirstFailureStatus, ViewCell.DayAndTime(history.FirstFailure), ViewCell.Idle(history.LongestOutageMilliseconds));
            screen.WriteLine(ViewCell.Plain(line + failure, keepsLines: false));
        }

        if (histories.Count > MostLines)
        {
            screen.WriteLine(Messages.Get("WatchSummaryMore", histories.Count - MostLines));
        }
    }

    private string EndPointText(PortHistory history) =>
        ViewCell.EndPoint(history.ComputerName, history.Port) + (AllAddresses && history.Addresses != history.ComputerName ? $" ({history.Addresses})" : "");

    /// <summary>What the last tests of all targets found.</summary>
    private static string Now(IReadOnlyList<PortAvailability> last) => last.Count == 1
        ? $"{last[0].Status} {ViewCell.Latency(last[0].LatencyMilliseconds)}".TrimEnd()
        : Messages.Get("ProgressNow", last.Count(static one => one.Available), last.Count);
}
