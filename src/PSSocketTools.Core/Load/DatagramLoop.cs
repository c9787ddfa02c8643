using PSSocketTools.Client;
using PSSocketTools.Platform;

namespace PSSocketTools.Load;

/// <summary>
/// A client over UDP, with a rate or without: datagrams get lost, duplicated and reordered, so that each response is paired
/// by the number in it.
/// </summary>
internal sealed class DatagramLoop(
    EchoSession session, SendWindow window, EchoLoadOptions options, LoadSchedule schedule, MessageNumbers numbers, LoadMessages messages, LoadFigures figures, Waker waker)
{
    private readonly Dictionary<long, Sent> _sent = [];

    /// <summary>The numbers that were sent, in order; some may have their response.</summary>
    private readonly Queue<long> _order = new();

    private readonly int _maxInFlight = Math.Max(1, Math.Min(options.Window, messages.DistinctNumbers / 2));
    private long _highest = -1;
    private bool _isOver;

    public void Run()
    {
        try
        {
            SendAndReceive();
        }
        finally
        {
            figures.Unanswered += _sent.Values.Count(sent => sent.Due >= schedule.CountsFrom);
        }
    }

    private void SendAndReceive()
    {
        while (session.IsOpen && !schedule.IsCancelled)
        {
            Receive();
            GiveUpLate();
            var now = Clock.System.Timestamp;
            var until = _order.Count > 0 ? Limit(_sent[_order.Peek()]) : long.MaxValue;
            if (HasNext(now, out var next) && _sent.Count < _maxInFlight)
            {
                if (next <= now)
                {
                    Send(next);
                    continue;
                }

                until = Math.Min(until, next);
            }
            else if (_sent.Count == 0)
            {
                return;
            }

            session.Receiver.ReadUntil(until, waker);
        }

        if (!session.IsOpen)
        {
            // The error that ended it, such as a refusal, is thrown by the next call.
            session.RequireOpen();
        }
    }

    private bool HasNext(long now, out long at)
    {
        if (schedule.HasRate)
        {
            // What had no room in time is not sent any more; what is only late by a little is.
            _isOver = _isOver || (now >= schedule.EndsAt && _sent.Count >= _maxInFlight);
            return numbers.TryGetDue(out at) && !_isOver;
        }

        at = now;
        return _sent.Count < _maxInFlight && schedule.TryClaim();
    }

    private void Send(long due)
    {
        var number = numbers.TakeNext();
        var sentAt = Clock.System.Timestamp;
        if (!schedule.HasRate)
        {
            due = sentAt;
        }

        if (due >= schedule.CountsFrom)
        {
            figures.Sent++;
        }

        var key = number % messages.DistinctNumbers;
        if (_sent.TryGetValue(key, out var earlier))
        {
            // A short message has few numbers, and the one before with this number is still unanswered.
            GiveUp(earlier);
        }

        _sent[key] = new Sent(number, due, sentAt);
        _order.Enqueue(key);
        if (window.Add(messages.Write(number), asBytes: true).Error is { } error)
        {
            throw error;
        }
    }

    private void Receive()
    {
        while (session.TryReceive(asBytes: true) is { } message)
        {
            var at = Clock.System.Timestamp;
            var bytes = (byte[])message.Response!;
            var number = messages.Read(bytes);
            if (number < 0)
            {
                figures.Fail(Net.Messages.Get("ResponseDiffers", message.BytesReceived));
            }
            else if (_sent.TryGetValue(number % messages.DistinctNumbers, out var sent))
            {
                Count(sent, at);
                _sent.Remove(number % messages.DistinctNumbers);
                Trim();
            }
            else
            {
                figures.Duplicated++;
            }
        }
    }

    private void Count(Sent sent, long at)
    {
        if (sent.Number < _highest)
        {
            figures.OutOfOrder++;
        }

        _highest = Math.Max(_highest, sent.Number);
        if (sent.Due < schedule.CountsFrom)
        {
            return;
        }

        figures.AddResponse(at, Clock.Between(sent.Due, at));
        if (schedule.HasRate)
        {
            figures.ServiceTimes.Add(Clock.Between(sent.SentAt, at));
        }
    }

    private void GiveUpLate()
    {
        while (_order.Count > 0 && Limit(_sent[_order.Peek()]) <= Clock.System.Timestamp)
        {
            GiveUp(_sent[_order.Peek()]);
            _sent.Remove(_order.Dequeue());
            Trim();
        }
    }

    private void GiveUp(Sent sent)
    {
        if (sent.Due >= schedule.CountsFrom)
        {
            figures.Lost++;
            figures.Fail(Net.Messages.Get("DatagramLost", options.Target.ResponseTimeout.TotalSeconds));
        }
    }

    /// <summary>The oldest number is one without a response.</summary>
    private void Trim()
    {
        while (_order.Count > 0 && !_sent.ContainsKey(_order.Peek()))
        {
            _order.Dequeue();
        }
    }

    private long Limit(Sent sent) =>
        options.Target.ResponseTimeout <= TimeSpan.Zero ? long.MaxValue : Clock.After(sent.SentAt, options.Target.ResponseTimeout);

    private readonly record struct Sent(long Number, long Due, long SentAt);
}
