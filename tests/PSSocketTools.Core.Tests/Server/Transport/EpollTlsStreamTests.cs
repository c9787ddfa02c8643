#if !NETSTANDARD_BUILD
using System.Net;
using System.Net.Sockets;
using PSSocketTools.Platform;
using PSSocketTools.Server.Transport;
using PSSocketTools.Server.Transport.Epoll;
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
    private readonly StreamConnection _connection;

    public EpollTlsStreamTests()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        _client.Connect(listener.LocalEndPoint!);
        var accepted = listener.Accept();
        accepted.Blocking = false;

        // The descriptor owns the socket from now on.
        _descriptor = new UnixDescriptor((int)accepted.SafeHandle.DangerousGetHandle());
        accepted.SafeHandle.SetHandleAsInvalid();
        _stream = new EpollTlsStream(_descriptor);
        _connection = new StreamConnection(_loop, _stream);
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

    private void Open()
    {
        _stream.Watch(_loop, _connection);
        _stream.EndHandshake();
        _stream.BeginRead();
    }

    private sealed class StreamConnection(IPump pump, EpollTlsStream stream) : Connection(pump)
    {
        public override void OnReady(int events) => stream.OnReady(events);

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
