using System.Net;
using System.Text;
using PSSocketTools.Platform;
using PSSocketTools.Server.Journal;
using PSSocketTools.Server.Transport;
using Xunit;

namespace PSSocketTools.Tests.Server.Transport;

public sealed class ConnectionAdmissionTests
{
    [Fact]
    public async Task The_limit_on_connections_holds_however_many_connect_at_the_same_time()
    {
        const int Doors = 4;
        const int Most = 3;
        for (var round = 0; round < 200; round++)
        {
            var record = new ServerRecord(new EventJournal(new ServerIdentity(1, "lab", 7007), 0, Encoding.UTF8, Clock.System), Clock.System);
            var admission = new ConnectionAdmission(new EchoServerOptions().ToPlan(), record, Most, null);
            using var together = new Barrier(Doors);
            var admitted = await Task.WhenAll(Enumerable.Range(0, Doors).Select(_ => Task.Factory.StartNew(
                () =>
                {
                    together.SignalAndWait();
                    return Enumerable.Range(1, 10).Count(
                        port => admission.TryIdentify(new IPEndPoint(IPAddress.Loopback, port), null) is { } client && admission.TryAdmit(client) is not null);
                },
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default)));

            Assert.Equal(Most, admitted.Sum());
            Assert.Equal((Most, Most, (Doors * 10) - Most), (record.ActiveConnections, record.TotalConnections, record.RejectedConnections));
        }
    }

    [Fact]
    public void A_client_whose_greeting_cannot_be_made_for_the_others_is_counted_no_longer()
    {
        var clock = new StoppingClock();
        var record = new ServerRecord(new EventJournal(new ServerIdentity(1, "lab", 7007), 100, Encoding.UTF8, Clock.System), clock);
        var plan = new EchoServerOptions { Framing = MessageFraming.Line, IsBroadcasting = true, Greeting = "{RemotePort} came at {Timestamp}" }.ToPlan();
        var admission = new ConnectionAdmission(plan, record, 1, null);
        var client = admission.TryIdentify(new IPEndPoint(IPAddress.Loopback, 1), null)!;
        clock.HasStopped = true;

        Assert.Equal("stopped", Assert.Throws<InvalidOperationException>(() => admission.TryAdmit(client)).Message);

        clock.HasStopped = false;
        Assert.Equal((0, 1), (record.ActiveConnections, record.TotalConnections));
        Assert.Empty(admission.Open.All());
        Assert.NotNull(admission.TryAdmit(admission.TryIdentify(new IPEndPoint(IPAddress.Loopback, 2), null)!));
    }

    private sealed class StoppingClock : Clock
    {
        public bool HasStopped { get; set; }

        public override long UtcTicks => HasStopped ? throw new InvalidOperationException("stopped") : base.UtcTicks;
    }
}
