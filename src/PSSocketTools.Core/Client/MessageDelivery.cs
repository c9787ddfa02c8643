using PSSocketTools.Framing;
using PSSocketTools.Net;
using PSSocketTools.Platform;

namespace PSSocketTools.Client;

/// <summary>
/// Reads a session's messages, completes the exchanges that they are the responses of, keeps others in the inbox, and ends the session
/// when the server does. For the one thread whose turn to read it is: see <see cref="SharedSessionState.BeginReading"/>.
/// </summary>
internal sealed class MessageDelivery(SessionContext session, BlockingChannel channel, MessageReader messageReader, SharedSessionState shared, long inboxLimit)
{
    private long _messagesReceived;

    /// <summary>Whether the message being received began before any request was pending.</summary>
    private bool _beganUnsolicited;

    /// <summary>What to do about a message that only a pause can end.</summary>
    internal enum IdleGap
    {
        Ignored,
        Awaited,
    }

    /// <summary>Messages received, solicited or not.</summary>
    public long MessagesReceived => Interlocked.Read(ref _messagesReceived);

    /// <summary>Reads once, and blocks until something arrives.</summary>
    public void Read(ResponseLimit limit)
    {
        try
        {
            if (messageReader.AwaitsPause && !messageReader.WaitForMore(null))
            {
                messageReader.EndMessage();
            }
            else
            {
                messageReader.Read(limit.Deadline);
            }

            Deliver();
        }
        catch (Exception exception) when (SessionEnd.IsKnown(exception))
        {
            EndByError(exception, limit);
        }
    }

    /// <summary>Reads until the waker is used or the session ends, which it does at the limit.</summary>
    public void ReadUntil(Waker waker, ResponseLimit limit)
    {
        try
        {
            while (!waker.IsWoken && shared.IsOpen)
            {
                if (channel.WaitReadable(limit.Deadline, waker))
                {
                    ReadAvailable(IdleGap.Ignored, waker);
                }
                else if (limit.Deadline.HasPassed)
                {
                    EndByTimeout(limit);
                }
            }
        }
        catch (Exception exception) when (SessionEnd.IsKnown(exception))
        {
            EndByError(exception, limit);
        }
    }

    /// <summary>Waits until something arrives and reads it, or until a moment, to the microsecond.</summary>
    /// <param name="until">A <see cref="Clock.Timestamp"/>.</param>
    /// <param name="waker">Ends the wait early.</param>
    public void ReadUntil(long until, Waker waker)
    {
        try
        {
            if (channel.WaitReadableUntil(until, waker))
            {
                ReadAvailable(IdleGap.Ignored, waker);
            }
        }
        catch (Exception exception) when (SessionEnd.IsKnown(exception))
        {
            EndByError(exception, ResponseLimit.None);
        }
    }

    /// <summary>Waits until something arrives and reads it, or until the time has passed.</summary>
    public void ReadUntil(Deadline deadline)
    {
        try
        {
            if (channel.WaitReadable(deadline, null))
            {
                ReadAvailable(IdleGap.Awaited, null);
            }
        }
        catch (Exception exception) when (SessionEnd.IsKnown(exception))
        {
            EndByError(exception, ResponseLimit.None);
        }
    }

    /// <summary>Reads what has arrived while no request is pending; a message that has begun is not part of the next response.</summary>
    public void ReadUnsolicited()
    {
        ReadAvailable(IdleGap.Awaited, null);
        _beganUnsolicited = messageReader.HasBegun;
    }

    /// <summary>Reads what has arrived, without waiting but for the pause that ends a message, if asked; whether there was anything.</summary>
    public bool ReadAvailable(IdleGap gap, Waker? waker)
    {
        var any = false;
        try
        {
            while (shared.IsOpen)
            {
                if (messageReader.TryRead())
                {
                    any = true;
                    Deliver();
                    if (gap == IdleGap.Ignored)
                    {
                        break;
                    }
                }
                else if (gap == IdleGap.Ignored || !messageReader.AwaitsPause)
                {
                    break;
                }
                else if (!messageReader.WaitForMore(waker))
                {
                    if (waker is not { IsWoken: true })
                    {
                        messageReader.EndMessage();
                        Deliver();
                    }

                    break;
                }
            }
        }
        catch (Exception exception) when (SessionEnd.IsKnown(exception))
        {
            EndByError(exception, ResponseLimit.None);
        }

        return any;
    }

    public void EndByTimeout(ResponseLimit limit) =>
        shared.End(SessionEnd.TimedOut(session, limit, messageReader.PendingBytes, shared.CountUnawaited()));

    public void EndByError(Exception exception, ResponseLimit limit) =>
        shared.End(SessionEnd.FromException(session, exception, limit, messageReader.PendingBytes, shared.CountUnawaited()));

    /// <summary>Delivers the messages that were read, and ends the session at the server's FIN.</summary>
    private void Deliver()
    {
        while (messageReader.TryTake(out var frame))
        {
            Deliver(frame);
        }

        if (messageReader.HasEnded)
        {
            shared.End(SessionEnd.ByServer(session, shared.IsSendClosed, messageReader.BytesReceived == 0));
        }
    }

    /// <summary>Completes the oldest pending request with a message, or keeps the message as unsolicited.</summary>
    private void Deliver(in Frame frame)
    {
        var isWaitedFor = false;
        var exchange = _beganUnsolicited ? null : shared.TakePending(out isWaitedFor);
        _beganUnsolicited = false;
        Interlocked.Increment(ref _messagesReceived);
        var bytes = frame.Count + session.Writer.Overhead(frame.Terminator);
        TimeSpan? roundTrip = exchange is null ? null : Since(exchange.StartedAt);
        if (isWaitedFor)
        {
            object response = exchange!.AsBytes
                ? frame.ToArray()
                : session.Encoding.ToText(frame.Buffer, frame.Offset, frame.Count);
            exchange.Complete(new SocketMessage(
                session, exchange.Timestamp, exchange.MessageAs(exchange.AsBytes, session.Encoding), exchange.BytesSent, response,
                frame.Complete, bytes, roundTrip));
            shared.PulseWaiters();
            return;
        }

        if (!shared.Keep(new InboxMessage(frame.ToArray(), frame.Complete, bytes, exchange?.Timestamp ?? DateTimeOffset.UtcNow, exchange, roundTrip)))
        {
            shared.End(SessionEnd.Overfilled(session, inboxLimit));
        }

        // A sender that did not ask for the response only needs to know that it has arrived.
        exchange?.Complete();
    }

    private static TimeSpan Since(long timestamp) =>
        TimeSpan.FromTicks(Math.Max(1, Clock.System.Since(timestamp).Ticks));
}
