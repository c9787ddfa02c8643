using System.Diagnostics;
using System.Management.Automation;
using PSSocketTools.Resources;

namespace PSSocketTools.Commands;

/// <summary>The progress of a port test that takes long: how many ports are done, how fast, and how much is left; of one without an end how many tests were made.</summary>
/// <param name="write">Shows it.</param>
internal sealed class PortProgress(Action<ProgressRecord> write)
{
    /// <summary>How often it is drawn anew.</summary>
    public const int IntervalMilliseconds = 250;

    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private TimeSpan _nextAt = TimeSpan.FromSeconds(1);
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

        _nextAt = elapsed + TimeSpan.FromMilliseconds(IntervalMilliseconds);
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
