using PSSocketTools.Net;

namespace PSSocketTools.Client;

/// <summary>A message that no caller was waiting for: unsolicited, or the response to a message whose sender did not wait.</summary>
internal sealed class UnsolicitedMessage(byte[] bytes, bool complete, int bytesReceived, DateTimeOffset timestamp, Exchange? answers, TimeSpan? roundTrip)
{
    // The overhead of a kept message in bytes, so that many small ones are bounded too.
    private const int Overhead = 64;

    /// <summary>Its share of the limit, in bytes.</summary>
    public long Cost => bytes.Length + Overhead;

    /// <summary>The object for the caller that receives it.</summary>
    public SocketMessage ToMessage(SessionFacts session, bool asBytes)
    {
        object response = asBytes ? bytes : session.Encoding.ToText(bytes, 0, bytes.Length);
        return new SocketMessage(
            session, timestamp, answers?.MessageAs(asBytes, session.Encoding), answers?.BytesSent ?? 0, response, complete, bytesReceived,
            roundTrip);
    }
}
