using PSSocketTools.Client;
using PSSocketTools.Platform;

namespace PSSocketTools.Load;

/// <summary>
/// A connection that sends each message when it is due, however late the responses are. A message that could not be sent in time, since
/// the window was full or a write blocked, is sent as soon as it can be; its latency counts from when it was due all the same, so that
/// a server that stalls is charged for all that would have been sent meanwhile.
/// </summary>
internal sealed class OpenLoop(
    EchoSession session, SendWindow window, EchoLoadOptions options, LoadSchedule schedule, MessageNumbers numbers, LoadMessages messages, LoadFigures figures, Waker waker)
{
    /// <summary>When the messages in the window were due, in order.</summary>
    private readonly Queue<long> _dueTimes = new();

    // Where only a pause ends a response, reading it to its end is waiting for it.
    private readonly bool _waitsForEach = options.Window == 1;

    // How long responses are waited for at the end, where the server is not slower by itself.
    private static readonly TimeSpan MinRest = TimeSpan.FromSeconds(3);

    public void Run()
    {
        try
        {
            SendAll();
            TakeRest();
        }
        finally
        {
            figures.Unanswered += _dueTimes.Count(due => due >= schedule.CountsFrom);
        }
    }

    private void SendAll()
    {
        while (session.IsOpen && !schedule.IsCancelled)
        {
            while (window.TryTake(out var done))
            {
                Count(done);
            }

            if (!numbers.TryGetDue(out var next))
            {
                break;
            }

            var now = Clock.System.Timestamp;
            if (window.IsFull || (_waitsForEach && _dueTimes.Count > 0))
            {
                // What had no room in time is not sent any more; what is only late by a little is.
                if (now >= schedule.EndsAt)
                {
                    break;
                }

                TakeOldest();
            }
            else if (next <= now)
            {
                SendDue(now);
            }
            else
            {
                session.Receiver.ReadUntil(next, waker);
            }
        }
    }

    /// <summary>Takes the responses that are still on their way: a server that has fallen behind would go on responding for as long again.</summary>
    private void TakeRest()
    {
        var quickest = TimeSpan.FromTicks(2 * figures.ServiceTimes.Percentile(0));
        var until = Clock.After(Clock.System.Timestamp, quickest > MinRest ? quickest : MinRest);
        while (session.IsOpen && !_waitsForEach && _dueTimes.Count > 0 && !schedule.IsCancelled && Clock.System.Timestamp < until)
        {
            session.Receiver.ReadUntil(until, waker);
            while (window.TryTake(out var done))
            {
                Count(done);
            }
        }

        // Those of a session that has ended are done, each with its error.
        while ((_waitsForEach || !session.IsOpen) && TakeOldest())
        {
        }
    }

    private void SendDue(long now)
    {
        while (!window.IsFull && numbers.TryGetDue(out var due) && due <= now)
        {
            _dueTimes.Enqueue(due);
            window.Add(messages.Write(numbers.TakeNext()), asBytes: true);
            if (due >= schedule.CountsFrom)
            {
                figures.Sent++;
            }
        }

        window.Flush();
    }

    private bool TakeOldest()
    {
        if (!window.Take(out var oldest))
        {
            return false;
        }

        Count(oldest);
        return true;
    }

    private void Count(Exchange exchange)
    {
        var due = _dueTimes.Dequeue();
        if (due < schedule.CountsFrom && exchange.Error is null)
        {
            return;
        }

        if (exchange.Error is { Error: SocketToolsError.Interrupted })
        {
            // The load was cancelled, which is nobody's error.
            figures.Unanswered += due >= schedule.CountsFrom ? 1 : 0;
        }
        else if (figures.Passes(exchange))
        {
            var service = exchange.Result!.RoundTrip!.Value;
            figures.ServiceTimes.Add(service);
            figures.AddResponse(Clock.After(exchange.StartedAt, service), Clock.Between(due, exchange.StartedAt) + service);
        }
    }
}
