using System.Globalization;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using PSSocketTools.Tests.Server.Transport;
using Xunit;

namespace PSSocketTools.Tests.Server;

/// <summary>A broadcasting server: each transport, and TLS, has to pass in a class of its own.</summary>
/// <param name="transport">The name of the transport, as EchoServer.Transport shows it.</param>
/// <param name="certificate">The certificate; null for no TLS.</param>
public abstract class BroadcastTests(string transport, X509Certificate2? certificate = null) : IDisposable
{
    private static readonly TimeSpan Ample = TimeSpan.FromSeconds(20);

    private readonly string _address = OwnAddress.Pick();

    private EchoServerOptions Broadcasting => new() { Address = _address, Certificate = certificate, IsBroadcasting = true };

    private EchoServerOptions Chat => Broadcasting with { ResponseFormat = "{ConnectionId}: {0}" };

    public void Dispose()
    {
        certificate?.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task A_message_goes_to_all_others_as_its_answer_would_be_and_ends_as_what_is_sent_unsolicited()
    {
        using var server = Start(Chat);
        Assert.Equal("Broadcast", server.Mode);
        var clients = await JoinAsync(server, 3);
        await clients[0].SendAsync("hello\r\n");
        await clients[1].AssertReceivesAsync("1: hello");
        await clients[2].AssertReceivesAsync("1: hello");

        // With Auto framing a pause ends a message too.
        await clients[2].SendAsync("no end");
        await clients[0].AssertReceivesAsync("3: no end");
        await clients[1].AssertReceivesAsync("3: no end");
        await clients[1].SendAsync("bye\n");
        await clients[0].AssertReceivesAsync("2: bye");
        await clients[2].AssertReceivesAsync("2: bye");
        var events = await server.UntilAsync(ServerEventKind.ResponseSent, 6);
        Assert.Equal(["1: hello", "3: no end"], events.Where(static e => e is { Kind: "ResponseSent", ConnectionId: 2 }).Select(static e => e.Message));
        Close(clients);
    }

    [Fact]
    public async Task The_sender_gets_its_own_where_it_is_included()
    {
        using var server = Start(Chat with { IncludesSender = true, Greeting = "{ConnectionId} joined" });
        var clients = await JoinAsync(server, 2);
        await clients[0].AssertReceivesAsync("1 joined", "2 joined");
        await clients[1].AssertReceivesAsync("2 joined");
        await clients[0].SendAsync("one\ntwo\n");
        await clients[0].AssertReceivesAsync("1: one", "1: two");
        await clients[1].AssertReceivesAsync("1: one", "1: two");
        Close(clients);
    }

    [Theory]
    [InlineData(ServerEventReason.ExitCommand)]
    [InlineData(ServerEventReason.ClientClosed)]
    [InlineData(ServerEventReason.Reset)]
    [InlineData(ServerEventReason.ServerClosed)]
    [InlineData(ServerEventReason.MessageLimit)]
    public async Task The_others_receive_who_joins_and_who_leaves_however_that_is(ServerEventReason how)
    {
        using var server = Start(Chat with
        {
            Greeting = "{ConnectionId} joined {ServerName} at {LocalAddress}",
            Farewell = "{ConnectionId} left",
            ExitCommand = ["bye"],
            Name = "lab",
            DisconnectAfter = how == ServerEventReason.MessageLimit ? 1 : 0,
        });
        var clients = await JoinAsync(server, 2);
        var leaver = clients[1];
        await clients[0].AssertReceivesAsync($"1 joined lab at {_address}", $"2 joined lab at {_address}");
        await leaver.AssertReceivesAsync($"2 joined lab at {_address}");
        switch (how)
        {
            case ServerEventReason.ExitCommand:
                await leaver.SendAsync("last\nbye\n");
                await leaver.AssertReceivesAsync("2 left", null);
                break;
            case ServerEventReason.MessageLimit:
                await leaver.SendAsync("last\n");
                await leaver.AssertReceivesAsync([null]);
                break;
            case ServerEventReason.ClientClosed:
                await leaver.SendAsync("last\n");
                leaver.EndOutput();
                break;
            case ServerEventReason.Reset:
                await leaver.SendAsync("last\n");
                _ = await server.UntilAsync(ServerEventKind.MessageReceived);
                leaver.Reset();
                break;
            default:
                await leaver.SendAsync("last\n");
                _ = await server.UntilAsync(ServerEventKind.MessageReceived);
                await server.GetConnections()[1].CloseAsync(Ample).WaitAsync(Patience.Long);
                break;
        }

        await clients[0].AssertReceivesAsync("2: last", "2 left");
        var events = await server.UntilAsync(ServerEventKind.Disconnected);
        Assert.EndsWith("Disconnected/" + how, events.Story(2), StringComparison.Ordinal);
        Close(clients);
    }

    [Fact]
    public async Task A_client_that_is_rejected_is_not_announced()
    {
        using var server = Start(Chat with { Greeting = "{ConnectionId} joined", Farewell = "{ConnectionId} left", MaxConnections = 1 });
        var clients = await JoinAsync(server, 1);
        await clients[0].AssertReceivesAsync("1 joined");
        using var rejected = await BroadcastClient.ConnectAsync(server, certificate);
        _ = await server.UntilAsync(ServerEventKind.Rejected);
        clients[0].EndOutput();
        await clients[0].AssertReceivesAsync([null]);
        Close(clients);
    }

    [Fact]
    public async Task Two_hundred_clients_receive_all_of_each_other_in_order()
    {
        const int Clients = 200, Lines = 100;
        using var server = Start(Broadcasting with { ResponseFormat = "{ConnectionId} {0}" });
        var clients = await JoinAsync(server, Clients);
        var lines = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, Lines).Select(static i => i.ToString(CultureInfo.InvariantCulture) + "\n")));
        var received = await Task.WhenAll(clients.Select(client => Task.Run(async () =>
        {
            var receiving = client.ReceiveNumbersAsync((Clients - 1) * Lines);
            await client.Stream.WriteAsync(lines);
            return await receiving;
        })));
        Assert.All(received, static of => Assert.Equal((Clients - 1, Lines, Lines), (of.Count, of.Values.Min(), of.Values.Max())));
        Assert.Equal(Enumerable.Range(1, Clients), received.Select(of => Enumerable.Range(1, Clients).Except(of.Keys).Single()).Order());
        Assert.Equal(Clients, server.ActiveConnections);

        // One that stays when the server stops receives nothing of the others' leaving.
        await server.StopAsync(Ample).WaitAsync(Patience.Long);
        await clients[7].AssertReceivesAsync([null]);
        Close(clients);
    }

    [Fact]
    public async Task A_client_that_does_not_read_is_let_go_and_holds_up_nobody()
    {
        using var server = Start(Broadcasting with { Farewell = "{ConnectionId} left" });
        var clients = await JoinAsync(server, 3);
        var line = new string('x', 60_000);
        var received = line;
        for (var i = 0; received == line; i++)
        {
            Assert.InRange(i, 0, 10_000);
            await clients[0].SendAsync(line + "\n");
            received = await clients[1].ReceiveLineAsync();
        }

        Assert.Equal("3 left", received);
        await clients[1].AssertReceivesAsync(line);
        var events = await server.UntilAsync(ServerEventKind.Disconnected);
        Assert.EndsWith("Disconnected/TooSlow", events.Story(3), StringComparison.Ordinal);
        await Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            while (await clients[2].ReceiveLineAsync() is not null)
            {
            }
        });
        await clients[1].SendAsync("still here\n");
        await clients[0].AssertReceivesAsync("3 left", "still here");
        Close(clients);
    }

    [Fact]
    public async Task What_was_received_before_a_stop_reaches_all()
    {
        const int Clients = 12, Lines = 50;
        using var server = Start(Broadcasting with { ResponseFormat = "{ConnectionId} {0}" });
        var clients = await JoinAsync(server, Clients);
        var lines = string.Concat(Enumerable.Range(0, Lines).Select(static i => i.ToString(CultureInfo.InvariantCulture) + "\n"));
        await Task.WhenAll(clients.Select(client => client.SendAsync(lines)));
        var receiving = clients.Select(client => Task.Run(async () =>
        {
            _ = await client.ReceiveNumbersAsync((Clients - 1) * Lines);
            Assert.Null(await client.ReceiveLineAsync());
        })).ToArray();
        await HappenedAsync(server, ServerEventKind.MessageReceived, Clients * Lines);
        await server.StopAsync(Ample).WaitAsync(Patience.Long);
        await Task.WhenAll(receiving);
        Close(clients);
    }

    [Fact]
    public async Task A_stop_while_everybody_talks_and_some_come_and_go_ends()
    {
        const int Clients = 20;
        using var server = Start(Chat with { Greeting = "{ConnectionId} joined", Farewell = "{ConnectionId} left" });
        var clients = await JoinAsync(server, Clients);
        var talking = clients.Select(client => Task.Run(async () =>
        {
            try
            {
                // It talks again when all others have, so that all read as fast as they talk.
                var received = 0;
                do
                {
                    if (received % Clients == 0)
                    {
                        await client.SendAsync("blah\nblah\n");
                    }

                    received++;
                }
                while (await client.ReceiveLineAsync() is not null);
            }
            catch (Exception exception) when (exception is IOException or ObjectDisposedException)
            {
                // The server has ended it.
            }
        })).ToArray();
        var coming = Task.Run(async () =>
        {
            try
            {
                for (var i = 0; i < 1000; i++)
                {
                    using var client = await BroadcastClient.ConnectAsync(server, certificate);
                    _ = await client.ReceiveLineAsync();
                }
            }
            catch (Exception exception) when (exception is IOException or SocketException or System.Security.Authentication.AuthenticationException)
            {
                // The server has stopped.
            }
        });
        await HappenedAsync(server, ServerEventKind.MessageReceived, 500);
        await server.StopAsync(TimeSpan.FromSeconds(0.3)).WaitAsync(Patience.Long);
        Close(clients);
        await Task.WhenAll([coming, .. talking]).WaitAsync(Patience.Long);
        Assert.Equal(0, server.ActiveConnections);
        Assert.Empty(server.GetConnections());
        Assert.DoesNotContain(server.GetEvents(), static e => e is { Kind: "Error", Reason: not "HandshakeFailed" });
    }

    private async Task<BroadcastClient[]> JoinAsync(EchoServer server, int count)
    {
        var clients = new BroadcastClient[count];
        for (var i = 0; i < count; i++)
        {
            clients[i] = await BroadcastClient.ConnectAsync(server, certificate);
        }

        await HappenedAsync(server, ServerEventKind.Connected, count);
        return clients;
    }

    private static Task<IReadOnlyList<ServerEvent>> HappenedAsync(EchoServer server, ServerEventKind kind, int count) => server.WaitForEventsAsync([kind], count, Patience.Long);

    private static void Close(BroadcastClient[] clients)
    {
        foreach (var client in clients)
        {
            client.Dispose();
        }
    }

    private EchoServer Start(EchoServerOptions options)
    {
        var server = EchoServer.Start(options with { Transport = transport });
        Assert.Equal(transport, server.Transport);
        return server;
    }
}

#if !NETSTANDARD_BUILD
[Trait("System", "Linux")]
public sealed class EpollBroadcastTests() : BroadcastTests("Epoll");

[Trait("System", "Linux")]
public sealed class EpollTlsBroadcastTests() : BroadcastTests("Epoll", TlsClient.MakeCertificate("localhost"));
#endif

public sealed class AsyncBroadcastTests() : BroadcastTests("Async");

public sealed class AsyncTlsBroadcastTests() : BroadcastTests("Async", TlsClient.MakeCertificate("localhost"));
