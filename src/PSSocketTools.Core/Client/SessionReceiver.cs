using PSSocketTools.Framing;
using PSSocketTools.Net;
using PSSocketTools.Platform;

namespace PSSocketTools.Client;

/// <summary>
/// The receiving half of a session. It has no thread: a caller that waits for a response becomes the reader and completes other
/// callers' exchanges on the way, since responses arrive in the order of their requests.
/// </summary>
internal sealed class SessionReceiver(SessionContext session, BlockingChannel channel, MessageReader messageReader, SharedSessionState shared, long inboxLimit)
{
    // How long a close waits for responses that nobody will receive, so that the server sees a FIN and not a RST.
    private static readonly TimeSpan CloseTime = TimeSpan.FromMilliseconds(500);

    // How many reads, a megabyte at most, a look for the server's FIN may take.
    private const int MaxReadsPerLook = 32;

    private long _messagesReceived;

    /// <summary>Whether the message being received began before any request was pending. Used by the reader alone.</summary>
    private bool _beganUnsolicited;

    /// <summary>What to do about a message that only a pause can end.</summary>
    private enum IdleGap
    {
        Ignored,
        Awaited,
    }

    /// <summary>Messages received, solicited or not.</summary>
    public long MessagesReceived => Interlocked.Read(ref _messagesReceived);

    /// <summary>Waits until an exchange is done, and reads when nobody else does; when this returns it has a result or an error.</summary>
    public void Await(Exchange exchange, ResponseLimit limit)
    {
        if (shared.BeginReading(exchange, null, limit.Deadline))
        {
            try
            {
                while (!exchange.IsDone && shared.IsOpen)
                {
                    ReadSome(limit);
                }
            }
            finally
            {
                shared.EndReading();
            }
        }

        if (!exchange.IsDone)
        {
            EndByTimeout(limit);
        }

        if (!exchange.IsDone)
        {
            // The session ended for another reason at the same moment.
            exchange.Fail(shared.Ended!.FirstError);
        }
    }

