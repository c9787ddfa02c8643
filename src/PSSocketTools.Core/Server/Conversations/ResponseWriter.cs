using System.Text;
using PSSocketTools.Framing;
using PSSocketTools.Server.Journal;

namespace PSSocketTools.Server.Conversations;

/// <summary>Writes the response to a message, without its framing.</summary>
internal abstract class ResponseWriter
{
    /// <summary>The message unchanged.</summary>
    public static readonly ResponseWriter Same = new SameWriter();

    public abstract void Write(Outbox outbox, in Frame message, ConnectionFacts connection, long sequence, DateTimeOffset now);

    /// <summary>Encodes text straight into the buffer.</summary>
    protected static void Append(Outbox outbox, Encoding encoding, string text)
    {
        outbox.Reserve(encoding.GetMaxByteCount(text.Length));
        outbox.Advance(encoding.GetBytes(text, 0, text.Length, outbox.Buffer, outbox.Count));
    }

    private sealed class SameWriter : ResponseWriter
    {
        public override void Write(Outbox outbox, in Frame message, ConnectionFacts connection, long sequence, DateTimeOffset now) =>
            outbox.Append(message.Buffer, message.Offset, message.Count);
    }
}
