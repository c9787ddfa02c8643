using System.Globalization;
using System.Text;
using PSSocketTools.Resources;

namespace PSSocketTools.Journal;

/// <summary>Appends a journal's events to a file as JSON Lines, one object a line, nothing lost; readable while the server runs.</summary>
internal sealed class JournalLog : IDisposable
{
    private const int Batch = 256;

    private readonly StreamWriter _writer;
    private readonly string _path;
    private Task _written = Task.CompletedTask;

    private JournalLog(StreamWriter writer, string path)
    {
        _writer = writer;
        _path = path;
    }

    /// <summary>Opens a log, or makes it.</summary>
    /// <exception cref="SocketToolsException">FileFailed.</exception>
    public static JournalLog Open(string path)
    {
        try
        {
            var file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
            return new JournalLog(new StreamWriter(file, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)), path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new SocketToolsException(SocketToolsError.FileFailed, Messages.Get("LogNotOpened", path, exception.Message), path, exception);
        }
    }

    /// <summary>Begins to write what a journal notes.</summary>
    public void Follow(EventJournal journal) => _written = Task.Run(() => WriteAllAsync(journal));

    /// <summary>Ends when the journal's last event is in the file and the file is closed.</summary>
    public Task WhenWritten() => _written;

    /// <inheritdoc/>
    public void Dispose() => _writer.Dispose();

    private async Task WriteAllAsync(EventJournal journal)
    {
        long next = 1;
        try
        {
            while (await journal.WhenReached(next).ConfigureAwait(false))
            {
                foreach (var serverEvent in journal.Read(next, Batch, null, out next))
                {
                    await _writer.WriteLineAsync(ToJson(serverEvent)).ConfigureAwait(false);
                }

                await _writer.FlushAsync().ConfigureAwait(false);
                journal.Logged(next);
            }

        }
#pragma warning disable CA1031 // Whatever ends the log, the server goes on without it, and says so where it still can.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            journal.Append(ServerEventKind.Error, reason: ServerEventReason.LogFailed, text: Messages.Get("LogFailed", _path, exception.Message));
        }
        finally
        {
            journal.Logged(long.MaxValue);
            Close();
        }
    }

    private void Close()
    {
        try
        {
            _writer.Dispose();
        }
        catch (IOException)
        {
            // What could not be written before can't be written at the end either, and has been told.
        }
    }

    private static string ToJson(ServerEvent e)
    {
        var line = new StringBuilder(160);
        line.Append("{\"Timestamp\":\"").Append(e.Timestamp.ToString("o", CultureInfo.InvariantCulture)).Append('"');
        line.Append(",\"Sequence\":").Append(e.Sequence.ToString(CultureInfo.InvariantCulture));
        line.Append(",\"ServerId\":").Append(e.ServerId.ToString(CultureInfo.InvariantCulture));
        AppendNumber(line, "ConnectionId", e.ConnectionId);
        AppendText(line, "Kind", e.Kind);
        AppendText(line, "RemoteAddress", e.RemoteAddress);
        AppendNumber(line, "RemotePort", e.RemotePort);
        AppendText(line, "Message", e.Message);
        AppendNumber(line, "Bytes", e.Bytes);
        AppendText(line, "Reason", e.Reason);
        AppendText(line, "Duration", e.Duration?.ToString("c", CultureInfo.InvariantCulture));
        return line.Append('}').ToString();
    }

    private static void AppendNumber(StringBuilder line, string name, long? value) =>
        line.Append(",\"").Append(name).Append("\":").Append(value?.ToString(CultureInfo.InvariantCulture) ?? "null");

    /// <summary>A string as RFC 8259, section 7, has it; what is no valid text is escaped too, so that the file always is.</summary>
    private static void AppendText(StringBuilder line, string name, string? value)
    {
        line.Append(",\"").Append(name).Append("\":");
        if (value is null)
        {
            line.Append("null");
            return;
        }

        line.Append('"');
        foreach (var c in value)
        {
            if (c is '"' or '\\')
            {
                line.Append('\\').Append(c);
            }
            else if (c < ' ' || char.IsSurrogate(c) || c is '\u2028' or '\u2029' or '\u007f')
            {
                line.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture));
            }
            else
            {
                line.Append(c);
            }
        }

        line.Append('"');
    }
}
