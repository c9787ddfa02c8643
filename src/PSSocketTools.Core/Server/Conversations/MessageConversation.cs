using PSSocketTools.Framing;
using PSSocketTools.Server.Journal;

namespace PSSocketTools.Server.Conversations;

/// <summary>A conversation that parses messages: it finds where each ends, responds in order, and recognizes the exit command.</summary>
internal sealed class MessageConversation : Conversation
{
    // Responses are sent together up to this size, so that many small messages cost one send.
    private const int FlushLength = 64 * 1024;

    // How many bytes may be received ahead while a response is computed or delayed.
    private const int MaxReceiveAhead = 64 * 1024;

    private readonly FrameReader _reader;
    private readonly OutputBuffer _output;

    // Created for the first message that goes to the responder.
    private ResponderCalls? _calls;

    // Where the journal keeps the bytes of the last message; -1 for nowhere, or where a fault may change them.
    private long _journalOffset = -1;
    private int _sentBytes;
    private int _sending;
    private bool _hasIdleGapElapsed;

    // The faults that may strike what is handled now; null for none.
    private EchoServerFault[]? _faults;

    // The message that a fault holds back before it is handled.
    private Frame? _held;

    // Whether the idle gap fell inside a line end or a character, and the rest of it is waited for a little longer.
    private bool _isWaitExtended;

    // Whether the last message got a response.
    private bool _hasResponded;
    private bool _hasInputEnded;
    private bool _isGreetingDue;
    private bool _isEnding;

    // Whether the responder ends the conversation by a reset.
    private bool _isResetting;

    public MessageConversation(ConversationPlan plan, ClientRecord client, ServerRecord record)
        : base(plan, client, record)
    {
        _reader = new FrameReader(Options.Framing, Options.MaxMessageBytes, plan.Encoding, delimiter: Options.Delimiter);
        _output = new OutputBuffer(plan.Writer);
        _isGreetingDue = plan.Greeting is not null;
    }

    /// <inheritdoc/>
    protected override bool IsBetweenResponses => _sentBytes == 0 && !_isGreetingDue;

    /// <summary>Whether a message has begun that ends when the sender pauses.</summary>
    private bool IsInIdleGap => Options.Framing == MessageFraming.Auto && _reader.PendingBytes > 0;

