using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using PSSocketTools.Tests.Server.Transport;
using Xunit;

namespace PSSocketTools.Tests.Server;

/// <summary>A client of a broadcasting server, with TLS or without: it sends lines, and reads those of the others.</summary>
internal sealed class BroadcastClient : IDisposable
{
    private readonly BareClient _client;
    private readonly byte[] _buffer = new byte[64 * 1024];
    private int _start;
    private int _end;

    private BroadcastClient(BareClient client, Stream stream)
    {
        _client = client;
        Stream = stream;
    }

    public int Port => _client.Port;

    public Socket Socket => _client.Socket;

    public Stream Stream { get; }

    public static async Task<BroadcastClient> ConnectAsync(EchoServer server, X509Certificate2? certificate)
    {
        var client = await BareClient.ConnectAsync(server);
        var network = new NetworkStream(client.Socket, ownsSocket: false);
        if (certificate is null)
        {
            return new BroadcastClient(client, network);
        }

        var tls = new SslStream(network, leaveInnerStreamOpen: false);
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            RemoteCertificateValidationCallback = (_, shown, _, _) => shown?.GetCertHashString() == certificate.Thumbprint,
        }).WaitAsync(Patience.Long);
        return new BroadcastClient(client, tls);
    }

    public Task SendAsync(string text) => Stream.WriteAsync(Encoding.UTF8.GetBytes(text)).AsTask().WaitAsync(Patience.Long);

    /// <summary>The next line, without its end; null at the end of the input.</summary>
    public async Task<string?> ReceiveLineAsync()
    {
        while (true)
        {
            var length = Array.IndexOf(_buffer, (byte)'\n', _start, _end - _start) - _start;
            if (length >= 0)
            {
                var line = Encoding.UTF8.GetString(_buffer, _start, length);
                _start += length + 1;
                return line;
            }

            if (!await FillAsync())
            {
                return null;
            }
        }
    }

    public async Task AssertReceivesAsync(params string?[] lines)
    {
        foreach (var line in lines)
        {
            Assert.Equal(line, await ReceiveLineAsync());
        }
    }

    /// <summary>Reads so many lines "sender number", and checks that each sender's numbers go up by one from 0.</summary>
    /// <returns>How many came of each sender.</returns>
    public async Task<Dictionary<int, int>> ReceiveNumbersAsync(int lines)
    {
        var next = new Dictionary<int, int>();
        while (lines > 0)
        {
            for (int length; lines > 0 && (length = _buffer.AsSpan(_start, _end - _start).IndexOf((byte)'\n')) >= 0; lines--)
            {
                var line = _buffer.AsSpan(_start, length);
                var space = line.IndexOf((byte)' ');
                var sender = int.Parse(line[..space], CultureInfo.InvariantCulture);
                var number = int.Parse(line[(space + 1)..], CultureInfo.InvariantCulture);
                var expected = next.GetValueOrDefault(sender);
                if (number != expected)
                {
                    Assert.Fail($"{sender} sent {number} after {expected - 1}");
                }

                next[sender] = expected + 1;
                _start += length + 1;
            }

            if (lines > 0 && !await FillAsync())
            {
                Assert.Fail($"{lines} lines are missing");
            }
        }

        return next;
    }

    public void EndOutput() => _client.EndOutput();

    public void Reset() => _client.Reset();

    public void Dispose()
    {
        Stream.Dispose();
        _client.Dispose();
    }

    private async Task<bool> FillAsync()
    {
        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        (_start, _end) = (0, _end - _start);
        var count = await Stream.ReadAsync(_buffer.AsMemory(_end)).AsTask().WaitAsync(Patience.Long);
        _end += count;
        return count > 0;
    }
}
