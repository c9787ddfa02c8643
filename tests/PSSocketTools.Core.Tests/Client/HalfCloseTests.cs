using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Xunit;

namespace PSSocketTools.Tests.Client;

/// <summary>A session that has ended what it sends, and receives what the server still has to say.</summary>
public sealed class HalfCloseTests
{
    [Fact]
    public void A_server_that_reads_to_the_end_answers_after_it()
    {
        using var server = BareServer.Play(peer =>
        {
            var sent = ReadToEnd(peer);
            peer.Send($"{sent.Length} bytes\nbye\n");
        });
        using var session = server.Connect();
        using var window = new SendWindow(session, 2, null, CancellationToken.None);
        window.Add("one", asBytes: false);
        window.Flush();

        session.CloseSend();
        Assert.Equal(("HalfClosed", null), (session.State, session.Reason));
        session.CloseSend();

        Assert.True(window.Take(out var answered));
        Assert.Equal("4 bytes", answered.Result!.Response);
        Assert.Equal("bye", session.Receive(Patience.Long).Response);
        var end = Assert.Throws<SocketToolsException>(() => session.Receive(Patience.Long));
        Assert.Equal(SocketToolsError.ServerClosed, end.Error);
        Assert.Contains("has ended its side too", end.Message, StringComparison.Ordinal);
        Assert.Equal(("Closed", "ServerClosed"), (session.State, session.Reason));
        Assert.Equal((1, 2), (session.MessagesSent, session.MessagesReceived));
    }

    [Fact]
    public void Nothing_is_sent_any_more_and_the_session_goes_on()
    {
        using var refused = new ManualResetEventSlim();
        using var server = BareServer.Play(peer =>
        {
            var received = ReadToEnd(peer);
            Assert.True(refused.Wait(Patience.Long));
            peer.Send($"{received.Length} bytes\n");
        });
        using var session = server.Connect();
        session.CloseSend();

        foreach (var error in new[]
        {
            Assert.Throws<SocketToolsException>(() => session.Send("more")),
            Assert.Throws<SocketToolsException>(session.RequireOpen),
        })
        {
            Assert.Equal((SocketToolsError.SessionHalfClosed, session), (error.Error, error.Target));
            Assert.Contains("EchoSession.Receive", error.Message, StringComparison.Ordinal);
        }

        using (var window = new SendWindow(session, 1, null, CancellationToken.None) { Response = ResponseHandling.Received })
        {
            Assert.Equal(SocketToolsError.SessionHalfClosed, window.Add("more", asBytes: false).Error!.Error);
        }

        refused.Set();
        Assert.Equal("0 bytes", session.Receive(Patience.Long).Response);
        Assert.Equal(0, session.MessagesSent);
    }

    [Fact]
    public void A_session_that_has_ended_has_nothing_to_end()
    {
        using var server = BareServer.Play(peer => peer.EchoUntilEnd());
        var session = server.Connect();
        session.CloseSend();
        session.Dispose();

        Assert.Equal(("Closed", "ClientClosed"), (session.State, session.Reason));
        Assert.Equal(SocketToolsError.SessionClosed, Assert.Throws<SocketToolsException>(() => session.CloseSend()).Error);
    }

