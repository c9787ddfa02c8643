using PSSocketTools.Platform;

namespace PSSocketTools.Load;

/// <summary>A connection that keeps its window full: the next message is sent when a response has arrived.</summary>
internal sealed class ClosedLoop(EchoSession session, SendWindow window, LoadSchedule schedule, MessageNumbers numbers, LoadMessages messages, LoadFigures figures)
{
    public void Run()
    {
        while (session.IsOpen && schedule.TryClaim())
        {
            window.Add(messages.Write(numbers.TakeNext()), asBytes: true);
            if (window.IsFull && window.Take(out var oldest))
            {
                Count(oldest);
            }

            while (window.TryTake(out var done))
            {
                Count(done);
            }
        }

        while (window.Take(out var last))
        {
            Count(last);
        }
    }

    private void Count(Exchange exchange)
    {
        if (exchange.StartedAt < schedule.CountsFrom && exchange.Error is null)
        {
            return;
        }

        figures.Sent++;
        if (figures.Passes(exchange))
        {
            var roundTrip = exchange.Result!.RoundTrip!.Value;
            figures.AddResponse(Clock.After(exchange.StartedAt, roundTrip), roundTrip);
        }
    }
}
