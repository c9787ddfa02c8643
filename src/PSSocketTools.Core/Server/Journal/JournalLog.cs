using System.Globalization;
using System.Text;
using PSSocketTools.Net;
using PSSocketTools.Platform;

namespace PSSocketTools.Server.Journal;

/// <summary>
/// Appends a journal's events to a file as JSON Lines, readable while the server runs, on a thread of its own: a disk that
/// is slow, full or gone blocks that thread alone, and the pool's threads are never needed to make room.
/// </summary>
internal sealed class JournalLog : IDisposable
{
    /// <summary>How long a stop waits for a log beyond its own time limit, since a healthy one needs some milliseconds.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    // How much is written at once, so that a burst costs few system calls and little memory.
    private const int EnoughToWrite = 256 * 1024;

    private readonly Stream _file;
    private readonly TaskCompletionSource<bool> _written = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private EventJournal? _journal;

    /// <param name="file">Takes whole lines with each write.</param>
    /// <param name="path">Its name, for errors.</param>
    public JournalLog(Stream file, string path)
    {
        _file = file;
        Path = path;
    }

    /// <summary>The file's path.</summary>
    public string Path { get; }

    /// <summary>Opens a log, or makes it.</summary>
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
            throw SocketErrors.Exhausted(path, exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            var why = exception is PipeWithoutReaderException ? Messages.Get("PipeWithoutReader") : exception.Message;
            throw new SocketToolsException(SocketToolsError.FileFailed, Messages.Get("LogNotOpened", path, why), path, exception);
        }
    }

    /// <summary>Begins to write what a journal notes.</summary>
    public void Follow(EventJournal journal, ServerFacts server, Encoding encoding)
    {
        _journal = journal;
        var lines = new LogLines(server, encoding);
        new Thread(() => WriteAll(journal, lines)) { IsBackground = true, Name = "EchoLog" + server.Id.ToString(CultureInfo.InvariantCulture) }.Start();
    }

    /// <summary>Has the rest of the journal written; what can't be written in time is given up, and the journal says so.</summary>
    /// <param name="hurry">Cancelled when only <see cref="Grace"/> is left.</param>
    /// <returns>Ends when the journal's last event is in the file, or when time is up.</returns>
    public async Task FinishAsync(CancellationToken hurry)
    {
        if (_journal is null || !_journal.FinishLog())
        {
            return;
        }

        await Task.WhenAny(_written.Task, Task.Delay(Timeout.Infinite, hurry)).ConfigureAwait(false);
        using var stopWaiting = new CancellationTokenSource();
        if (await Task.WhenAny(_written.Task, Task.Delay(Grace, stopWaiting.Token)).ConfigureAwait(false) != _written.Task)
        {
            _journal.LogStalled(Grace);
        }

        stopWaiting.Cancel();
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private void WriteAll(EventJournal journal, LogLines lines)
    {
        var piece = new JournalPiece();
        long next = 1;
        try
        {
            while (journal.WaitToLog(next))
            {
                do
                {
                    next = journal.Copy(next, piece);
                    for (var i = 0; i < piece.Count; i++)
                    {
                        lines.Add(piece, i);
                    }
                }
                while (piece.Count > 0 && lines.Count < EnoughToWrite);

                _file.Write(lines.Buffer, 0, lines.Count);
                lines.Clear();
                journal.Logged(next);
            }
        }
#pragma warning disable CA1031 // Whatever ends the log, the server goes on without it and says so.
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
            // What could not be written before can't be written at the end either, and the journal has said so.
        }
    }
}
