using System.Net.Sockets;

namespace PSSocketTools.Platform;

/// <summary>What the platforms' UDP differs in.</summary>
internal static class DatagramPlatform
{
    private const int SioUdpConnReset = unchecked((int)0x9800000C);

    /// <summary>Keeps an ICMP "port unreachable" for one peer from failing the next receive from another, as it does on Windows (SIO_UDP_CONNRESET).</summary>
    public static void IgnoreUnreachable(Socket socket)
    {
        if (Environment.OSVersion.Platform == PlatformID.Win32NT)
        {
            // A BOOL of Windows has four bytes.
            socket.IOControl(SioUdpConnReset, new byte[sizeof(int)], null);
        }
    }
}
