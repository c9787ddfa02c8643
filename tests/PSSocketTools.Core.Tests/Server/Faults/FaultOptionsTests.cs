using PSSocketTools.Tests.Server.Conversations;
using Xunit;

namespace PSSocketTools.Tests.Server.Faults;

/// <summary>What a fault may be, and on which server; and what is told of it.</summary>
public sealed class FaultOptionsTests
{
    public static TheoryData<string, EchoServerFaultOptions, string> Refused => new()
    {
        { "Tcp", new() { Kind = FaultKind.Drop }, "FaultKind.Drop is for datagrams" },
        { "Tcp", new() { Kind = FaultKind.Duplicate }, "FaultKind.Duplicate is for datagrams" },
        { "Udp", new() { Kind = FaultKind.Fragment, FragmentBytes = 1 }, "FaultKind.Fragment is for connections" },
        { "Udp", new() { Kind = FaultKind.Truncate }, "FaultKind.Truncate is for connections" },
        { "Udp", new() { Kind = FaultKind.Stall }, "FaultKind.Stall is for connections" },
        { "Udp", new() { Kind = FaultKind.Disconnect }, "FaultKind.Disconnect is for connections" },
        { "Udp", new() { Kind = FaultKind.Reset }, "FaultKind.Reset is for connections" },
        { "Udp", new() { Kind = FaultKind.Delay, At = FaultPoint.Connect }, "At Connect needs connections" },
        { "Tcp", new() { Kind = FaultKind.Corrupt, At = FaultPoint.Connect }, "FaultKind.Corrupt has nothing to act on at Connect: it strikes at Response." },
        { "Tcp", new() { Kind = FaultKind.Truncate, At = FaultPoint.Message }, "FaultKind.Truncate has nothing to act on at Message" },
        { "Udp", new() { Kind = FaultKind.Duplicate, At = FaultPoint.Message }, "FaultKind.Duplicate has nothing to act on at Message" },
        { "Udp", new() { Kind = FaultKind.Drop, At = FaultPoint.Connect }, "FaultKind.Drop has nothing to act on at Connect: it strikes at Message, Response." },
        { "Tcp", new() { Kind = FaultKind.Reset, At = FaultPoint.Connect, IsPerConnection = true }, "IsPerConnection can't be combined with At Connect." },
        { "Tcp", new() { Kind = FaultKind.Reset, Seed = 7 }, "Seed is for what is drawn, and nothing is." },
        { "Tcp", new() { Kind = FaultKind.Reset, Percent = 100.5 }, "Percent is 100.5, and must be from 0 to 100." },
        { "Tcp", new() { Kind = FaultKind.Reset, Percent = double.NaN }, "Percent is NaN" },
        { "Tcp", new() { Kind = FaultKind.Reset, Count = -1 }, "Count is -1" },
        { "Tcp", new() { Kind = FaultKind.Reset, After = -1 }, "After is -1" },
        { "Tcp", new() { Kind = FaultKind.Corrupt, Seed = -1 }, "Seed is -1" },
        { "Tcp", new() { Kind = FaultKind.Delay, MinDelayMilliseconds = 5, MaxDelayMilliseconds = 4 }, "Delay is 4" },
        { "Tcp", new() { Kind = FaultKind.Delay, MaxDelayMilliseconds = 600_001 }, "Delay is 600001" },
        { "Tcp", new() { Kind = FaultKind.Fragment, FragmentBytes = -1 }, "FragmentBytes is -1" },
        { "Tcp", new() { Kind = FaultKind.Fragment, MaxFragmentDelayMilliseconds = 600_001 }, "FragmentDelay is 600001" },
        { "Tcp", new() { Kind = FaultKind.Truncate, TruncateAfterBytes = -1 }, "TruncateAfterBytes is -1" },
        { "Tcp", new() { Kind = FaultKind.Reset, From = ["nowhere"] }, "nowhere" },
        { "Discarding", new() { Kind = FaultKind.Delay, MaxDelayMilliseconds = 1 }, "FaultKind.Delay strikes responses, and this server sends none." },
        { "Broadcasting", new() { Kind = FaultKind.Corrupt }, "FaultKind.Corrupt strikes responses, and this server sends none." },
#if !NETSTANDARD_BUILD
        { "Unix", new() { Kind = FaultKind.Reset, From = ["127.0.0.1"] }, "Clients of a Unix socket have no address" },
#endif
    };

