using System.Net;
using System.Net.Sockets;
using PSSocketTools.Framing;
using PSSocketTools.Net;
using PSSocketTools.Platform;
using PSSocketTools.Server.Conversations;
using PSSocketTools.Server.Journal;

namespace PSSocketTools.Server.Transport.Datagrams;

/// <summary>
/// Responds to datagrams; derived classes receive them. Each is a message of its own, so that there is no conversation. A UDP server
/// has no connections, but its clients get ids.
/// </summary>
internal abstract class DatagramTransport : ServerTransport
{
    private readonly int _maxPendingResponses;
    private readonly Func<IPAddress, bool>? _isAllowed;
    private readonly EchoLoopGuard _echoLoops;
    private readonly CancellationTokenSource _aborting = new();
    private int _pendingResponses;
    private TaskCompletionSource<bool>? _drained;
    private volatile bool _stopping;

    protected DatagramTransport(
        IReadOnlyList<Socket> sockets,
        ConversationPlan plan,
        ServerRecord record,
        int maxPendingResponses,
        Func<IPAddress, bool>? isAllowed,
        Action<Exception, Socket?> onFailure)
        : base(record, onFailure)
    {
        Sockets = [.. sockets.Select(static socket => new DatagramSocket(socket))];
        Plan = plan;
        _maxPendingResponses = maxPendingResponses;
        _isAllowed = isAllowed;
        Aborted = _aborting.Token;
        _echoLoops = new EchoLoopGuard(((IPEndPoint)sockets[0].LocalEndPoint!).Port, record.Clock);
    }

    /// <summary>The server's options.</summary>
    public ConversationPlan Plan { get; }

    /// <summary>The sockets that receive.</summary>
    protected IReadOnlyList<DatagramSocket> Sockets { get; }

    /// <summary>Whether the server stops.</summary>
    protected bool IsStopping => _stopping;

