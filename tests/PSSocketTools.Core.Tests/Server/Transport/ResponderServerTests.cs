using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using PSSocketTools.Tests.Server.Conversations;
using Xunit;

namespace PSSocketTools.Tests.Server.Transport;

/// <summary>A server whose responses take long, and what its clients do meanwhile.</summary>
public sealed class ResponderServerTests
{
    [Theory]
    [InlineData(MessageFraming.Auto, 0, false)]
    [InlineData(MessageFraming.Line, 0, false)]
    [InlineData(MessageFraming.None, 0, false)]
    [InlineData(MessageFraming.Line, 10_000, false)]

    // More than is received ahead: no pending receive could detect the reset.
    [InlineData(MessageFraming.Line, 200_000, false)]
    [InlineData(MessageFraming.None, 10_000, false)]

    // Nor is any receive pending after the end of the input.
    [InlineData(MessageFraming.Line, 0, true)]
    [InlineData(MessageFraming.Line, 200_000, true)]
    public async Task A_client_that_resets_while_its_response_is_pending_is_disconnected_at_once_and_the_responder_cancelled(
        MessageFraming framing, int ahead, bool endsFirst)
    {
        var pending = new Pending();
        using var server = EchoServer.Start(Options(pending) with { Framing = framing });
        using var client = await BareClient.ConnectAsync(server);
        await client.SendAsync("one\n");
        var cancelled = await pending.Begun.WaitAsync(Patience.Long);
        await client.SendAsync(new string('x', ahead));
        if (endsFirst)
        {
            client.EndOutput();
        }

        client.Reset();

        // The end may be seen before the reset.
        var events = await server.UntilAsync(ServerEventKind.Disconnected);
        Assert.Matches($"^Connected MessageReceived {(endsFirst ? "(HalfClosed )?" : string.Empty)}Disconnected/Reset$", events.Story(1));
        await cancelled.WaitAsync(Patience.Long);
        Assert.Equal(0, server.ActiveConnections);
    }

    [Fact]
    public async Task A_client_that_has_half_closed_gets_its_response()
    {
        using var answers = new Answers();
        using var server = EchoServer.Start(Options(answers) with { Framing = MessageFraming.Line });
        using var client = await BareClient.ConnectAsync(server);
        await client.SendAsync("one\n");
        await answers.AskedAsync("one");
        await client.SendAsync("two\nthree");
        client.EndOutput();

        answers.Give("one");
        await client.AssertReceivesAsync("one\n");
        await answers.AskedAsync("two");
        answers.Give("two");
        await answers.AskedAsync("three");
        answers.Give("three");
        await client.AssertEndsWithAsync("two\nthree");
        var events = await server.UntilAsync(ServerEventKind.Disconnected);
        Assert.Equal("ClientClosed", events[^1].Reason);
    }

    [Theory]
    [InlineData(MessageFraming.Line)]
    [InlineData(MessageFraming.Auto)]
    public async Task Messages_received_while_a_response_is_pending_get_theirs_in_order(MessageFraming framing)
    {
        // More than is received ahead, split anywhere.
        const int Count = 40_000;
        var first = new TaskCompletionSource<byte[]?>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var server = EchoServer.Start(Options(new Responder(message =>
            message.Message == "0" ? first.Task : Task.FromResult<byte[]?>(message.Content))) with { Framing = framing });
        using var client = await BareClient.ConnectAsync(server);
        var text = string.Concat(Enumerable.Range(0, Count).Select(static i => i.ToString(CultureInfo.InvariantCulture) + "\n"));
        var receiving = client.ReceiveAsync(text.Length);
        var bytes = Encoding.ASCII.GetBytes(text);
        for (var at = 0; at < bytes.Length; at += 7919)
        {
            await client.SendAsync(bytes[at..Math.Min(at + 7919, bytes.Length)]);
        }

        first.SetResult("0"u8.ToArray());
        Assert.Equal(text, Encoding.ASCII.GetString(await receiving.WaitAsync(Patience.Long)));
    }

    [Fact]
    public async Task A_stop_whose_grace_period_is_over_cancels_the_responder()
    {
        var pending = new Pending();
        using var server = EchoServer.Start(Options(pending) with { Framing = MessageFraming.Line });
        using var client = await BareClient.ConnectAsync(server);
        await client.SendAsync("one\n");
        var cancelled = await pending.Begun.WaitAsync(Patience.Long);

        await server.StopAsync(TimeSpan.Zero).WaitAsync(Patience.Long);

        await cancelled.WaitAsync(Patience.Long);
        Assert.Equal("Connected MessageReceived Disconnected/ServerStopped", server.GetEvents().Story(1));
    }

