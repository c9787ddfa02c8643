using System.Net;
using System.Net.Sockets;

namespace PSSocketTools.Bench.Peers;

/// <summary>The echo server that one would write in C#, in a process of its own: what .NET's asynchronous sockets reach by themselves.</summary>
internal static class DotNetEcho
{
    /// <summary>The first argument of the process; its port is the second.</summary>
    public const string Argument = "echo";

    /// <summary>Serves until the process is ended.</summary>
    public static async Task RunAsync(int port)
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, port));
        listener.Listen(4096);
        while (true)
        {
            _ = ServeAsync(await listener.AcceptAsync());
        }
    }

    private static async Task ServeAsync(Socket client)
    {
        using (client)
        {
            client.NoDelay = true;
            var buffer = new byte[65536];
            int count;
            while ((count = await client.ReceiveAsync(buffer.AsMemory())) > 0)
            {
                await client.SendAsync(buffer.AsMemory(0, count));
            }
        }
    }
}