    /// <summary>Waits until an exchange is done, and reads when nobody else does, or until the time has passed, which leaves the session open.</summary>
    public void Await(Exchange exchange, Deadline deadline)
    {
        while (!deadline.HasPassed && shared.BeginReading(exchange, null, deadline))
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
                shared.End(SessionEnd.FromException(session, exception, ResponseLimit.None));
            }
            finally
            {
                shared.EndReading();
            }
        }

        if (!exchange.IsDone && shared.Ended is { } end)
        {
            exchange.Fail(end.FirstError);
        }
    }

    /// <summary>Reads, or waits while another caller reads, until the waker is used.</summary>
    public void ReadUntil(Waker waker, ResponseLimit limit)
    {
        while (!waker.IsWoken && shared.IsOpen)
        {
            if (shared.BeginReading(null, waker.Woken, limit.Deadline))
            {
                try
                {
                    ReadMeanwhile(waker, limit);
                }
                finally
                {
                    shared.EndReading();
                }
            }
            else if (limit.Deadline.HasPassed)
            {
                EndByTimeout(limit);
            }
        }
    }

    /// <summary>Waits until something arrives and reads it, or until a moment; to the microsecond, and without an end of the session at that moment.</summary>
    /// <param name="until">A <see cref="Clock.Timestamp"/>.</param>
    /// <param name="waker">Ends the wait early.</param>
    public void ReadUntil(long until, Waker waker)
    {
        if (!shared.BeginReading(null, waker.Woken, Deadline.Never))
        {
            return;
        }

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
        finally
        {
            shared.EndReading();
        }
    }

    /// <summary>Reads what has arrived while no request is pending, since it is not part of the next response.</summary>
    public void ReadUnsolicited(Deadline deadline)
    {
        if (!shared.BeginReading(null, null, deadline))
        {
            return;
        }

        try
        {
            ReadAvailable(IdleGap.Awaited, null);
            _beganUnsolicited = messageReader.HasBegun;
        }
        finally
        {
            shared.EndReading();
        }
    }

    /// <summary>Waits for an unsolicited message; null when the time passed first.</summary>
    /// <exception cref="SocketToolsException">ServerClosed, ConnectionReset, SessionClosed, SessionFaulted.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public SocketMessage? Receive(Deadline deadline, bool asBytes, CancellationToken cancellationToken)
    {
        for (var waited = false; ; waited = true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var waker = new Waker();
            using var registration = cancellationToken.Register(() => shared.Wake(waker));
            if (!shared.TakeOrListen(waker, out var message))
            {
                // A caller that waited when the session ended gets the original error, a later one that it has ended. Who reads to
                // the end after a half-close gets one error, whether the FIN arrived with the last message or after it.
                throw waited || shared.Ended!.IsAfterHalfClose ? shared.Ended!.FirstError : shared.Ended!.LaterError;
            }

            if (message is not null)
            {
                return message.ToMessage(session, asBytes);
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
                EndByError(exception, ResponseLimit.None);
            }
            finally
            {
                shared.StopListening(waker);
            }
        }
    }

    /// <summary>Receives an unsolicited message that has arrived already; null when there is none.</summary>
    public SocketMessage? TryReceive(bool asBytes)
    {
        if (shared.TakeFromInbox() is { } message)
        {
            return message.ToMessage(session, asBytes);
        }

        if (shared.TryBeginReading())
        {
            try
            {
                ReadAvailable(IdleGap.Awaited, null);
            }
            finally
            {
                shared.EndReading();
            }
        }

        return shared.TakeFromInbox()?.ToMessage(session, asBytes);
    }

    /// <summary>Reads what has arrived to find the server's FIN, unless another caller reads.</summary>
    public void CheckForEnd()
    {
        if (shared.IsOpen && shared.TryBeginReading())
        {
            try
            {
                // The FIN follows the data that was sent before it. A server that keeps sending can't hold this up.
                for (var reads = 0; reads < MaxReadsPerLook && ReadAvailable(IdleGap.Ignored, null); reads++)
                {
                }
            }
            finally
            {
                shared.EndReading();
            }
        }
    }

    /// <summary>Shuts down the output and discards what the server still sends, so that its side closes in order too. For the reader alone.</summary>
    public void DrainToEnd(bool hasPending)
    {
        if (session.IsDatagrams)
        {
            return;
        }

        // Any error here means that the connection is lost, and then there is nothing left to close in order.
        BestEffort.Run(() =>
        {
            var closing = Deadline.AfterLimit(CloseTime);
            _ = channel.EndOutput(closing);
            while (!closing.HasPassed && (!hasPending || channel.WaitReadable(closing, null)) && messageReader.TryDiscard())
            {
            }
        });
    }

    /// <summary>Waits for data that may be unsolicited, and reads it; false when the time passed.</summary>
    private bool Listen(Deadline deadline, Waker waker)
    {
        if (shared.BeginReading(null, waker.Woken, deadline))
        {
            try
            {
                if (ReadAvailable(IdleGap.Awaited, waker))
                {
                    return true;
                }
            }
            finally
            {
                shared.EndReading();
            }
        }

        // This only waits until the socket is readable, so that other callers may read meanwhile.
        return waker.IsWoken || !shared.IsOpen
            || channel.WaitReadable(deadline, waker) || waker.IsWoken || !deadline.HasPassed;
    }

    /// <summary>Reads once, and blocks until something arrives.</summary>
    private void ReadSome(ResponseLimit limit)
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

    private void ReadMeanwhile(Waker waker, ResponseLimit limit)
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

    /// <summary>Reads what has arrived; whether there was anything. Waits for the pause that ends a message, if asked.</summary>
    private bool ReadAvailable(IdleGap gap, Waker? waker)
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

    private void EndByTimeout(ResponseLimit limit) =>
        shared.End(SessionEnd.TimedOut(session, limit, messageReader.PendingBytes, shared.CountUnawaited()));

    private void EndByError(Exception exception, ResponseLimit limit) =>
        shared.End(SessionEnd.FromException(session, exception, limit, messageReader.PendingBytes, shared.CountUnawaited()));

    private static TimeSpan Since(long timestamp) =>
        TimeSpan.FromTicks(Math.Max(1, Clock.System.Since(timestamp).Ticks));
}
