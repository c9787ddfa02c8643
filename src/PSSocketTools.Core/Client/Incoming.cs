using System.Diagnostics;
using PSSocketTools.Framing;
using PSSocketTools.Net;
using PSSocketTools.Platform;

namespace PSSocketTools.Client;

/// <summary>
/// The reading of a session. No thread belongs to it: whoever waits for an answer takes the turn to read, and completes on
/// the way what others are owed; the order of the answers owed is the order on the wire.
/// </summary>
internal sealed class Incoming(EchoSession session, Channel channel, MessageSource source, SessionLedger ledger, long inboxLimit)
{
    // How long a close waits for answers on their way to nobody, so that the server sees an end and not a reset.
    private static readonly TimeSpan CloseTime = TimeSpan.FromMilliseconds(500);

    // So many reads, a megabyte or less, go into a look whether the server has closed.
    private const int MostNoticed = 32;

    private long _messagesReceived;

    /// <summary>Only for who has the turn to read: whether the message that has begun was begun before it was asked for.</summary>
    private bool _begunUnasked;

    /// <summary>What to do about an answer that only a pause can end.</summary>
    private enum Pause
    {
        Ignored,
        Awaited,
    }

    /// <summary>Messages received, asked for or not.</summary>
    public long MessagesReceived => Interlocked.Read(ref _messagesReceived);

    /// <summary>Waits until an exchange is done, reading when nobody else does. Leaves it done, one way or the other.</summary>
    public void Await(Exchange exchange, Deadline deadline, TimeSpan timeout)
    {
        if (ledger.BeginReading(exchange, null, deadline))
        {
            try
            {
                while (!exchange.IsDone && ledger.IsOpen)
                {
                    ReadSome(deadline, timeout);
                }
            }
            finally
            {
                ledger.EndReading();
            }
        }

        if (!exchange.IsDone)
        {
            ledger.End(SessionEnd.TimedOut(session, timeout));
        }

        if (!exchange.IsDone)
        {
            // It ended by itself in the same moment, and took the answer with it.
            exchange.Fail(ledger.Ended!.News);
        }
    }

    /// <summary>Reads until the waker is used, or lets another read. What comes is given to who is owed it.</summary>
    public void ReadUntil(Waker waker, Deadline deadline, TimeSpan timeout)
    {
        while (!waker.IsWoken && ledger.IsOpen)
        {
            if (ledger.BeginReading(null, waker.Woken, deadline))
            {
                try
                {
                    ReadMeanwhile(waker, deadline, timeout);
                }
                finally
                {
                    ledger.EndReading();
                }
            }
            else if (deadline.HasPassed)
            {
                ledger.End(SessionEnd.TimedOut(session, timeout));
            }
        }
    }

    /// <summary>Reads what has come while nothing is owed: it is none of the next message's answer.</summary>
    public void ReadUnasked(Deadline deadline)
    {
        if (!ledger.BeginReading(null, null, deadline))
        {
            return;
        }

        try
        {
            ReadAvailable(Pause.Awaited, null);
            _begunUnasked = source.HasBegun;
        }
        finally
        {
            ledger.EndReading();
        }
    }

    /// <summary>Takes the oldest message nobody was waiting for, when it comes; null when the time passed first.</summary>
    /// <exception cref="SocketToolsException">ServerClosed, ConnectionReset, SessionClosed, SessionFaulted.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public SocketMessage? Receive(Deadline deadline, bool asBytes, CancellationToken cancellationToken)
    {
        for (var waited = false; ; waited = true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var waker = new Waker();
            using var registration = cancellationToken.Register(() => ledger.Wake(waker));
            if (!ledger.TakeOrListen(waker, out var unread))
            {
                // Who was there when it ended is told how it did, and who comes later that it has.
                throw waited ? ledger.Ended!.News : ledger.Ended!.NotOpen;
            }

            if (unread is not null)
            {
                return unread.ToMessage(session, asBytes);
            }

            try
            {
                if (!Listen(deadline, waker))
                {
                    return null;
                }
            }
            catch (Exception exception) when (SessionEnd.IsKnown(exception))
            {
                ledger.End(SessionEnd.By(session, exception, TimeSpan.Zero, Deadline.Never));
            }
            finally
            {
                ledger.StopListening(waker);
            }
        }
    }

    /// <summary>Takes the oldest message nobody was waiting for, if it has come.</summary>
    public SocketMessage? TryReceive(bool asBytes)
    {
        if (ledger.TakeUnread() is { } unread)
        {
            return unread.ToMessage(session, asBytes);
        }

        if (ledger.TryBeginReading())
        {
            try
            {
                ReadAvailable(Pause.Awaited, null);
            }
            finally
            {
                ledger.EndReading();
            }
        }

        return ledger.TakeUnread()?.ToMessage(session, asBytes);
    }

    /// <summary>Looks whether the server has closed, when nobody else is looking.</summary>
    public void Notice()
    {
        if (ledger.IsOpen && ledger.TryBeginReading())
        {
            try
            {
                // The end comes after what was sent before it. A server that goes on sending can't hold this up.
                for (var reads = 0; reads < MostNoticed && ReadAvailable(Pause.Ignored, null); reads++)
                {
                }
            }
            finally
            {
                ledger.EndReading();
            }
        }
    }

