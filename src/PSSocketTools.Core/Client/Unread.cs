using PSSocketTools.Net;

namespace PSSocketTools.Client;

/// <summary>A message nobody waited for, until someone receives it.</summary>
internal sealed class Unread(byte[] bytes, bool complete, int bytesReceived, DateTimeOffset timestamp, Exchange? answers, TimeSpan roundTripTime)
{
    // What an unread message costs beside its bytes, so that many small ones are bounded too.
    private const int Overhead = 64;

    /// <summary>What keeping it costs, in bytes.</summary>
    public long Cost => bytes.Length + Overhead;

    /// <summary>What who receives it is given.</summary>
    public SocketMessage ToMessage(EchoSession session, bool asBytes)
    {
        object response = asBytes ? bytes : session.TextEncoding.ToText(bytes, 0, bytes.Length);
        return new SocketMessage(
            session, timestamp, answers?.MessageAs(asBytes, session.TextEncoding), answers?.BytesSent ?? 0, response, complete, bytesReceived,
            roundTripTime);
    }
}
