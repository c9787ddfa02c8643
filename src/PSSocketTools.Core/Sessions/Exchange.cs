using System.Diagnostics;

namespace PSSocketTools.Sessions;

/// <summary>A message that was sent, or is about to be, and the answer it is owed.</summary>
internal sealed class Exchange(SendWindow owner, object message, int bytesSent, bool asBytes, bool waited)
{
    private volatile bool _done;

    /// <summary>Who sent it.</summary>
    public SendWindow Owner { get; } = owner;

    /// <summary>A string or a byte array.</summary>
    public object Message { get; } = message;

    /// <summary>With its framing.</summary>
    public int BytesSent { get; } = bytesSent;

    /// <summary>Whether the answer is wanted as bytes.</summary>
    public bool AsBytes { get; } = asBytes;

    /// <summary>Whether someone waits for the answer; else it goes where unasked messages go.</summary>
    public bool Waited { get; set; } = waited;

    public DateTimeOffset Timestamp { get; private set; }

    /// <summary>When it was handed to the system: a timestamp of <see cref="Stopwatch"/>.</summary>
    public long StartedAt { get; private set; }

    /// <summary>Whether there is a result or an error.</summary>
    public bool IsDone => _done;

    public SocketMessage? Result { get; private set; }

    public SocketToolsException? Error { get; private set; }

    public void Start(DateTimeOffset timestamp, long startedAt)
    {
        Timestamp = timestamp;
        StartedAt = startedAt;
    }

    public void Complete(SocketMessage? result)
    {
        Result = result;
        _done = true;
    }

    public void Fail(SocketToolsException error)
    {
        Error = error;
        _done = true;
    }
}