    [Fact]
    public async Task A_responder_that_closes_has_its_answer_sent_before_the_end()
    {
        using var server = Start(static message =>
        {
            message.State["Count"] = (int)(message.State["Count"] ?? 0) + 1;
            if (message.Message == "bye")
            {
                message.Close();
            }

            return Task.FromResult<byte[]?>(Encoding.UTF8.GetBytes($"{message.State["Count"]}"));
        });
        foreach (var _ in Enumerable.Range(0, 2))
        {
            using var client = await BareClient.ConnectAsync(server);
            await client.ExchangeAsync("hi\n", "1\n");
            await client.SendAsync("bye\nmore\n");
            await client.AssertEndsWithAsync("2\n");
        }

        var events = await server.UntilAsync(ServerEventKind.Disconnected, 2);
        Assert.Equal("Connected MessageReceived ResponseSent MessageReceived ResponseSent Disconnected/ServerClosed", events.Story(2));
    }

    [Fact]
    public async Task A_responder_that_resets_is_cancelled_and_the_client_gets_no_answer()
    {
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var server = Start((message, cancellationToken) =>
        {
            cancellationToken.Register(cancelled.SetResult);
            message.Reset();
            return new TaskCompletionSource<byte[]?>().Task;
        });
        using var client = await BareClient.ConnectAsync(server);
        await client.SendAsync("one\n");
        var error = await Assert.ThrowsAsync<SocketException>(() => client.ReceiveAsync(1));
        Assert.Equal(SocketError.ConnectionReset, error.SocketErrorCode);
        await cancelled.Task.WaitAsync(Patience.Long);
        var events = await server.UntilAsync(ServerEventKind.Disconnected);
        Assert.Equal("Connected MessageReceived Disconnected/ServerClosed", events.Story(1));
    }

    [Fact]
    public async Task A_message_that_was_answered_still_closes_its_connection_and_nothing_once_that_has_ended()
    {
        var messages = new List<ReceivedMessage>();
        using var server = Start(message =>
        {
            messages.Add(message);
            return Task.FromResult<byte[]?>(message.Content);
        });
        using var client = await BareClient.ConnectAsync(server);
        await client.ExchangeAsync("one\n");
        messages[0].Close();
        await client.AssertEndsWithAsync(string.Empty);
        _ = await server.UntilAsync(ServerEventKind.Disconnected);

        messages[0].Trace("too late");
        messages[0].ReportError("too late");
        messages[0].Close();
        messages[0].Reset();
        Assert.Equal("Connected MessageReceived ResponseSent Disconnected/ServerClosed", server.GetEvents().Story(1));
    }

    [Fact]
    public async Task State_is_gone_with_its_connection()
    {
        var kept = new TaskCompletionSource<WeakReference>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var server = Start(message =>
        {
            var big = new byte[1000];
            message.State["Big"] = big;
            kept.SetResult(new WeakReference(big));
            return Task.FromResult<byte[]?>(null);
        });
        using (var client = await BareClient.ConnectAsync(server))
        {
            await client.SendAsync("one\n");
            _ = await kept.Task.WaitAsync(Patience.Long);
        }

        _ = await server.UntilAsync(ServerEventKind.Disconnected);
        var reference = await kept.Task;
        var watch = Stopwatch.StartNew();
        while (reference.IsAlive)
        {
            // The connection is let go after the event of its end.
            Assert.True(watch.Elapsed < Patience.Long);
            GC.Collect();
        }
    }

    private static EchoServer Start(Func<ReceivedMessage, Task<byte[]?>> respond) => Start((message, _) => respond(message));

    private static EchoServer Start(Func<ReceivedMessage, CancellationToken, Task<byte[]?>> respond) =>
        EchoServer.Start(Options(new Responder(respond)) with { Framing = MessageFraming.Line });

    private static EchoServerOptions Options(IMessageResponder responder) => new() { Address = OwnAddress.Pick(), Responder = responder };

    /// <summary>Never responds; reports that it was called, with a task that ends when it is cancelled.</summary>
    private sealed class Pending : IMessageResponder
    {
        private readonly TaskCompletionSource<Task> _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<Task> Begun => _begun.Task;

        public Task<byte[]?> RespondAsync(ReceivedMessage message, CancellationToken cancellationToken)
        {
            var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            cancellationToken.Register(cancelled.SetResult);
            _begun.SetResult(cancelled.Task);
            return new TaskCompletionSource<byte[]?>().Task;
        }

        public void Dispose()
        {
        }
    }
}
