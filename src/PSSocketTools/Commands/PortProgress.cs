using System.Diagnostics;
using System.Management.Automation;
using PSSocketTools.Resources;

namespace PSSocketTools.Commands;

/// <summary>The progress of a port test that takes long: how many ports are done, how fast, and how much is left; of one without an end how many tests were made.</summary>
/// <param name="write">Shows it.</param>
internal sealed class PortProgress(Action<ProgressRecord> write)
{
    /// <summary>How long to wait for results at most before it is seen whether it is time to draw.</summary>
    public const int IntervalMilliseconds = 250;

    // PowerShell asks the terminal for the cursor's place whenever it draws, and waits for ever where a Ctrl+C at that moment makes the
    // system drop the answer. While a scan takes all processors the answer takes long, so that it is drawn seldom.
    private static readonly TimeSpan DrawInterval = TimeSpan.FromSeconds(1);

    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private TimeSpan _nextAt = DrawInterval;
    private bool _isShown;

    /// <summary>How many ports are to be tested; 0 for tests without an end.</summary>
    public double Total { get; set; }

    /// <summary>How many are.</summary>
    public long Done { get; set; }

    /// <summary>How many of them were available.</summary>
    public long Available { get; set; }

    /// <summary>Draws it when it is time.</summary>
    /// <param name="now">Of tests without an end, tells what the last ones found.</param>
    public void Show(Func<string>? now = null)
    {
        var elapsed = _clock.Elapsed;
        if (elapsed < _nextAt)
        {
            return;
        }

        _nextAt = elapsed + DrawInterval;
        _isShown = true;
        var rate = Done / elapsed.TotalSeconds;
        write(Total == 0
            ? new ProgressRecord(0, Messages.Get("ProgressActivity"), Messages.Get("ProgressEndless", Done, Available, now?.Invoke()))
            : new ProgressRecord(0, Messages.Get("ProgressActivity"), Messages.Get("ProgressStatus", Done, Total, rate))
            {
                PercentComplete = (int)(100 * Done / Total),
                SecondsRemaining = rate > 0 ? (int)Math.Min((Total - Done) / rate, int.MaxValue) : -1,
            });
    }

    /// <summary>Takes it away.</summary>
    public void Hide()
    {
        if (_isShown)
        {
            _isShown = false;
            write(new ProgressRecord(0, Messages.Get("ProgressActivity"), " ") { RecordType = ProgressRecordType.Completed });
        }
    }
}