    [Theory]
    [MemberData(nameof(Refused), DisableDiscoveryEnumeration = true)]
    public void What_makes_no_sense_is_refused(string server, EchoServerFaultOptions options, string sentence)
    {
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        using var running = EchoServer.Start(server switch
        {
            "Udp" => new() { Address = OwnAddress.Pick(), Protocol = SocketProtocol.Udp },
            "Discarding" => new() { Address = OwnAddress.Pick(), IsDiscarding = true },
            "Broadcasting" => new() { Address = OwnAddress.Pick(), IsBroadcasting = true },
            "Unix" => new() { SocketPath = path },
            _ => new() { Address = OwnAddress.Pick() },
        });
        var failure = Assert.Throws<SocketToolsException>(() => running.AddFault(options));
        Assert.Equal(SocketToolsError.InvalidOption, failure.Error);
        Assert.Contains(sentence, failure.Message, StringComparison.Ordinal);
        Assert.Empty(running.GetFaults());
        Assert.Empty(running.Faults);
    }

    [Fact]
    public async Task A_stopped_server_takes_no_fault_and_still_tells_what_struck()
    {
        using var server = EchoServer.Start(new() { Address = OwnAddress.Pick() });
        var fault = server.AddFault(new() { Kind = FaultKind.Reset });
        await server.StopAsync(TimeSpan.Zero);
        Assert.Equal(SocketToolsError.ServerStopped, Assert.Throws<SocketToolsException>(() => server.AddFault(new() { Kind = FaultKind.Reset })).Error);
        Assert.Equal([fault], server.GetFaults());
        Assert.True(server.RemoveFault(fault));
    }

    [Fact]
    public void The_options_of_the_server_are_faults()
    {
        using var server = EchoServer.Start(new()
        {
            Id = 12, Address = OwnAddress.Pick(), MinDelayMilliseconds = 10, MaxDelayMilliseconds = 20, FragmentBytes = 2, DisconnectAfter = 3,
        });
        Assert.Equal(
            ["Delay: Delay 10-20", "Fragment: FragmentBytes 2", "Disconnect: "],
            server.GetFaults().Select(static fault => $"{fault.Kind}: {fault.Settings}"));
        Assert.Matches(
            @"^Delay 10-20 #\d+ \(At Response, Seed \d+\), FragmentBytes 2 #\d+ \(At Response\), Disconnect #\d+ \(At Response, After 2, PerConnection\)$", server.Faults);
        Assert.All(server.GetFaults(), static fault => Assert.Equal((12, 0), (fault.ServerId, fault.Struck)));
        Assert.Equal(3, server.GetFaults().Select(static fault => fault.Id).Distinct().Count());
    }

    [Fact]
    public void A_seed_is_drawn_and_told_where_something_is_drawn()
    {
        using var server = EchoServer.Start(new() { Address = OwnAddress.Pick() });
        string When(EchoServerFaultOptions options) => server.AddFault(options).When;
        Assert.Matches(@"^At Message, Percent 0\.5, Seed \d+$", When(new() { Kind = FaultKind.Reset, Percent = 0.5 }));
        Assert.Matches(@"^At Response, Seed \d+$", When(new() { Kind = FaultKind.Corrupt }));
        Assert.Equal("At Response", When(new() { Kind = FaultKind.Delay, MinDelayMilliseconds = 5, MaxDelayMilliseconds = 5 }));
        Assert.Equal(
            "At Connect, After 1, Count 2, Percent 30, Seed 7, From 127.0.0.1, 10.0.0.0/8",
            When(new() { Kind = FaultKind.Stall, At = FaultPoint.Connect, After = 1, Count = 2, Percent = 30, Seed = 7, From = ["127.0.0.1", "10.0.0.0/8"] }));
    }

    [Fact]
    public void A_fragment_is_one_send_and_pauses_are_between()
    {
        using var driver = new ConversationDriver(new EchoServerOptions { FragmentBytes = 4 });
        driver.Feed("hello, you\n");
        Assert.Equal(["hell", "o, y", "ou\n"], driver.Sends.Select(System.Text.Encoding.ASCII.GetString));
    }
}
