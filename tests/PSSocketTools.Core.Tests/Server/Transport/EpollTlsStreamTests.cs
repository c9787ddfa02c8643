#if !NETSTANDARD_BUILD
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PSSocketTools.Platform;
using PSSocketTools.Server.Transport;
using PSSocketTools.Server.Transport.Epoll;
using PSSocketTools.Tls;
using Xunit;

namespace PSSocketTools.Tests.Server.Transport;

/// <summary>How the stream under a connection's TLS shares its loop, and what it asks of TLS while it waits.</summary>
[Trait("System", "Linux")]
public sealed class EpollTlsStreamTests : IDisposable
{
    private readonly EpollLoop _loop = new(0, static _ => { });
    private readonly Socket _client = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly UnixDescriptor _descriptor;
    private readonly EpollTlsStream _stream;
    private readonly BareConnection _connection;

    public EpollTlsStreamTests()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        _client.ReceiveBufferSize = 4096;
        _client.Connect(listener.LocalEndPoint!);
        var accepted = listener.Accept();
        accepted.SendBufferSize = 4096;
        accepted.Blocking = false;

        // The descriptor owns the socket from now on.
        _descriptor = new UnixDescriptor((int)accepted.SafeHandle.DangerousGetHandle());
        accepted.SafeHandle.SetHandleAsInvalid();
        _stream = new EpollTlsStream(_descriptor);
        _connection = new BareConnection(_loop, events => _stream.OnReady(events));
    }

    public void Dispose()
    {
        _loop.Dispose();
        _stream.Dispose();
        _descriptor.Dispose();
        _client.Dispose();
    }

    [Fact]
    public async Task A_read_that_goes_on_receiving_lets_others_run_in_between()
    {
        const int Total = 100_000;
        _ = _client.Send(new byte[Total]);
        var read = 0;
        var readBeforeOthers = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        var reading = Task.CompletedTask;
        await _loop.PostAsync(() =>
        {
            Open();
            _loop.Post(() => readBeforeOthers.SetResult(read), readBeforeOthers.SetException);
            reading = ReadAllAsync();
        });

        Assert.InRange(await readBeforeOthers.Task.WaitAsync(Patience.Long), 0, 1000);
        await reading.WaitAsync(Patience.Long);
        Assert.Equal(Total, read);

        // TLS does so while it receives records that hold no bytes for its reader.
        async Task ReadAllAsync()
        {
            var buffer = new byte[1000];
            while (read < Total)
            {
                read += await _stream.ReadAsync(buffer);
            }
        }
    }

    [Fact]
    public async Task A_read_without_a_buffer_waits_for_bytes_from_the_handshake_on()
    {
        var waiting = Task.CompletedTask;
        await _loop.PostAsync(() =>
        {
            Open();
            waiting = _stream.ReadAsync(Memory<byte>.Empty).AsTask();
        });
        Assert.False(waiting.IsCompleted);

        _ = _client.Send("x"u8);
        await waiting.WaitAsync(Patience.Long);
    }

    [Fact]
    public async Task A_handshake_that_takes_too_long_is_left_to_its_own_thread()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509Extension("1.3.6.1.4.1.55555.1", new byte[256 * 1024], critical: false));
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        using var channel = new EpollTlsChannel(_loop, _descriptor, new EpollBuffers(1024), new TlsServer(certificate));
        var connection = new BareConnection(_loop, events => channel.OnReady(events));
        var handshake = Task.CompletedTask;
        await _loop.PostAsync(() =>
        {
            channel.Watch(connection);
            handshake = channel.OpenAsync();
        });

        // The socket takes only a part of the certificate, since the client does not receive, and the handshake keeps the rest.
        await using var client = new SslStream(new UnreadStream(_client));
        _ = client.AuthenticateAsClientAsync("localhost");
        Assert.True(SpinWait.SpinUntil(() => _client.Available > 0 && channel.QueuedBytes > 0, Patience.Long));
        var isBusy = false;
        var error = SocketError.SocketError;
        await _loop.PostAsync(() =>
        {
            isBusy = channel.IsBusy;
            error = channel.TryEndOutput();
        });

        // The end does not wait until all of it is sent; the handshake fails at its next attempt to send.
        Assert.Equal((true, SocketError.Success), (isBusy, error));
        await _loop.PostAsync(() => channel.Close(connection));
        await Assert.ThrowsAnyAsync<Exception>(() => handshake.WaitAsync(Patience.Long));
        Assert.False(channel.IsBusy);
    }

    private void Open()
    {
        _stream.Watch(_loop, _connection);
        _stream.EndHandshake();
        _stream.BeginRead();
    }

    /// <summary>A client's stream that sends, and never receives.</summary>
    private sealed class UnreadStream(Socket socket) : NetworkStream(socket)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            new(new TaskCompletionSource<int>().Task);
    }

    private sealed class BareConnection(IPump pump, Action<int> onReady) : Connection(pump)
    {
        public override void OnReady(int events) => onReady(events);

        public override void OnTime() => throw new NotSupportedException();

        public override void OnResume() => throw new NotSupportedException();

        public override void Begin() => throw new NotSupportedException();

        public override void Drain() => throw new NotSupportedException();

        public override void Abort() => throw new NotSupportedException();

        public override void EndOnRequest(bool reset) => throw new NotSupportedException();

        public override void Fail(Exception exception)
        {
        }
    }
}
#endif
