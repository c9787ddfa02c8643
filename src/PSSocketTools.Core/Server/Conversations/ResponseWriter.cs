using System.Text;
using PSSocketTools.Framing;
using PSSocketTools.Platform;
using PSSocketTools.Server.Journal;

namespace PSSocketTools.Server.Conversations;

/// <summary>Writes the response to a message, without its framing.</summary>
internal abstract class ResponseWriter
{
    /// <summary>The message unchanged.</summary>
    public static readonly ResponseWriter Same = new SameWriter();

    /// <summary>Whether it writes the address that the client connected to, which costs a system call for each connection.</summary>
    public virtual bool WritesLocalAddress => false;

    /// <summary>Whether it writes the message as it is, so that the journal need not keep its bytes twice.</summary>
    public virtual bool RepeatsMessage => false;

    public abstract void Write(ResponseBuffer output, in Frame message, ClientFacts client, long sequence, Clock clock);

    /// <summary>Encodes text straight into the buffer.</summary>
    protected static void Append(ResponseBuffer output, Encoding encoding, string text)
    {
        output.Reserve(encoding.GetMaxByteCount(text.Length));
        output.Advance(encoding.GetBytes(text, 0, text.Length, output.Buffer, output.Count));
    }

    private sealed class SameWriter : ResponseWriter
    {
        public override bool RepeatsMessage => true;

        public override void Write(ResponseBuffer output, in Frame message, ClientFacts client, long sequence, Clock clock) =>
            output.Append(message.Buffer, message.Offset, message.Count);
    }
}
