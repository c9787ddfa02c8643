using System.Text;
using PSSocketTools.Platform;

namespace PSSocketTools;

/// <summary>A message that was sent, or is about to be, and its response.</summary>
public sealed class Exchange
{
    private volatile bool _done;

    internal Exchange(object owner, object message, int bytesSent, bool asBytes, ResponseHandling response)
    {
        Owner = owner;
        Message = message;
        BytesSent = bytesSent;
        AsBytes = asBytes;
        IsAwaited = response == ResponseHandling.Awaited;
        ExpectsResponse = response != ResponseHandling.None;
    }

    /// <summary>Whether there is a result or an error.</summary>
    public bool IsDone => _done;

    /// <summary>The sender's result; for a message whose response is not awaited, that it was sent.</summary>
    public SocketMessage? Result { get; internal set; }

    /// <summary>Why there is no result.</summary>
    public SocketToolsException? Error { get; private set; }

    /// <summary>Whose it is: a token, which is only compared.</summary>
    internal object Owner { get; }

    /// <summary>A string or a byte array.</summary>
    internal object Message { get; }

    /// <summary>With its framing.</summary>
    internal int BytesSent { get; }

    /// <summary>The bytes of later messages whose responses arrive joined to this one's, which happens where only a pause ends a response.</summary>
    internal long JoinedBytes { get; set; }

    /// <summary>Whether the response is returned as bytes.</summary>
    internal bool AsBytes { get; }

    /// <summary>Whether the sender awaits the response; otherwise it is received as an unsolicited message.</summary>
    internal bool IsAwaited { get; set; }

    /// <summary>Whether a reader has received the response, which may not be delivered yet.</summary>
    internal bool IsAnswered { get; set; }

    /// <summary>Whether a response is expected, awaited or not.</summary>
    internal bool ExpectsResponse { get; }

    internal DateTimeOffset Timestamp { get; private set; }

    /// <summary>When the message was passed to the system: a <see cref="Clock.Timestamp"/>.</summary>
    internal long StartedAt { get; private set; }

    /// <summary>The message as text or as bytes, whichever the receiver asked for.</summary>
    internal object MessageAs(bool asBytes, Encoding encoding) => Message switch
    {
        byte[] bytes when !asBytes => encoding.GetString(bytes),
        string text when asBytes => encoding.GetBytes(text),
        _ => Message,
    };

    internal void Start(DateTimeOffset timestamp, long startedAt)
    {
        Timestamp = timestamp;
        StartedAt = startedAt;
    }

    internal void Complete(SocketMessage result)
    {
        Result = result;
        _done = true;
    }

    /// <summary>The response arrived and was kept as an unsolicited message.</summary>
    internal void Complete() => _done = true;

    internal void Fail(SocketToolsException error)
    {
        Error = error;
        _done = true;
    }
}
