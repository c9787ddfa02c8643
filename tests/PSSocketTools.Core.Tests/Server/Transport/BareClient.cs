using System.Net;
using System.Net.Sockets;
using System.Text;
using Xunit;

namespace PSSocketTools.Tests.Server.Transport;

/// <summary>A client as any other program writes one: a bare socket.</summary>
internal sealed class BareClient(Socket socket) : IDisposable
{
    public int Port { get; } = (socket.LocalEndPoint as IPEndPoint)?.Port ?? 0;

    public string Address { get; } = (socket.LocalEndPoint as IPEndPoint)?.Address.ToString() ?? string.Empty;

    public Socket Socket { get; } = socket;

    public static Task<BareClient> ConnectAsync(EchoServer server) => ConnectAsync(IPAddress.Parse(server.Address!), server.Port);

    public static async Task<BareClient> ConnectAsync(IPAddress address, int port)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(new IPEndPoint(address, port)).WaitAsync(Patience.Long);
            return new BareClient(socket);
        }
        catch (Exception)
        {
            socket.Dispose();
            throw;
        }
    }

    public Task SendAsync(string text) => SendAsync(Encoding.UTF8.GetBytes(text));

    public async Task SendAsync(byte[] bytes)
    {
        for (var sent = 0; sent < bytes.Length;)
        {
            sent += await Socket.SendAsync(bytes.AsMemory(sent, Math.Min(256 * 1024, bytes.Length - sent))).AsTask().WaitAsync(Patience.Long);
        }
    }

    /// <summary>Exactly so many bytes.</summary>
    public async Task<byte[]> ReceiveAsync(int count)
    {
        var bytes = new byte[count];
        for (var received = 0; received < count;)
        {
            var more = await Socket.ReceiveAsync(bytes.AsMemory(received)).AsTask().WaitAsync(Patience.Long);
            Assert.True(more > 0, $"the server ended after {received} bytes of {count}");
            received += more;
        }

        return bytes;
    }

    /// <summary>As much text as <paramref name="expected"/> has.</summary>
    public async Task AssertReceivesAsync(string expected) =>
        Assert.Equal(expected, Encoding.UTF8.GetString(await ReceiveAsync(Encoding.UTF8.GetByteCount(expected))));

    /// <summary>All that comes until the server ends its side in order.</summary>
    public async Task<byte[]> ReceiveToEndAsync()
    {
        using var all = new MemoryStream();
        var buffer = new byte[64 * 1024];
        while (true)
        {
            var received = await Socket.ReceiveAsync(buffer.AsMemory()).AsTask().WaitAsync(Patience.Long);
            if (received == 0)
            {
                return all.ToArray();
            }

            all.Write(buffer, 0, received);
        }
    }

    public async Task AssertEndsWithAsync(string expected) => Assert.Equal(expected, Encoding.UTF8.GetString(await ReceiveToEndAsync()));

    public async Task ExchangeAsync(string message, string? answer = null)
    {
        await SendAsync(message);
        await AssertReceivesAsync(answer ?? message);
    }

    /// <summary>Ends this side (FIN) and goes on receiving.</summary>
    public void EndOutput() => Socket.Shutdown(SocketShutdown.Send);

    /// <summary>Ends the connection with a reset (RST).</summary>
    public void Reset()
    {
        Socket.LingerState = new LingerOption(true, 0);
        Socket.Dispose();
    }

    public void Dispose() => Socket.Dispose();
}
