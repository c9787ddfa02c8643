using CsCheck;
using PSSocketTools.Server.Conversations;
using PSSocketTools.Tests.Server.Transport;
using Xunit;

namespace PSSocketTools.Tests.Server.Conversations;

/// <summary>Conversations made at random, held against a plain model. A failure prints the seed that repeats it.</summary>
/// <remarks>More of them: <c>CsCheck_Iter=1000000 dotnet test --filter Category=Property</c>.</remarks>
[Trait("Category", "Property")]
public sealed class ConversationPropertyTests
{
    [Fact]
    public void Every_response_is_what_a_plain_model_says() =>
        Conversing.Any.Sample(
            static talk =>
            {
                using var driver = new ConversationDriver(talk.Options);
                var fed = 0;
                foreach (var piece in talk.Pieces)
                {
                    if (driver.Step.Kind != StepKind.Receive)
                    {
                        break;
                    }

                    driver.Feed(piece);
                    fed += piece.Length;
                }

                if (driver.Step.Kind == StepKind.Receive)
                {
                    driver.End();
                }

                Assert.Equal(talk.Expected(out var messages), driver.Output);
                Assert.Equal(StepKind.Close, driver.Step.Kind);
                Assert.Equal(messages, driver.Record.MessagesReceived);
                Assert.Equal(fed, driver.Record.BytesReceived);
            },
            iter: Math.Max(Check.Iter, 5000));

    [Fact]
    public void With_auto_framing_no_pause_anywhere_changes_a_byte() =>
        Gen.Select(Conversing.Any, Gen.Bool.Array[8]).Sample(
            static (talk, pauses) =>
            {
                using var driver = new ConversationDriver(new EchoServerOptions { ResponseFormat = "{0}" });
                for (var i = 0; i < talk.Pieces.Length; i++)
                {
                    driver.Feed(talk.Pieces[i]);
                    if (driver.Step.HasPendingResponse && pauses[i % pauses.Length])
                    {
                        driver.Elapse();
                    }
                }

                driver.End();
                Assert.Equal(talk.Sent, driver.Output);
            },
            iter: Math.Max(Check.Iter, 5000));

    [Fact]
    public Task Over_the_async_transport_too() => OverAsync("Async");

#if !NETSTANDARD_BUILD
    [Fact]
    [Trait("System", "Linux")]
    public Task Over_the_epoll_transport_too() => OverAsync("Epoll");
#endif

    private static Task OverAsync(string transport) =>
        // The network decides what one receive returns, so that no message may depend on it.
        Conversing.Any.Where(static talk => talk.Framing != MessageFraming.None).SampleAsync(
            async talk =>
            {
                using var server = EchoServer.Start(talk.Options with { Transport = transport, Address = "127.0.0.1" });
                using var client = await BareClient.ConnectAsync(server);
                var expected = talk.Expected(out _);
                foreach (var piece in talk.Pieces)
                {
                    await client.SendAsync(piece);
                }

                client.EndOutput();
                Assert.Equal(expected, await client.ReceiveToEndAsync());
            },
            iter: Math.Max(Check.Iter / 100, 100),
            threads: 1);
}