    /// <summary>Cancelled when the grace period of a stop is over.</summary>
    protected CancellationToken Aborted { get; }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken gracePeriodOver)
    {
        _stopping = true;
        await BestEffort.RunAsync(PauseAsync, Report).ConfigureAwait(false);
        var drained = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        Volatile.Write(ref _drained, drained);
        if (Volatile.Read(ref _pendingResponses) == 0)
        {
            drained.TrySetResult(true);
        }

        await WhenAnyAsync(drained.Task, gracePeriodOver).ConfigureAwait(false);

        BestEffort.Run(_aborting.Cancel, Report);
        await BestEffort.RunAsync(ReleaseAsync, Report).ConfigureAwait(false);
        foreach (var socket in Sockets)
        {
            BestEffort.Run(socket.Dispose, Report);
        }

        await BestEffort.RunAsync(WhenReceivingEndedAsync, Report).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override void Dispose() => _aborting.Dispose();

    /// <summary>Whether a client may be answered; if not, its datagram is rejected with an event.</summary>
    public bool Admits(DatagramClient client)
    {
        if (_echoLoops.WouldLoop(client.EndPoint) || _isAllowed?.Invoke(client.EndPoint.Address) == false)
        {
            Record.Rejected(client.Record, ServerEventReason.NotAllowed);
            return false;
        }

        return true;
    }

    /// <summary>Records a datagram that was received, and has the faults strike it.</summary>
    public DatagramRequest Received(DatagramClient client, byte[] buffer, int offset, int count)
    {
        Record.AddBytesReceived(client.Record, count);
        var message = ToMessage(buffer, offset, count);
        var received = Record.MessageReceived(client.Record, buffer, offset, message.Count);
        var faults = Plan.Faults.Active is null ? null : new DatagramFaults(Plan.Faults, client.Faults(Record));
        faults?.StrikeMessage();
        return new DatagramRequest(
            message, client.Record.MessagesReceived, faults is null ? received : -1, faults, Plan.Options.Responder is not null || faults is not null || !client.LastResponse.IsCompleted);
    }

    /// <summary>Responds in the background, so that slow responses don't delay others; above the limit datagrams are dropped, as UDP allows.</summary>
    public void RespondInBackground(DatagramSocket socket, PacketInfo local, DatagramClient client, in DatagramRequest request)
    {
        if (BeginResponse() > _maxPendingResponses)
        {
            EndResponse();
            Record.Rejected(client.Record, ServerEventReason.TooManyResponses);
            return;
        }

        // The next receive reuses the buffer of the datagram.
        client.LastResponse = RespondInBackgroundAsync(client.LastResponse, socket, local, client, request);
    }

    /// <summary>Writes the response that takes no responder into a buffer, which stays empty when there is none.</summary>
    public void WriteResponse(DatagramClient client, in DatagramRequest request, OutputBuffer output)
    {
        var message = request.Message;
        if (Plan.IsExitCommand(message))
        {
            if (Plan.Farewell?.For(client.Record, Record.Clock) is { } farewell)
            {
                output.AppendMessage(farewell, message.Terminator);
            }
        }
        else if (!Plan.Options.IsDiscarding)
        {
            var begin = output.Begin(message.Terminator);
            Plan.Response.Write(output, message, client.Record, request.Sequence, Record.Clock);
            output.End(begin, message.Terminator);
        }
    }

    /// <summary>Whether a response fits into a datagram; if not, that is reported.</summary>
    public bool Fits(DatagramClient client, int count)
    {
        if (count <= DatagramLimits.MaxBytes)
        {
            return true;
        }

        Record.Failed(client.Record, ServerEventReason.MessageTooLarge, DatagramLimits.TooLarge(count));
        return false;
    }

    /// <summary>Records a response that was sent.</summary>
    public void Sent(DatagramClient client, int count, byte[] buffer, in BufferedMessage response)
    {
        Record.AddBytesSent(client.Record, count);
        Record.ResponseSent(client.Record, buffer, response.Offset, response.Count, response.JournalOffset);
    }

    /// <summary>Counts a response that a stop waits for, and gives how many there are.</summary>
    public int BeginResponse() => Interlocked.Increment(ref _pendingResponses);

    /// <summary>Counts the end of one.</summary>
    public void EndResponse()
    {
        if (Interlocked.Decrement(ref _pendingResponses) == 0)
        {
            Volatile.Read(ref _drained)?.TrySetResult(true);
        }
    }

    /// <summary>Ends receiving where it can end at once; pending responses may still be sent.</summary>
    protected virtual Task PauseAsync() => Task.CompletedTask;

    /// <summary>Releases the sockets, which are closed then.</summary>
    protected virtual Task ReleaseAsync() => Task.CompletedTask;

    /// <summary>Completes when nothing receives any more, after the sockets were closed.</summary>
    protected virtual Task WhenReceivingEndedAsync() => Task.CompletedTask;

    /// <summary>A buffer for responses, an empty one included.</summary>
    protected OutputBuffer MakeOutput() => new(Plan.Writer, carriesEmpty: true);

    protected async Task SendAsync(DatagramOperation operation, PacketInfo local, DatagramClient client, OutputBuffer output)
    {
        if (output.Messages.Count > 0)
        {
            await SendAsync(operation, local, client, output.Buffer, output.Count, output.Messages[0]).ConfigureAwait(false);
        }
    }

    protected async Task SendAsync(
        DatagramOperation operation, PacketInfo local, DatagramClient client, byte[] buffer, int count, BufferedMessage response)
    {
        if (!Fits(client, count))
        {
            return;
        }

        await operation.SendAsync(buffer, count, client.EndPoint, client.NativeEndPoint, local).ConfigureAwait(false);
        if (operation.Error == SocketError.Success)
        {
            Sent(client, count, buffer, response);
        }
        else if (!SocketErrors.IsAbort(operation.Error))
        {
            Record.Failed(client.Record, ServerEventReason.Failure, new SocketException((int)operation.Error).Message);
        }
    }

    /// <summary>The message in a datagram, without its line end where the framing is by lines.</summary>
    private Frame ToMessage(byte[] buffer, int offset, int count)
    {
        var terminator = Terminator.None;
        if (!Plan.Options.IsRaw && Plan.Options.Framing != MessageFraming.None && count > 0 && buffer[offset + count - 1] == '\n')
        {
            terminator = count > 1 && buffer[offset + count - 2] == '\r' ? Terminator.CarriageReturnLineFeed : Terminator.LineFeed;
        }

        return new Frame(buffer, offset, count - Plan.Writer.Overhead(terminator), terminator, true);
    }

    /// <summary>Writes the response, which the responder makes if there is one, into a buffer, which stays empty when there is none.</summary>
    private async Task WriteResponseAsync(DatagramClient client, DatagramRequest request, OutputBuffer output)
    {
        var message = request.Message;
        if (Plan.Options.Responder is not { } responder || Plan.IsExitCommand(message))
        {
            WriteResponse(client, request, output);
            return;
        }

        byte[]? content;
        try
        {
            client.Context ??= new ResponderContext(client.Record, Record, mailbox: null);
            content = await responder.RespondAsync(
                Plan.ToReceivedMessage(message, request.Sequence, Record.Clock, client.Context), Aborted).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Any exception of a responder is reported in the journal and does not affect other clients.
        catch (Exception exception) when (!Aborted.IsCancellationRequested)
#pragma warning restore CA1031
        {
            Record.Failed(client.Record, ServerEventReason.ResponderFailed, exception.Message);
            content = Plan.ErrorResponse;
        }

        if (content is not null)
        {
            output.AppendMessage(content, message.Terminator);
        }
    }

    /// <summary>Responds to a message after the earlier ones of the same client, however long each takes.</summary>
    private async Task RespondInBackgroundAsync(
        Task before, DatagramSocket socket, PacketInfo local, DatagramClient client, DatagramRequest request)
    {
        try
        {
            request = request with { Message = request.Message.Copy() };
            var faults = request.Faults;
            await before.ConfigureAwait(false);
            Aborted.ThrowIfCancellationRequested();
            using var output = MakeOutput();
            using var operation = new DatagramOperation(socket);
            if (faults is not null)
            {
                await faults.WaitAsync(Aborted).ConfigureAwait(false);
            }

            await WriteResponseAsync(client, request, output).ConfigureAwait(false);
            if (faults is not null)
            {
                faults.StrikeResponse(output);
                await faults.WaitAsync(Aborted).ConfigureAwait(false);
            }

            for (var copies = faults is { IsDropped: true } ? 0 : faults is { IsDuplicated: true } ? 2 : 1; copies > 0; copies--)
            {
                await SendAsync(operation, local, client, output).ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (exception is ObjectDisposedException or OperationCanceledException)
        {
            // The server stopped before the response was due.
        }
#pragma warning disable CA1031 // Any other failure of one response is reported in the journal, and does not affect the next ones.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Record.TryReport(exception, client.Record);
        }
        finally
        {
            EndResponse();
        }
    }
}
