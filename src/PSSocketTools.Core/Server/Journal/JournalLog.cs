using System.Globalization;
using System.Text;
using PSSocketTools.Net;
using PSSocketTools.Platform;

namespace PSSocketTools.Server.Journal;

/// <summary>
/// Appends a journal's events to a file as JSON Lines, readable while the server runs, on a dedicated thread: a disk that is
/// slow, full or missing blocks that thread alone, and writing never depends on a free thread of the pool.
/// </summary>
internal sealed class JournalLog : IDisposable
{
    /// <summary>How long a stop waits for a log beyond its own time limit, since a healthy one needs some milliseconds.</summary>
    public static readonly TimeSpan GracePeriod = TimeSpan.FromSeconds(1);

    // How many bytes are gathered for one write, so that a burst costs few system calls and little memory.
    private const int WriteThreshold = 256 * 1024;

    private readonly Stream _file;
    private readonly TaskCompletionSource<bool> _written = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private EventJournal? _journal;

    /// <param name="file">Gets whole lines with each write.</param>
    /// <param name="path">The file's path, for error messages.</param>
    public JournalLog(Stream file, string path)
    {
        _file = file;
        Path = path;
    }

    public string Path { get; }

    /// <summary>Opens a log file, and creates it where there is none.</summary>
    /// <exception cref="SocketToolsException">FileFailed; TooManyOpenFiles.</exception>
    public static JournalLog Open(string path)
    {
        try
        {
            DescriptorReserve.RequireRoomForServer();
            return new JournalLog(AppendFile.Open(path), path);
        }
        catch (Exception exception) when (SocketErrors.IsExhausted(exception))
        {
            throw SocketErrors.ToExhaustedError(path, exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            var why = exception is AppendFile.NoReaderException ? Messages.Get("PipeWithoutReader") : exception.Message;
            throw new SocketToolsException(SocketToolsError.FileFailed, Messages.Get("LogNotOpened", path, why), path, exception);
        }
    }

    /// <summary>Starts to write a journal's events.</summary>
    public void Follow(EventJournal journal, ServerIdentity server, Encoding encoding)
    {
        _journal = journal;
        var lines = new LogLines(server, encoding);
        new Thread(() => WriteAll(journal, lines)) { IsBackground = true, Name = "EchoLog" + server.Id.ToString(CultureInfo.InvariantCulture) }.Start();
    }

    /// <summary>Waits until the rest of the journal is written; a log that takes too long is abandoned, and an event says so.</summary>
    /// <param name="timeLimit">Cancelled when only <see cref="GracePeriod"/> is left.</param>
    /// <returns>Completes when the journal's last event is in the file, or the time is over.</returns>
    public async Task FinishAsync(CancellationToken timeLimit)
    {
        if (_journal is null || !_journal.Backlog.Finish())
        {
            return;
        }

        await Task.WhenAny(_written.Task, Task.Delay(Timeout.Infinite, timeLimit)).ConfigureAwait(false);
        using var stopWaiting = new CancellationTokenSource();
        if (await Task.WhenAny(_written.Task, Task.Delay(GracePeriod, stopWaiting.Token)).ConfigureAwait(false) != _written.Task)
        {
            _journal.LogStalled(GracePeriod);
        }

        stopWaiting.Cancel();
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private void WriteAll(EventJournal journal, LogLines lines)
    {
        var batch = new JournalBatch();
        long next = 1;
        try
        {
            while (journal.Backlog.WaitForEvents(next))
            {
                do
                {
                    next = journal.Copy(next, batch);
                    for (var i = 0; i < batch.Count; i++)
                    {
                        lines.Add(batch, i);
                    }
                }
                while (batch.Count > 0 && lines.Count < WriteThreshold);

                _file.Write(lines.Buffer, 0, lines.Count);
                lines.Clear();
                journal.Backlog.Written(next);
            }
        }
#pragma warning disable CA1031 // Any failure of the log is reported as an event, and the server continues without the log.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            journal.LogFailed(Messages.Get("LogFailed", Path, exception.Message));
        }
        finally
        {
            Close();
            _written.TrySetResult(true);
        }
    }

    private void Close()
    {
        try
        {
            _file.Dispose();
        }
        catch (IOException)
        {
            // The write that failed before fails again on close, and the journal has reported it already.
        }
    }
}
