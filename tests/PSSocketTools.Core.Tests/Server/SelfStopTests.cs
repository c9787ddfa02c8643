using PSSocketTools.Tests.Server.Transport;
using Xunit;

namespace PSSocketTools.Tests.Server;

/// <summary>A server that stops by itself.</summary>
public sealed class SelfStopTests
{
    private readonly string _address = OwnAddress.Pick();

    public static TheoryData<string> Transports => LinuxOnly() ? ["Async", "Epoll"] : ["Async"];

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_time_limit_ends_it(string transport)
    {
        using var server = EchoServer.Start(new EchoServerOptions { Address = _address, Transport = transport, StopAfter = TimeSpan.FromSeconds(0.3) });
        await server.WhenStopped().WaitAsync(Patience.Long);

        var stopped = server.GetEvents()[^1];
        Assert.Equal(("Stopped", "TimeLimit"), (stopped.Kind, stopped.Reason));
        Assert.InRange(stopped.DurationMilliseconds!.Value, 250, 60_000);
        Assert.Equal("Stopped", server.State);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task The_last_of_its_connections_ends_it_when_it_has_ended_itself(string transport)
    {
        using var server = EchoServer.Start(new EchoServerOptions { Address = _address, Transport = transport, StopAfterConnections = 2 });
        using var stays = await BareClient.ConnectAsync(server);
        for (var i = 0; i < 2; i++)
        {
            Assert.Equal("Listening", server.State);
            using var client = await BareClient.ConnectAsync(server);
            await client.ExchangeAsync("hello");
        }

        await server.WhenStopped().WaitAsync(Patience.Long);
        Assert.Empty(await stays.ReceiveToEndAsync());
        var events = server.GetEvents();
        Assert.Equal(("Stopped", "ConnectionLimit"), (events[^1].Kind, events[^1].Reason));
        Assert.Equal("Connected Disconnected/ServerStopped", events.Story(1));
    }

    [Fact]
    public async Task A_stop_that_was_asked_for_has_no_reason_and_ends_the_timer()
    {
        var server = EchoServer.Start(new EchoServerOptions { Address = _address, StopAfter = TimeSpan.FromHours(1), StopAfterConnections = 5 });
        await server.StopAsync(TimeSpan.Zero).WaitAsync(Patience.Long);
        Assert.Null(server.GetEvents()[^1].Reason);
    }

    [Fact]
    public async Task Whoever_waits_for_its_stop_may_dispose_it()
    {
        var server = EchoServer.Start(new EchoServerOptions { Address = _address });
        var disposed = server.WhenStopped().ContinueWith(
            _ => server.Dispose(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        await server.StopAsync(TimeSpan.Zero).WaitAsync(Patience.Long);
        await disposed.WaitAsync(Patience.Long);
    }

    [Fact]
    public void Its_options_have_a_range_and_datagrams_no_connections()
    {
        Assert.Equal("StopAfter", Refused(new EchoServerOptions { StopAfter = TimeSpan.FromSeconds(-1) }).Target);
        Assert.Equal("StopAfterConnections", Refused(new EchoServerOptions { StopAfterConnections = -1 }).Target);
        Assert.Equal("StopAfterConnections", Refused(new EchoServerOptions { Protocol = SocketProtocol.Udp, StopAfterConnections = 1 }).Target);
    }

    private static SocketToolsException Refused(EchoServerOptions options)
    {
        var error = Assert.Throws<SocketToolsException>(() => EchoServer.Start(options));
        Assert.Equal(SocketToolsError.InvalidOption, error.Error);
        return error;
    }

    private static bool LinuxOnly() =>
#if NETSTANDARD_BUILD
        false;
#else
        OperatingSystem.IsLinux();
#endif
}