    /// <inheritdoc/>
    protected override Step NextStep()
    {
        while (true)
        {
            if (TryFaultStep(out var step))
            {
                return step;
            }

            if (_isGreetingDue)
            {
                _isGreetingDue = false;
                _output.Append(Plan.GreetingFor(Client, Record.Clock));
            }

            _faults = Plan.Faults.Active;
            if (_output.Count > 0
                && (_isEnding || _calls?.Pending is not null || _output.Count >= FlushLength || _faults is not null || SendsResponseAlone))
            {
                return Flush();
            }

            if (_calls is { Pending: { } call } calls)
            {
                if (!call.IsCompleted)
                {
                    return Step.Await(call);
                }

                CompleteCall(calls);
            }
            else if (_held is { } message)
            {
                _held = null;
                Respond(message);
            }
            else if (_isEnding)
            {
                return _isResetting ? Step.Reset() : Step.Close();
            }
            else if (!TryHandleMessage())
            {
                if (_output.Count > 0)
                {
                    return Flush();
                }

                if (!_isEnding)
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

        // Without framing each receive is a message: two must not be joined.
        return _reader.PendingBytes < (Options.Framing == MessageFraming.None ? 1 : MaxReceiveAhead);
    }

    /// <inheritdoc/>
    public override void InputEnded() => _hasInputEnded = true;

    /// <inheritdoc/>
    protected override int ResponsesSent()
    {
        _sentBytes += _sending;
        if (_sentBytes < _output.Count)
        {
            return _output.Count - _sentBytes;
        }

        foreach (var (offset, count, journalOffset) in _output.Messages)
        {
            Record.ResponseSent(Client, _output.Buffer, offset, count, journalOffset);
        }

        _output.Clear();
        _sentBytes = 0;
        return 0;
    }

    /// <inheritdoc/>
    protected override void TimedOut()
    {
        if (IsInIdleGap)
        {
            // The wait is extended once at most.
            _isWaitExtended = !_isWaitExtended && _reader.EndsMidCharacter;
            _hasIdleGapElapsed = !_isWaitExtended;
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
        _calls?.Dispose();
        base.Dispose();
    }

    private Step ReceiveStep()
    {
        var milliseconds = !IsInIdleGap ? Plan.IdleMilliseconds
            : _isWaitExtended ? FrameReader.MidCharacterWaitMilliseconds
            : Options.IdleGapMilliseconds;
        return Step.Receive(milliseconds, pendingResponse: IsInIdleGap);
    }

    private Step Flush()
    {
        var remaining = _output.Count - _sentBytes;
        _sending = NextFragment(remaining);
        return Step.Send(_output.Buffer, _sentBytes, _sending, Plan.IdleMilliseconds);
    }

    /// <summary>Handles one message, a rest that the idle gap completes, or the end of the input; false when there is nothing to handle.</summary>
    private bool TryHandleMessage()
    {
        try
        {
            if (_reader.TrySkipLateLineFeed() && _hasResponded)
            {
                _output.Append(Plan.Writer.Tail(Terminator.LineFeed));
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

            if (_hasIdleGapElapsed)
            {
                _hasIdleGapElapsed = false;
                return HandleRest(complete: true);
            }

            if (!_hasInputEnded)
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
        var journalOffset = Record.MessageReceived(Client, message.Buffer, message.Offset, message.Count);
        _journalOffset = _faults is null ? journalOffset : -1;
        _hasResponded = false;
        if (_faults is not null && StrikeMessage(_faults))
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

        if (Options.Responder is not null)
        {
            _calls ??= new ResponderCalls(Plan, Record, Client, Mailbox);
            _calls.Begin(message, Client.MessagesReceived);
            return;
        }

        if (Member is { } member)
        {
            WriteResponse(member.Outgoing, message, Plan.Writer.Terminator, journalOffset: -1);
        }
        else if (!Options.IsDiscarding)
        {
            WriteResponse(_output, message, message.Terminator, Plan.Response.RepeatsMessage ? _journalOffset : -1);
            _hasResponded = true;
        }

        EndResponse();
    }

    private void WriteResponse(OutputBuffer output, in Frame message, Terminator terminator, long journalOffset)
    {
        var begin = output.Begin(terminator);
        Plan.Response.Write(output, message, Client, Client.MessagesReceived, Record.Clock);
        output.End(begin, terminator, journalOffset);
    }

    private void CompleteCall(ResponderCalls calls)
    {
        var call = calls.Take();
        if (calls.IsResetting)
        {
            _isResetting = true;
            End(ServerEventReason.ServerClosed);
            return;
        }

        if (call.Status != TaskStatus.RanToCompletion)
        {
            calls.ReportFailure(call);
            if (Plan.ErrorResponse is not { } errorResponse)
            {
                End(ServerEventReason.ResponderFailed);
                return;
            }

            AppendResponse(errorResponse, calls.Terminator);
        }
        else if (call.Result is { } content)
        {
            // On a broadcasting server it goes to the others.
            if (Member is { } member)
            {
                member.Add(content);
            }
            else
            {
                AppendResponse(content, calls.Terminator);
            }
        }

        EndResponse();
        if (calls.IsClosing)
        {
            End(ServerEventReason.ServerClosed);
        }
    }

    private void AppendResponse(byte[] content, Terminator terminator)
    {
        _output.AppendMessage(content, terminator);
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
        var (content, length, _) = _output.Messages.Count > 0 ? _output.Messages[0] : default;
        var left = StrikeResponse(_faults, _output.Buffer, count, content, length);
        if (left < count)
        {
            _output.CutLast(left);
        }
    }

    private void End(ServerEventReason reason)
    {
        _isEnding = true;
        EndReason = reason;

        // What the others send would delay the end for ever.
        Member?.Leave(Plan.Farewell, Record.Clock);
    }
}