    /// <summary>Tells the server that no more comes, and reads what it still sends, so that its side ends in order too. For who has the turn to read.</summary>
    public void Finish(bool owes)
    {
        if (source.IsDatagrams)
        {
            return;
        }

        // The server may have gone already: then there is nothing left to end in order, whatever says so.
        Attempt.To(() =>
        {
            channel.EndOutput();
            var closing = Deadline.After(CloseTime);
            while (!closing.HasPassed && (!owes || channel.WaitReadable(closing.Milliseconds, null)) && source.TryDiscard())
            {
            }
        });
    }

    /// <summary>Waits for something to come that might be unasked for, and reads it; false when the time passed.</summary>
    private bool Listen(Deadline deadline, Waker waker)
    {
        if (ledger.BeginReading(null, waker.Woken, deadline))
        {
            try
            {
                if (ReadAvailable(Pause.Awaited, waker))
                {
                    return true;
                }
            }
            finally
            {
                ledger.EndReading();
            }
        }

        // Nobody is kept from reading meanwhile: this waits for a reason to look again, and takes nothing.
        return waker.IsWoken || !ledger.IsOpen
            || channel.WaitReadable(deadline.Milliseconds, waker) || waker.IsWoken || !deadline.HasPassed;
    }

    /// <summary>Reads once, waiting until something comes.</summary>
    private void ReadSome(Deadline deadline, TimeSpan timeout)
    {
        try
        {
            if (source.AwaitsPause && !source.WaitForMore(null))
            {
                source.EndMessage();
            }
            else
            {
                source.Read(deadline);
            }

            Deliver();
        }
        catch (Exception exception) when (SessionEnd.IsKnown(exception))
        {
            ledger.End(SessionEnd.By(session, exception, timeout, deadline));
        }
    }

    private void ReadMeanwhile(Waker waker, Deadline deadline, TimeSpan timeout)
    {
        try
        {
            while (!waker.IsWoken && ledger.IsOpen)
            {
                if (channel.WaitReadable(deadline.Milliseconds, waker))
                {
                    ReadAvailable(Pause.Ignored, waker);
                }
                else if (deadline.HasPassed)
                {
                    ledger.End(SessionEnd.TimedOut(session, timeout));
                }
            }
        }
        catch (Exception exception) when (SessionEnd.IsKnown(exception))
        {
            ledger.End(SessionEnd.By(session, exception, timeout, deadline));
        }
    }

    /// <summary>Reads what has come; whether there was anything. An answer that only a pause ends is waited for, if asked.</summary>
    private bool ReadAvailable(Pause pause, Waker? waker)
    {
        var any = false;
        try
        {
            while (ledger.IsOpen)
            {
                if (source.TryRead())
                {
                    any = true;
                    Deliver();
                    if (pause == Pause.Ignored)
                    {
                        break;
                    }
                }
                else if (pause == Pause.Ignored || !source.AwaitsPause)
                {
                    break;
                }
                else if (!source.WaitForMore(waker))
                {
                    if (waker is not { IsWoken: true })
                    {
                        source.EndMessage();
                        Deliver();
                    }

                    break;
                }
            }
        }
        catch (Exception exception) when (SessionEnd.IsKnown(exception))
        {
            ledger.End(SessionEnd.By(session, exception, TimeSpan.Zero, Deadline.Never));
        }

        return any;
    }

    /// <summary>Gives out what was read, and ends the session when that was the end.</summary>
    private void Deliver()
    {
        while (source.TryTake(out var frame))
        {
            Deliver(frame);
        }

        if (source.HasEnded)
        {
            ledger.End(SessionEnd.ByServer(session));
        }
    }

    /// <summary>Gives a message to who is owed it, or keeps it for who receives what nobody asked for.</summary>
    private void Deliver(in Frame frame)
    {
        var isWaitedFor = false;
        var exchange = _begunUnasked ? null : ledger.TakeOwed(out isWaitedFor);
        _begunUnasked = false;
        Interlocked.Increment(ref _messagesReceived);
        var bytes = frame.Count + FrameWriter.Overhead(frame.Terminator);
        var time = exchange is null ? TimeSpan.Zero : Since(exchange.StartedAt);
        if (isWaitedFor)
        {
            object response = exchange!.AsBytes
                ? Copy(frame)
                : session.TextEncoding.ToText(frame.Buffer, frame.Offset, frame.Count);
            exchange.Complete(new SocketMessage(
                session, exchange.Timestamp, exchange.MessageAs(exchange.AsBytes, session.TextEncoding), exchange.BytesSent, response,
                frame.Complete, bytes, time));
            ledger.LookAgain();
            return;
        }

        if (!ledger.Keep(new Unread(Copy(frame), frame.Complete, bytes, exchange?.Timestamp ?? DateTimeOffset.Now, exchange, time)))
        {
            ledger.End(SessionEnd.Overfilled(session, inboxLimit));
        }

        // Whoever waits for it to be read off needs to know only that it was.
        exchange?.Complete();
    }

    private static byte[] Copy(in Frame frame)
    {
        var bytes = new byte[frame.Count];
        Buffer.BlockCopy(frame.Buffer, frame.Offset, bytes, 0, frame.Count);
        return bytes;
    }

    private static TimeSpan Since(long timestamp) =>
        TimeSpan.FromTicks(Math.Max(1, (Stopwatch.GetTimestamp() - timestamp) * TimeSpan.TicksPerSecond / Stopwatch.Frequency));
}
