using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using PSSocketTools.Tests.Server.Transport;

namespace PSSocketTools.Tests.Server.Faults;

/// <summary>What a bare client sees of a server on the wire, through TLS if the server speaks it: the bytes, and how the connection ends.</summary>
internal sealed class Wire : IDisposable
{
    private readonly BareClient _client;
    private readonly Stream _stream;

    private Wire(BareClient client, Stream stream)
    {
        _client = client;
        _stream = stream;
    }

    public static async Task<Wire> ConnectAsync(EchoServer server)
    {
        var client = await BareClient.ConnectAsync(server);
        Stream stream = new NetworkStream(client.Socket);
        if (server.IsEncrypted)
        {
            var tls = new SslStream(stream, leaveInnerStreamOpen: false);
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = "localhost", RemoteCertificateValidationCallback = (_, shown, _, _) => shown?.GetCertHashString(HashAlgorithmName.SHA256) == server.CertificateThumbprint,
            }).WaitAsync(Patience.Long);
            stream = tls;
        }

        return new Wire(client, stream);
    }

    /// <summary>Connects, sends if there is something to send, and receives until the server ends the connection.</summary>
    public static async Task<string> ToEndAsync(EchoServer server, string? text)
    {
        try
        {
            using var client = await ConnectAsync(server);
            return text is null ? await client.ReceiveToEndAsync() : await client.SendToEndAsync(text);
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionReset)
        {
            // It may come before the client has seen that it is connected.
            return "RST";
        }
    }

    public Task SendAsync(string text) => _stream.WriteAsync(Encoding.Latin1.GetBytes(text)).AsTask().WaitAsync(Patience.Long);

    /// <summary>Sends, and receives as many characters as the answer has.</summary>
    public async Task<string> ExchangeAsync(string text, int? length = null)
    {
        await SendAsync(text);
        return await ReceiveAsync(length ?? text.Length);
    }

    public async Task<string> ReceiveAsync(int length)
    {
        var bytes = new byte[length];
        await _stream.ReadExactlyAsync(bytes).AsTask().WaitAsync(Patience.Long);
        return Encoding.Latin1.GetString(bytes);
    }

    /// <summary>All that is received until the end, and how the server ends: with a FIN or a RST.</summary>
    public async Task<string> ReceiveToEndAsync()
    {
        using var all = new MemoryStream();
        var buffer = new byte[64 * 1024];
        while (true)
        {
            try
            {
                var count = await _stream.ReadAsync(buffer).AsTask().WaitAsync(Patience.Long);
                if (count == 0)
                {
                    return Encoding.Latin1.GetString(all.ToArray()) + "FIN";
                }

                all.Write(buffer, 0, count);
            }
            catch (IOException exception) when (exception.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionReset })
            {
                return Encoding.Latin1.GetString(all.ToArray()) + "RST";
            }
        }
    }

    /// <summary>Sends, and receives until the server ends the connection.</summary>
    public async Task<string> SendToEndAsync(string text)
    {
        await SendAsync(text);
        return await ReceiveToEndAsync();
    }

    public void Dispose()
    {
        _stream.Dispose();
        _client.Dispose();
    }
}
