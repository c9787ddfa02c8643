using PSSocketTools.Framing;
using PSSocketTools.Platform;
using PSSocketTools.Server.Journal;

namespace PSSocketTools.Server.Conversations;

/// <summary>A conversation that parses messages: it finds where each ends, responds in order, and recognizes the exit command.</summary>
internal sealed class MessageConversation : Conversation
{
    // Responses are sent together up to this size, so that many small messages cost one send.
    private const int FlushLength = 64 * 1024;

    // How many bytes may be received ahead while a response is computed or delayed.
    private const int MaxReceiveAhead = 64 * 1024;

    private static readonly byte[] LineFeed = [(byte)'\n'];

    private readonly FrameReader _reader;
    private readonly ResponseBuffer _output;

    // Created for the first message that goes to the responder; cancelled when the conversation ends.
    private CancellationTokenSource? _responderCancellation;
    private ResponderContext? _responderContext;
    private Task<byte[]?>? _responderTask;
    private Terminator _responseTerminator;
    private long _messages;

    // Where the journal keeps the bytes of the last message; -1 for nowhere, or where a fault may change them.
    private long _received = -1;
    private int _sentBytes;
    private int _sending;
    private bool _idleGapElapsed;

    // The faults that may strike what is handled now; null for none.
    private EchoServerFault[]? _faults;

    // The message that a fault holds back before it is handled.
    private Frame? _held;

    // Whether the pause fell inside a line end or a character, so that the rest of it is waited for a little longer.
    private bool _isWaitExtended;

    // Whether the last message got a response.
    private bool _hasResponded;
    private bool _inputEnded;
    private bool _greeting;
    private bool _ending;

    // Whether the responder ends the conversation by a reset.
    private bool _isResetting;

    public MessageConversation(ConversationPlan plan, ClientFacts client, ServerRecord record)
        : base(plan, client, record)
    {
        _reader = new FrameReader(Options.Framing, Options.MaxMessageBytes, plan.Encoding, delimiter: Options.Delimiter);
        _output = new ResponseBuffer(plan.Writer);
        _greeting = plan.Greeting is not null;
    }

    /// <inheritdoc/>
    protected override bool IsBetweenResponses => _sentBytes == 0 && !_greeting;

    /// <inheritdoc/>
    protected override Step NextStep()
    {
        while (true)
        {
            if (TryFaultStep(out var step))
            {
                return step;
            }

            if (_greeting)
            {
                _greeting = false;
                var greeting = Plan.GreetingFor(Client, Record.Clock);
                _output.Append(greeting, 0, greeting.Length);
            }

            _faults = Plan.Faults.Active;
            if (_output.Count > 0
                && (_ending || _responderTask is not null || _output.Count >= FlushLength || _faults is not null || HasFaultyResponse))
            {
                return Flush();
            }

            if (_responderTask is { } response)
            {
                if (!response.IsCompleted)
                {
                    return Step.Await(response);
                }

                CompleteResponse(response);
            }
            else if (_held is { } message)
            {
                _held = null;
                Respond(message);
            }
            else if (_ending)
            {
                return _isResetting ? Step.Reset() : Step.Close();
            }
            else if (!TryHandleMessage())
            {
                if (_output.Count > 0)
                {
                    return Flush();
                }

                if (!_ending)
                {
                    return ReceiveStep();
                }
            }
        }
    }

    /// <inheritdoc/>
    public override void Received(byte[] buffer, int offset, int count)
    {
        Record.AddBytesReceived(Client, count);
        _reader.Feed(buffer, offset, count);
        _isWaitExtended = false;
    }

    /// <inheritdoc/>
    public override bool CanReceiveAhead()
    {
        _reader.DetachInput();

        // Without framing each receive is a message, so that two receives must not be joined.
        return _reader.PendingBytes < (Options.Framing == MessageFraming.None ? 1 : MaxReceiveAhead);
    }

