using PSSocketTools.Tests.Client;
using Xunit;

namespace PSSocketTools.Tests.Load;

public sealed class MeasurementTests
{
    [Fact]
    public void The_count_of_messages_is_sent_and_every_response_checked()
    {
        using var server = BareServer.Play(peer => peer.EchoUntilEnd());

        var measured = Measure(server.Port, 5000, 16);

        Assert.Equal(5000, measured.Messages);
        Assert.Equal(0, measured.Errors);
        Assert.Equal(5000 * 64, measured.Bytes);
        Assert.True(measured.MessagesPerSecond > 0);
        Assert.True(measured.P50Milliseconds > 0 && measured.P50Milliseconds <= measured.P90Milliseconds && measured.P90Milliseconds <= measured.P99Milliseconds && measured.P99Milliseconds <= measured.P999Milliseconds && measured.P999Milliseconds <= measured.MaxMilliseconds);
        Assert.Contains("\u2588", measured.Draw(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_wrong_byte_is_an_error()
    {
        using var server = BareServer.Play(peer =>
        {
            for (var count = 0; count < 10; count++)
            {
                var line = peer.ReceiveLines(1);
                peer.Send(count == 4 ? line.Replace('z', 'y') : line);
            }

            peer.StayUntilTheEnd();
        });

        var measured = Measure(server.Port, 10, 1);

        Assert.Equal(9, measured.Messages);
        Assert.Equal(1, measured.Errors);
        Assert.NotNull(measured.Error);
    }

    [Fact]
    public void A_cancelled_measurement_has_the_results_so_far()
    {
        using var server = BareServer.Play(peer => peer.EchoUntilEnd());
        using var stop = new CancellationTokenSource();
        using var load = EchoLoad.Start(Load(server.Port) with { Duration = TimeSpan.FromHours(1) }, stop.Token);
        Assert.True(SpinWait.SpinUntil(() => load.Messages > 100, TimeSpan.FromSeconds(30)));
        stop.Cancel();

        Assert.True(load.Wait(TimeSpan.FromSeconds(30)));
        Assert.True(load.ToMeasurement().Messages > 100);
    }

    private static EchoMeasurement Measure(int port, long count, int window)
    {
        using var load = EchoLoad.Start(Load(port) with { Count = count, Window = window }, CancellationToken.None);
        Assert.True(load.Wait(TimeSpan.FromSeconds(60)));
        return load.ToMeasurement();
    }

    private static EchoLoadOptions Load(int port) => new() { Target = new SessionOptions { ComputerName = "127.0.0.1", Port = port } };
}
