using System.Net.Sockets;
using PSSocketTools.Net;

namespace PSSocketTools.Client;

/// <summary>The sending half of a session: one sender's batch at a time, and each request is pending before its bytes are sent.</summary>
#pragma warning disable CA1001 // A semaphore whose wait handle is not used holds no resource, and senders may still enter it after the session has ended.
internal sealed class SessionSender(SessionContext session, BlockingChannel channel, SharedSessionState shared, SessionReceiver receiver)
#pragma warning restore CA1001
{
    /// <summary>
    /// How many bytes of pending requests may be sent without reading: every system's socket buffers hold this much in both
    /// directions, so a server that stops reading until its responses are read can't block the sender below this limit.
    /// </summary>
    private const int MaxUnreadBytes = 16384;

    /// <summary>How many bytes, TLS included, a socket that is writable surely has room for: BSD calls it writable from 2 KB.</summary>
    private const int MaxSureBytes = 1024;

    private readonly SemaphoreSlim _gate = new(1, 1);
    private long _messagesSent;
    private long _bytesSent;

    /// <summary>Messages sent.</summary>
    public long MessagesSent => Interlocked.Read(ref _messagesSent);

    /// <summary>Bytes sent, framing included, TLS not.</summary>
    public long BytesSent => Interlocked.Read(ref _bytesSent);

    /// <summary>Throws when the framing can't carry a message.</summary>
    /// <exception cref="SocketToolsException">MessageNotCarried, or MessageTooLarge; the target is the message.</exception>
    public void Require(byte[] buffer, int offset, int count, object message)
    {
        if (!session.IsDatagrams)
        {
            session.Writer.Require(buffer, offset, count, session.Options.MaxMessageBytes, message);
        }
        else if (count > DatagramLimits.MaxBytes)
        {
            throw new SocketToolsException(SocketToolsError.MessageTooLarge, DatagramLimits.TooLarge(count), message);
        }
    }

    /// <summary>Sends a batch and makes its requests pending. An error fails the exchanges and is not thrown.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled before anything was sent.</exception>
    public void Transmit(byte[] buffer, int count, List<Exchange> batch, TimeSpan responseTimeout, CancellationToken cancellationToken)
    {
        var limit = ResponseLimit.From(responseTimeout) with { IsForSending = !batch[0].ExpectsResponse };
        if (!_gate.Wait(limit.Deadline.Milliseconds, cancellationToken))
        {
            Fail(batch, NotSent(limit));
            return;
        }

        try
        {
            if (!shared.IsOpen || shared.IsSendClosed)
            {
                Fail(batch, shared.Ended?.LaterError ?? SessionEnd.HalfClosed(session));
                return;
            }

            ReadAhead(batch[0].IsAwaited, limit);
            if (!shared.TryAddPending(batch))
            {
                // The session ended during this call, so the sender gets the original error.
                Fail(batch, shared.Ended!.FirstError);
                return;
            }

            if (cancellationToken.IsCancellationRequested)
            {
                // The window's own registration may have run before the requests were pending.
                Interrupt(batch[0].Owner);
                return;
            }

            if (session.IsDatagrams || (shared.PendingBytes <= MaxUnreadBytes && (batch[0].IsAwaited || HasRoom(count))))
            {
                channel.Write(buffer, 0, count);
            }
            else
            {
                WriteWhileReading(buffer, count, limit, cancellationToken);
            }

            Interlocked.Add(ref _messagesSent, batch.Count);
            Interlocked.Add(ref _bytesSent, count);
            if (!batch[0].IsAwaited && batch[0].Error is null)
            {
                batch[0].Result = new SocketMessage(
                    session, batch[0].Timestamp, batch[0].MessageAs(batch[0].AsBytes, session.Encoding), count, null, false, 0, null);
            }
        }
        catch (Exception exception) when (SessionEnd.IsKnown(exception))
        {
            shared.End(SessionEnd.FromException(session, exception, limit));
            Fail(batch.Where(static exchange => !exchange.IsDone), shared.Ended!.FirstError);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Ends what is sent, once a sender that is sending is done; receiving goes on.</summary>
    /// <exception cref="SocketToolsException">SessionClosed, SessionFaulted, ResponseTimeout, ConnectionReset.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled first.</exception>
    public void Close(CancellationToken cancellationToken)
    {
        var limit = ResponseLimit.From(session.Options.ResponseTimeout);
        if (!_gate.Wait(limit.Deadline.Milliseconds, cancellationToken))
        {
            throw NotSent(limit);
        }

        try
        {
            if (shared.Ended is { } ended)
            {
                throw ended.LaterError;
            }

            shared.IsSendClosed = true;
            if (!channel.EndOutput(limit.Deadline))
            {
                shared.End(SessionEnd.TimedOut(session, limit));
                throw shared.Ended!.FirstError;
            }
        }
        catch (Exception exception) when (SessionEnd.IsKnown(exception))
        {
            shared.End(SessionEnd.FromException(session, exception, limit));
            throw shared.Ended!.FirstError;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Faults the session when a sender that is cancelled has pending requests: their responses could not be told from later ones.</summary>
    public void Interrupt(object owner)
    {
        if (shared.HasPending(owner))
        {
            shared.End(SessionEnd.Interrupted(session));
        }
    }

    /// <summary>Lets the responses to a sender's pending requests arrive as unsolicited messages.</summary>
    public void Abandon(object owner) => shared.Abandon(owner);

    /// <summary>Reads what arrived before a message is sent, since that is not part of its response.</summary>
    private void ReadAhead(bool waited, ResponseLimit limit)
    {
        if (shared.LastPending is { } last)
        {
            if (!session.EndsByPause || !waited)
            {
                // Responses to pending requests are told apart by their order.
                return;
            }

            receiver.Await(last, limit);
        }

        receiver.ReadUnsolicited(limit.Deadline);
    }

    /// <summary>
    /// Whether a write surely does not block. What was sent without waiting for a response may fill the buffers, though nothing is
    /// pending, and a write that blocks then could neither be cancelled nor let the server go on that waits for its responses to be read.
    /// </summary>
    private bool HasRoom(int count) => count <= MaxSureBytes && channel.Socket.Poll(0, SelectMode.SelectWrite);

    /// <summary>Sends on another thread while this one reads, so that a server that stops reading until its responses are read can't block both sides.</summary>
    private void WriteWhileReading(byte[] buffer, int count, ResponseLimit limit, CancellationToken cancellationToken)
    {
        using var waker = new Waker();

        // After half a message, nothing that follows can be framed.
        using var registration = cancellationToken.Register(() => shared.End(SessionEnd.Interrupted(session)));
        var writing = Task.Run(
        () =>
        {
            try
            {
                channel.Write(buffer, 0, count);
            }
            finally
            {
                shared.Wake(waker);
            }
        },
        CancellationToken.None);
        receiver.ReadUntil(waker, limit);
        writing.GetAwaiter().GetResult();
    }

    private SocketToolsException NotSent(ResponseLimit limit) => new(
        SocketToolsError.ResponseTimeout, Messages.Get("SendTimeout", session.EndPointName, limit.Time.TotalSeconds), session.Target);

    private static void Fail(IEnumerable<Exchange> exchanges, SocketToolsException error)
    {
        foreach (var exchange in exchanges)
        {
            exchange.Fail(error);
        }
    }
}
