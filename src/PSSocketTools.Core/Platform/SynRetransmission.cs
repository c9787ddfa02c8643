using System.Net.Sockets;

namespace PSSocketTools.Platform;

/// <summary>
/// Windows takes a refusal for a lost SYN, and sends two more half a second apart before it says so: with a timeout of a second
/// a closed port would come out as a silent one.
/// </summary>
internal static class SynRetransmission
{
    // SIO_TCP_INITIAL_RTO (mstcpip.h).
    private const int SetInitialRetransmission = unchecked((int)0x98000011);

    private static readonly bool IsWindows = Environment.OSVersion.Platform == PlatformID.Win32NT;

    // TCP_INITIAL_RTO_PARAMETERS: TCP_INITIAL_RTO_UNSPECIFIED_RTT and TCP_INITIAL_RTO_NO_SYN_RETRANSMISSIONS.
    private static readonly byte[] NoRetransmission = [0xFF, 0xFF, 0xFE, 0];

    /// <summary>
    /// Has a connect fail at its first refusal. The system then gives up a silent peer after one SYN, about a second later, so that
    /// whoever connects has to begin anew while there is time left: see <see cref="MayBeginAnew"/>.
    /// </summary>
    /// <param name="socket">A TCP socket that is not connected yet.</param>
    public static void LeaveOut(Socket socket)
    {
        if (!IsWindows || socket.ProtocolType != ProtocolType.Tcp)
        {
            return;
        }

        try
        {
            socket.IOControl(SetInitialRetransmission, NoRetransmission, null);
        }
        catch (SocketException)
        {
            // Before Windows 8.1 there is no such control, and the refusal is slower but the same.
            return;
        }
    }

    /// <summary>
    /// Whether a connect that failed is to be tried again at once: the system gave up a silent peer before our own time was over. One
    /// that it gave up without waiting, as no system should, is an answer like another.
    /// </summary>
    /// <param name="error">Why it failed.</param>
    /// <param name="after">After how long.</param>
    public static bool MayBeginAnew(SocketError error, TimeSpan after) =>
        error == SocketError.TimedOut && after >= TimeSpan.FromMilliseconds(50);
}
