using System.Net;
using System.Net.Sockets;

namespace PSSocketTools.Platform;

/// <summary>Windows tries a refused connection three times, half a second apart, before it says so.</summary>
internal static class LoopbackConnect
{
    private const int SetInitialRetransmission = unchecked((int)0x98000011);

    private static readonly bool IsWindows = Environment.OSVersion.Platform == PlatformID.Win32NT;

    // TCP_INITIAL_RTO_PARAMETERS: the default round trip time, and no retransmission of the SYN.
    private static readonly byte[] NoRetransmission = [0xFF, 0xFF, 0xFE, 0];

    /// <summary>Lets a loopback connection, which loses no packet, fail at its first refusal.</summary>
    public static void Hasten(Socket socket, IPAddress address)
    {
        if (!IsWindows || !IPAddress.IsLoopback(address))
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
}