    /// <inheritdoc/>
    public override void InputEnded() => _inputEnded = true;

    /// <inheritdoc/>
    protected override int ResponsesSent()
    {
        _sentBytes += _sending;
        if (_sentBytes < _output.Count)
        {
            return _output.Count - _sentBytes;
        }

        foreach (var (offset, count, received) in _output.Responses)
        {
            Record.ResponseSent(Client, _output.Buffer, offset, count, received);
        }

        _output.Clear();
        _sentBytes = 0;
        return 0;
    }

    /// <inheritdoc/>
    protected override void TimedOut()
    {
        if (Options.Framing == MessageFraming.Auto && _reader.PendingBytes > 0)
        {
            // The wait is extended once at most.
            _isWaitExtended = !_isWaitExtended && _reader.EndsMidCharacter;
            _idleGapElapsed = !_isWaitExtended;
        }
        else
        {
            End(ServerEventReason.IdleTimeout);
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _reader.Dispose();
        _output.Dispose();
        if (_responderCancellation is { } cancellation)
        {
            // Cancelling runs the responder's callbacks, which may throw.
            BestEffort.Run(cancellation.Cancel, exception => Record.Failed(Client, ServerEventReason.ResponderFailed, exception.GetBaseException().Message));
            cancellation.Dispose();
        }

        base.Dispose();
    }

    private Step ReceiveStep()
    {
        var pausing = Options.Framing == MessageFraming.Auto && _reader.PendingBytes > 0;
        return Step.Receive(
            !pausing ? Plan.IdleMilliseconds : _isWaitExtended ? FrameReader.MidCharacterWaitMilliseconds : Options.IdleGapMilliseconds, pendingResponse: pausing);
    }

    private Step Flush()
    {
        var remaining = _output.Count - _sentBytes;
        _sending = NextFragment(remaining);
        return Step.Send(_output.Buffer, _sentBytes, _sending, Plan.IdleMilliseconds);
    }

    /// <summary>Handles one message, a rest that a pause completes, or the end of the input; false when there is nothing to handle.</summary>
    private bool TryHandleMessage()
    {
        try
        {
            if (_reader.TrySkipLateLineFeed() && _hasResponded)
            {
                _output.Append(LineFeed, 0, LineFeed.Length);
                if (_faults is not null)
                {
                    // It belongs to the response before: faults strike the next one apart from it.
                    return true;
                }
            }

            if (_reader.TryRead(out var message))
            {
                Handle(message);
                return true;
            }

            if (_idleGapElapsed)
            {
                _idleGapElapsed = false;
                return HandleRest(complete: true);
            }

            if (!_inputEnded)
            {
                return false;
            }

            // At the end of the input a line without its terminator is incomplete; under Auto it is complete.
            if (!HandleRest(complete: Options.Framing is not (MessageFraming.Line or MessageFraming.Delimiter)))
            {
                End(ServerEventReason.ClientClosed);
            }

            return true;
        }
        catch (FramingException exception)
        {
            var reason = exception.Error == SocketToolsError.MessageTooLarge
                ? ServerEventReason.MessageTooLarge
                : ServerEventReason.InvalidMessage;
            Record.Failed(Client, reason, exception.Message);
            End(reason);
            return true;
        }
    }

    private bool HandleRest(bool complete)
    {
        if (!_reader.TryReadRest(complete, out var message))
        {
            return false;
        }

        Handle(message);
        return true;
    }

    private void Handle(in Frame message)
    {
        var received = Record.MessageReceived(Client, message.Buffer, message.Offset, message.Count);
        _received = _faults is null ? received : -1;
        _messages++;
        _hasResponded = false;
        if (_faults is not null && IsMessageStruck(_faults))
        {
            _held = message.Copy();
        }
        else
        {
            Respond(message);
        }
    }

    private void Respond(in Frame message)
    {
        if (Plan.IsExitCommand(message))
        {
            if (Plan.Farewell is { } farewell)
            {
                AppendResponse(farewell.For(Client, Record.Clock), Plan.FarewellTerminator(message.Terminator));
            }

            EndResponse();
            End(ServerEventReason.ExitCommand);
            return;
        }

        if (Options.Responder is { } responder)
        {
            _responseTerminator = message.Terminator;
            _responderCancellation ??= new CancellationTokenSource();
            _responderContext ??= new ResponderContext(Client, Record, Mailbox);
            _responderTask = CallResponder(
                responder, Plan.ToReceivedMessage(message, Client, _messages, Record.Clock, _responderContext), _responderCancellation.Token);
        }
        else if (Member is { } member)
        {
            var begin = member.Said.Begin(Plan.Writer.Terminator);
            Plan.Response.Write(member.Said, message, Client, _messages, Record.Clock);
            member.Said.End(begin, Plan.Writer.Terminator);
        }
        else if (!Options.IsDiscarding)
        {
            var begin = _output.Begin(message.Terminator);
            Plan.Response.Write(_output, message, Client, _messages, Record.Clock);
            _output.End(begin, message.Terminator, Plan.Response.RepeatsMessage ? _received : -1);
            _hasResponded = true;
        }

        if (_responderTask is null)
        {
            EndResponse();
        }
    }

    /// <summary>Calls the responder; an exception that it throws directly becomes a failed task.</summary>
    private static Task<byte[]?> CallResponder(IMessageResponder responder, ReceivedMessage message, CancellationToken cancellationToken)
    {
        try
        {
            return responder.RespondAsync(message, cancellationToken);
        }
#pragma warning disable CA1031 // Any exception of the responder is reported when the task is completed.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return Task.FromException<byte[]?>(exception);
        }
    }

