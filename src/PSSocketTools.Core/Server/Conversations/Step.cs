namespace PSSocketTools.Server.Conversations;

/// <summary>What a conversation asks of whoever moves its bytes.</summary>
internal enum StepKind
{
    /// <summary>Bring more bytes, or word of their end.</summary>
    Receive,

    /// <summary>Send these bytes, all of them.</summary>
    Send,

    /// <summary>Wait; bytes may be read ahead.</summary>
    Pause,

    /// <summary>Wait for a task; bytes may be read ahead.</summary>
    Await,

    /// <summary>End the connection in order (FIN) once everything has been sent.</summary>
    Close,

    /// <summary>End the connection with a reset (RST).</summary>
    Reset,
}

/// <summary>One thing to do for a conversation before it is asked again.</summary>
internal readonly struct Step
{
    /// <summary>Without an end: wait until something happens.</summary>
    public const int Forever = -1;

    private Step(StepKind kind, byte[] buffer, int offset, int count, int milliseconds, bool owing, Task? task)
    {
        Kind = kind;
        Buffer = buffer;
        Offset = offset;
        Count = count;
        Milliseconds = milliseconds;
        IsOwing = owing;
        Task = task;
    }

    public StepKind Kind { get; }

    public byte[] Buffer { get; }

    public int Offset { get; }

    public int Count { get; }

    /// <summary>How long to wait, for Pause; at most, with nothing moving, for Receive and Send; <see cref="Forever"/> without a limit.</summary>
    public int Milliseconds { get; }

    /// <summary>For Receive: an answer is owed when the wait ends, so a draining server lets it end.</summary>
    public bool IsOwing { get; }

    public Task? Task { get; }

    public static Step Receive(int milliseconds, bool owing) => new(StepKind.Receive, [], 0, 0, milliseconds, owing, null);

    public static Step Send(byte[] buffer, int offset, int count, int milliseconds) =>
        new(StepKind.Send, buffer, offset, count, milliseconds, false, null);

    public static Step Pause(int milliseconds) => new(StepKind.Pause, [], 0, 0, milliseconds, false, null);

    public static Step Await(Task task) => new(StepKind.Await, [], 0, 0, Forever, false, task);

    public static Step Close() => new(StepKind.Close, [], 0, 0, Forever, false, null);

    public static Step Reset() => new(StepKind.Reset, [], 0, 0, Forever, false, null);
}
