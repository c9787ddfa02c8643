using PSSocketTools.Net;

namespace PSSocketTools.Client;

/// <summary>A message in the inbox, which no caller was waiting for: unsolicited, or the response to an exchange whose sender did not await it.</summary>
internal sealed class InboxMessage(byte[] bytes, bool complete, int bytesReceived, DateTimeOffset timestamp, Exchange? exchange, TimeSpan? roundTrip)
{
    // The overhead of a kept message in bytes, so that many small ones are bounded too.
    private const int Overhead = 64;

    /// <summary>Its share of the limit, in bytes.</summary>
    public long Cost => bytes.Length + Overhead;

    /// <summary>The object for the caller that receives it.</summary>
    public SocketMessage ToMessage(SessionContext session, bool asBytes)
    {
        object response = asBytes ? bytes : session.Encoding.ToText(bytes, 0, bytes.Length);
        return new SocketMessage(
            session, timestamp, exchange?.MessageAs(asBytes, session.Encoding), exchange?.BytesSent ?? 0, response, complete, bytesReceived,
            roundTrip);
    }
}
