using PSSocketTools.Net;
using PSSocketTools.Platform;

namespace PSSocketTools.Client;

/// <summary>The writing of a session: one sender's messages at a time, whole, and their answers owed before they leave.</summary>
#pragma warning disable CA1001 // A semaphore nobody asked for its handle holds nothing, and senders may still meet it after the end.
internal sealed class Outgoing(EchoSession session, Channel channel, MessageSource source, SessionLedger ledger, Incoming incoming)
#pragma warning restore CA1001
{
    /// <summary>
    /// What may be on its way, both ways, without anyone reading: no system gives a connection less room. A server that
    /// stops reading while it owes can't block a writer who keeps to it.
    /// </summary>
    private const int UnreadBytes = 16384;

    private readonly SemaphoreSlim _gate = new(1, 1);
    private long _messagesSent;
    private long _bytesSent;

    /// <summary>Messages sent.</summary>
    public long MessagesSent => Interlocked.Read(ref _messagesSent);

    /// <summary>Bytes sent, framing included, TLS not.</summary>
    public long BytesSent => Interlocked.Read(ref _bytesSent);

    /// <summary>Sends messages, and has their answers owed. What goes wrong is theirs to tell: it fails them, and is not thrown.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled before anything was sent.</exception>
    public void Transmit(byte[] buffer, int count, List<Exchange> batch, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var deadline = Deadline.After(timeout);
        if (!_gate.Wait(deadline.Milliseconds, cancellationToken))
        {
            Fail(batch, new SocketToolsException(
                SocketToolsError.ResponseTimeout, Messages.Get("SendTimeout", session.EndPointName, timeout.TotalSeconds), session));
            return;
        }

        try
        {
            if (!ledger.IsOpen)
            {
                Fail(batch, ledger.Ended!.NotOpen);
                return;
            }

            ReadAhead(batch[0].Waited, deadline, timeout);
            if (!ledger.Owe(batch))
            {
                // What has just been noticed is news, and told as it is.
                Fail(batch, ledger.Ended!.News);
                return;
            }

            if (cancellationToken.IsCancellationRequested)
            {
                // The window's own registration may have looked before anything was owed.
                Interrupt(batch[0].Owner);
                return;
            }

            if (source.IsDatagrams || ledger.OwedBytes <= UnreadBytes)
            {
                channel.Write(buffer, 0, count);
            }
            else
            {
                WriteWhileReading(buffer, count, deadline, timeout, cancellationToken);
            }

            Interlocked.Add(ref _messagesSent, batch.Count);
            Interlocked.Add(ref _bytesSent, count);
            if (!batch[0].Waited && batch[0].Error is null)
            {
                batch[0].Result = new SocketMessage(
                    session, batch[0].Timestamp, batch[0].MessageAs(batch[0].AsBytes, session.TextEncoding), count, null, false, 0, TimeSpan.Zero);
            }
        }
        catch (Exception exception) when (SessionEnd.IsKnown(exception))
        {
            ledger.End(SessionEnd.By(session, exception, timeout, deadline));
            Fail(batch.Where(static exchange => !exchange.IsDone), ledger.Ended!.News);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Gives up on a sender's answers that are still owed; they can't be told from later ones any more.</summary>
    public void Interrupt(SendWindow owner)
    {
        if (ledger.Owes(owner))
        {
            ledger.End(SessionEnd.Interrupted(session));
        }
    }

    /// <summary>Before a message is sent: what came before it is none of its answer.</summary>
    private void ReadAhead(bool waited, Deadline deadline, TimeSpan timeout)
    {
        if (ledger.LastOwed is { } last)
        {
            if (!source.EndsByPause || !waited)
            {
                // What comes is owed, and told apart by its place.
                return;
            }

            incoming.Await(last, deadline, timeout);
        }

        incoming.ReadUnasked(deadline);
    }

    /// <summary>Writes on another thread while this one reads, so that a server that stops reading while it owes can't block both.</summary>
    private void WriteWhileReading(byte[] buffer, int count, Deadline deadline, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var waker = new Waker();

        // A message cut off half sent leaves nothing that could be told apart any more.
        using var registration = cancellationToken.Register(() => ledger.End(SessionEnd.Interrupted(session)));
        var writing = Task.Run(
        () =>
        {
            try
            {
                channel.Write(buffer, 0, count);
            }
            finally
            {
                ledger.Wake(waker);
            }
        },
        CancellationToken.None);
        incoming.ReadUntil(waker, deadline, timeout);
        writing.GetAwaiter().GetResult();
    }

    private static void Fail(IEnumerable<Exchange> exchanges, SocketToolsException error)
    {
        foreach (var exchange in exchanges)
        {
            exchange.Fail(error);
        }
    }
}
