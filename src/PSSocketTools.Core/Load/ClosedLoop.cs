using PSSocketTools.Platform;

namespace PSSocketTools.Load;

/// <summary>A connection that keeps its window full: the next message goes out when a response has come.</summary>
internal sealed class ClosedLoop(EchoSession session, SendWindow window, LoadSchedule schedule, LoadTurn turn, LoadMessages messages, LoadFigures figures)
{
    public void Run()
    {
        while (session.IsOpen && schedule.TryClaim())
        {
            window.Add(messages.Write(turn.Take()), asBytes: true);
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
        if (AnswerCheck.Passes(exchange, figures))
        {
            var roundTrip = exchange.Result!.RoundTrip!.Value;
            figures.Answered(Clock.After(exchange.StartedAt, roundTrip), roundTrip);
        }
    }
}
