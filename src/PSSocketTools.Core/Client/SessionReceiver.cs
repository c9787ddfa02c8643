using PSSocketTools.Platform;

namespace PSSocketTools.Client;

/// <summary>
/// The receiving half of a session. It has no thread: a caller that waits for a response becomes the reader and completes other
/// callers' exchanges on the way, since responses arrive in the order of their requests.
/// </summary>
internal sealed class SessionReceiver(SessionContext session, BlockingChannel channel, MessageReader messageReader, SharedSessionState shared, MessageDelivery delivery)
{
    // How long a close waits for responses that nobody will receive, so that the server sees a FIN and not a RST.
    private static readonly TimeSpan CloseTime = TimeSpan.FromMilliseconds(500);

    // How many reads, a megabyte at most, a look for the server's FIN may take.
    private const int MaxReadsPerLook = 32;

    /// <summary>Waits until an exchange is done, and reads when nobody else does; when this returns it has a result or an error.</summary>
    public void Await(Exchange exchange, ResponseLimit limit)
    {
        using (var turn = shared.BeginReading(exchange, null, limit.Deadline))
        {
            while (turn.IsReader && !exchange.IsDone && shared.IsOpen)
            {
                delivery.Read(limit);
            }
        }

        if (!exchange.IsDone)
        {
            delivery.EndByTimeout(limit);
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
        while (!deadline.HasPassed)
        {
            using var turn = shared.BeginReading(exchange, null, deadline);
            if (!turn.IsReader)
            {
                break;
            }

            delivery.ReadUntil(deadline);
        }

        if (!exchange.IsDone && shared.Ended is { } end)
        {
            exchange.Fail(end.FirstError);
        }
    }

    /// <summary>Waits until an exchange is done whose response another caller has received, and is about to deliver.</summary>
    public void AwaitDelivery(Exchange exchange)
    {
        using var turn = shared.BeginReading(exchange, null, Deadline.Never);
    }

    /// <summary>Reads, or waits while another caller reads, until the waker is used.</summary>
    public void ReadUntil(Waker waker, ResponseLimit limit)
    {
        while (!waker.IsWoken && shared.IsOpen)
        {
            using var turn = shared.BeginReading(null, waker.Woken, limit.Deadline);
            if (turn.IsReader)
            {
                delivery.ReadUntil(waker, limit);
            }
            else if (limit.Deadline.HasPassed)
            {
                delivery.EndByTimeout(limit);
            }
        }
    }

    /// <summary>Waits until something arrives and reads it, or until a moment; to the microsecond, and without an end of the session at that moment.</summary>
    /// <param name="until">A <see cref="Clock.Timestamp"/>.</param>
    /// <param name="waker">Ends the wait early.</param>
    public void ReadUntil(long until, Waker waker)
    {
        using var turn = shared.BeginReading(null, waker.Woken, Deadline.Never);
        if (turn.IsReader)
        {
            delivery.ReadUntil(until, waker);
        }
    }

    /// <summary>Reads what has arrived while no request is pending, since it is not part of the next response.</summary>
    public void ReadUnsolicited(Deadline deadline)
    {
        using var turn = shared.BeginReading(null, null, deadline);
        if (turn.IsReader)
        {
            delivery.ReadUnsolicited();
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
                delivery.EndByError(exception, ResponseLimit.None);
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

        using (var turn = shared.TryBeginReading())
        {
            if (turn.IsReader)
            {
                delivery.ReadAvailable(MessageDelivery.IdleGap.Awaited, null);
            }
        }

        return shared.TakeFromInbox()?.ToMessage(session, asBytes);
    }

    /// <summary>Reads what has arrived to find the server's FIN, unless another caller reads.</summary>
    public void CheckForEnd()
    {
        using var turn = shared.TryBeginReading();

        // The FIN follows the data that was sent before it. A server that keeps sending can't hold this up.
        for (var reads = 0; turn.IsReader && reads < MaxReadsPerLook && delivery.ReadAvailable(MessageDelivery.IdleGap.Ignored, null); reads++)
        {
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
        using (var turn = shared.BeginReading(null, waker.Woken, deadline))
        {
            if (turn.IsReader && delivery.ReadAvailable(MessageDelivery.IdleGap.Awaited, waker))
            {
                return true;
            }
        }

        // This only waits until the socket is readable, so that other callers may read meanwhile.
        return waker.IsWoken || !shared.IsOpen
            || channel.WaitReadable(deadline, waker) || waker.IsWoken || !deadline.HasPassed;
    }
}