    private void CompleteResponse(Task<byte[]?> response)
    {
        _responderTask = null;
        if (_responderContext!.IsResetting)
        {
            _isResetting = true;
            End(ServerEventReason.ServerClosed);
            return;
        }

        if (response.Status == TaskStatus.RanToCompletion)
        {
            if (response.Result is { } content)
            {
                Answer(content);
            }
        }
        else
        {
            var failure = response.Exception?.GetBaseException().Message ?? new OperationCanceledException().Message;
            Record.Failed(Client, ServerEventReason.ResponderFailed, failure);
            if (Plan.ErrorResponse is not { } errorResponse)
            {
                End(ServerEventReason.ResponderFailed);
                return;
            }

            AppendResponse(errorResponse, _responseTerminator);
        }

        EndResponse();
        if (_responderContext.IsClosing)
        {
            End(ServerEventReason.ServerClosed);
        }
    }

    /// <summary>Sends what the responder made of a message: to the client, or on a broadcasting server to the others.</summary>
    private void Answer(byte[] content)
    {
        if (Member is { } member)
        {
            member.Say(content);
        }
        else
        {
            AppendResponse(content, _responseTerminator);
        }
    }

    private void AppendResponse(byte[] content, Terminator terminator)
    {
        _output.AppendResponse(content, terminator);
        _hasResponded = true;
    }

    /// <summary>Lets faults strike the response that is ready, alone in the buffer, or the lack of one.</summary>
    private void EndResponse()
    {
        if (_faults is null)
        {
            return;
        }

        var count = _output.Count;
        var (content, length, _) = _output.Responses.Count > 0 ? _output.Responses[0] : default;
        var left = StrikeResponse(_faults, _output.Buffer, count, content, length);
        if (left < count)
        {
            _output.CutLast(left);
        }

        if (left == 0)
        {
            EndFaultyResponse();
        }
    }

    private void End(ServerEventReason reason)
    {
        _ending = true;
        EndReason = reason;

        // What the others say would put off the end for ever.
        Member?.Leave(Plan.Farewell, Record.Clock);
    }
}