    [Fact]
    public void A_connection_that_was_reset_meanwhile_says_so()
    {
        using var server = BareServer.Play(peer =>
        {
            peer.Receive();
            peer.Reset();
        });
        using var session = server.Connect();
        Assert.Equal(SocketToolsError.ConnectionReset, Assert.Throws<SocketToolsException>(() => session.Send("one")).Error);

        Assert.Equal(SocketToolsError.SessionFaulted, Assert.Throws<SocketToolsException>(() => session.CloseSend()).Error);
        Assert.Equal("Faulted", session.State);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_message_on_its_way_goes_out_whole_first(bool usesTls)
    {
        using var certificate = Make();
        using var server = EchoServer.Start(new EchoServerOptions
        {
            Address = "127.0.0.1", Framing = MessageFraming.LengthPrefix, MaxMessageBytes = 8_000_000, Certificate = usesTls ? certificate : null,
        });
        using var session = EchoSession.Connect(new SessionOptions
        {
            ComputerName = "127.0.0.1", Port = server.Port, Framing = MessageFraming.LengthPrefix, UseTls = usesTls, SkipCertificateCheck = usesTls,
        });
        var big = new byte[8_000_000];
        new Random(9293).NextBytes(big);
        var sending = Task.Run(() => session.Send(big));
        Assert.True(SpinWait.SpinUntil(() => server.BytesReceived > 0, Patience.Long));

        session.CloseSend();

        Assert.Equal(big, (await sending.WaitAsync(Patience.Long)).Response);
        Assert.True(SpinWait.SpinUntil(
            () =>
            {
                session.Refresh();
                return session.State == "Closed";
            },
            Patience.Long));
        Assert.Equal("ServerClosed", session.Reason);
    }

    [Fact]
    public void Under_TLS_a_close_notify_goes_before_the_end()
    {
        using var certificate = Make();
        var afterHandshake = 0;
        using var server = BareServer.Play(peer =>
        {
            using var counting = new CountingStream(new NetworkStream(peer.Socket));
            using var stream = new SslStream(counting);
            stream.AuthenticateAsServer(certificate, false, SslProtocols.None, false);
            stream.Write("ready\n"u8);
            var before = counting.BytesRead;
            while (stream.ReadByte() >= 0)
            {
            }

            afterHandshake = counting.BytesRead - before;
            stream.Write("bye\n"u8);
        });
        using var session = server.Connect(static options => options with { UseTls = true, SkipCertificateCheck = true });
        Assert.Equal("ready", session.Receive(Patience.Long).Response);

        session.CloseSend();

        Assert.Equal("bye", session.Receive(Patience.Long).Response);

#if NETSTANDARD_BUILD
        // There .NET has no way to send one.
        Assert.Equal(0, afterHandshake);
#else
        // An alert record.
        Assert.InRange(afterHandshake, 5 + 2, 64);
#endif
    }

    [Fact]
    public void UDP_has_no_end_to_send()
    {
        using var peer = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        peer.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using var session = EchoSession.Connect(new SessionOptions
        {
            ComputerName = "127.0.0.1", Port = ((IPEndPoint)peer.LocalEndPoint!).Port, Protocol = SocketProtocol.Udp, Framing = MessageFraming.None,
        });

        var error = Assert.Throws<SocketToolsException>(() => session.CloseSend());

        Assert.Equal((SocketToolsError.InvalidOption, session), (error.Error, error.Target));
        Assert.Equal("Open", session.State);
    }

#if !NETSTANDARD_BUILD
    [Fact]
    public async Task A_Unix_socket_is_closed_in_one_direction_as_a_connection_is()
    {
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        var server = EchoServer.Start(new EchoServerOptions { Protocol = SocketProtocol.Unix, SocketPath = path, Framing = MessageFraming.Line });
        using var session = EchoSession.Connect(new SessionOptions { Protocol = SocketProtocol.Unix, SocketPath = path });
        using (var window = new SendWindow(session, 1, null, CancellationToken.None) { Response = ResponseHandling.Received })
        {
            window.Add("one", asBytes: false);
        }

        session.CloseSend();

        Assert.Equal("one", session.Receive(Patience.Long).Response);
        Assert.Throws<SocketToolsException>(() => session.Receive(Patience.Long));
        Assert.Equal(("Closed", "ServerClosed"), (session.State, session.Reason));
        await server.StopAsync(TimeSpan.Zero).WaitAsync(Patience.Long);
    }
#endif

    private static string ReadToEnd(BareServer.Peer peer)
    {
        var all = string.Empty;
        for (string more; (more = peer.Receive()).Length > 0;)
        {
            all += more;
        }

        return all;
    }

    private static X509Certificate2 Make()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        using var made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx), null);
    }

    private sealed class CountingStream(Stream inner) : Stream
    {
        public int BytesRead { get; private set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Flush() => inner.Flush();

        public override int Read(byte[] buffer, int offset, int count)
        {
            var read = inner.Read(buffer, offset, count);
            BytesRead += read;
            return read;
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => inner.Write(buffer, offset, count);

        protected override void Dispose(bool disposing)
        {
            inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
