using System.Net.Sockets;

namespace PSSocketTools.Platform;

/// <summary>
/// Windows retransmits the SYN twice, half a second apart, after a refusal before it reports it: with a timeout of a second a
/// closed port would look like a silent one.
/// </summary>
internal static class SynRetransmission
{
    // SIO_TCP_INITIAL_RTO (mstcpip.h).
    private const int SetInitialRetransmission = unchecked((int)0x98000011);

    // TCP_INITIAL_RTO_PARAMETERS: TCP_INITIAL_RTO_UNSPECIFIED_RTT and TCP_INITIAL_RTO_NO_SYN_RETRANSMISSIONS.
    private static readonly byte[] NoRetransmission = [0xFF, 0xFF, 0xFE, 0];

    /// <summary>
    /// Makes a connect fail at its first refusal. The system then times out a silent peer after one SYN, about a second later, so that
    /// the caller has to retry while there is time left: see <see cref="ShouldRetry"/>.
    /// </summary>
    /// <param name="socket">A TCP socket that is not connected yet.</param>
    public static void Disable(Socket socket)
    {
        if (!HostSystem.IsWindows || socket.ProtocolType != ProtocolType.Tcp)
        {
            return;
        }

        try
        {
            socket.IOControl(SetInitialRetransmission, NoRetransmission, null);
        }
        catch (SocketException)
        {
            // Windows before 8.1 does not support this; a refusal then takes longer.
            return;
        }
    }

    /// <summary>
    /// Whether to retry a failed connect at once: the system timed out a silent peer before our own timeout. A connect that timed out
    /// without any wait is not retried, since that could loop.
    /// </summary>
    /// <param name="error">The error of the connect.</param>
    /// <param name="after">How long the connect took.</param>
    public static bool ShouldRetry(SocketError error, TimeSpan after) =>
        error == SocketError.TimedOut && after >= TimeSpan.FromMilliseconds(50);
}
