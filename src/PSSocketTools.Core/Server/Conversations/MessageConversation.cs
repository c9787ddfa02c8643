using PSSocketTools.Framing;
using PSSocketTools.Platform;
using PSSocketTools.Server.Journal;

namespace PSSocketTools.Server.Conversations;

/// <summary>A conversation that looks at messages: finds where each ends, answers it in its order, knows the word that ends it.</summary>
internal sealed class MessageConversation : Conversation
{
    // Answers are sent together up to this size, so that many small messages cost one send.
    private const int FlushLength = 64 * 1024;

    // How much is read ahead while an answer is made or held back.
    private const int MostAhead = 64 * 1024;

    private static readonly byte[] LineFeed = [(byte)'\n'];

    private readonly FrameReader _reader;
    private readonly Outbox _outbox = new();

    // Made with the first answer that a responder takes its time over; cancelled when the conversation ends before it.
    private CancellationTokenSource? _answering;
    private Random? _random;
    private Task<byte[]?>? _answer;
    private Terminator _answerTerminator;
    private long _messages;
    private int _sentBytes;
    private int _sending;
    private int _pause;
    private bool _idleGapElapsed;

    // Whether the pause has passed inside a line end or a character, whose rest has some more time.
    private bool _awaitsRest;

    // Whether the last message got an answer.
    private bool _hasAnswered;
    private bool _inputEnded;
    private bool _greeting;
    private bool _ending;
    private bool _resetting;

    public MessageConversation(ConversationPlan plan, ConnectionFacts connection, ServerRecord record)
        : base(plan, connection, record)
    {
        _reader = new FrameReader(plan.Framing, plan.MaxMessageBytes, plan.Encoding);
        _greeting = plan.Greeting.Length > 0;
    }

    /// <inheritdoc/>
    protected override Step NextStep()
    {
        if (_greeting)
        {
            _greeting = false;
            _outbox.Append(Plan.Greeting, 0, Plan.Greeting.Length);
        }

        while (true)
        {
            if (_pause > 0)
            {
                return Step.Pause(_pause);
            }

            if (_outbox.Count > 0 && (_ending || _answer is not null || _outbox.Count >= FlushLength || Plan.MaxDelayMilliseconds > 0))
            {
                return Flush();
            }

            if (_answer is { } answer)
            {
                if (!answer.IsCompleted)
                {
                    return Step.Await(answer);
                }

                TakeAnswer(answer);
            }
            else if (_ending)
            {
                return _resetting ? Step.Reset() : Step.Close();
            }
            else if (!TryHandleMessage())
            {
                if (_outbox.Count > 0)
                {
                    return Flush();
                }

                if (!_ending)
                {
                    return ToReceive();
                }
            }
        }
    }

    /// <inheritdoc/>
    public override void Received(byte[] buffer, int offset, int count)
    {
        Record.BytesCame(count);
        _reader.Feed(buffer, offset, count);
        _awaitsRest = false;
    }

    /// <inheritdoc/>
    public override bool TakesMore()
    {
        _reader.GiveBack();

        // Without framing a message is one receive, so that no two of them are put together.
        return _reader.PendingBytes < (Plan.Framing == MessageFraming.None ? 1 : MostAhead);
    }

    /// <inheritdoc/>
    public override void InputEnded() => _inputEnded = true;

    /// <inheritdoc/>
    public override void Sent()
    {
        _sentBytes += _sending;
        if (_sentBytes < _outbox.Count)
        {
            return;
        }

        foreach (var (offset, count) in _outbox.Answers)
        {
            Record.ResponseSent(Connection, _outbox.Buffer, offset, count);
        }

        _outbox.Clear();
        _sentBytes = 0;
    }

    /// <inheritdoc/>
    public override void Elapsed()
    {
        if (_pause > 0)
        {
            _pause = 0;
        }
        else if (Plan.Framing == MessageFraming.Auto && _reader.PendingBytes > 0)
        {
            // A message that was cut there once is not cut there again.
            _awaitsRest = !_awaitsRest && _reader.IsCutInside;
            _idleGapElapsed = !_awaitsRest;
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
        _outbox.Dispose();
        if (_answering is { } answering)
        {
            // What it runs is the responder's own.
            Attempt.To(answering.Cancel, exception => Record.Failed(Connection, ServerEventReason.ResponderFailed, exception.GetBaseException().Message));
            answering.Dispose();
        }

        base.Dispose();
    }

    private Step ToReceive()
    {
        var pausing = Plan.Framing == MessageFraming.Auto && _reader.PendingBytes > 0;
        return Step.Receive(
            !pausing ? Plan.IdleMilliseconds : _awaitsRest ? FrameReader.RestMilliseconds : Plan.IdleGapMilliseconds, owing: pausing);
    }

    private Step Flush()
    {
        var left = _outbox.Count - _sentBytes;
        _sending = Plan.FragmentBytes > 0 ? Math.Min(left, Plan.FragmentBytes) : left;
        return Step.Send(_outbox.Buffer, _sentBytes, _sending, Plan.IdleMilliseconds);
    }

    /// <summary>Handles one message, the rest a pause makes one, or the end of the input; false when there is none of them.</summary>
    private bool TryHandleMessage()
    {
        try
        {
            if (_reader.TrySkipLateLineFeed() && _hasAnswered)
            {
                _outbox.Append(LineFeed, 0, LineFeed.Length);
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

            // A line without its end is complete to a sender that pauses, and cut short by one that leaves.
            if (!HandleRest(complete: Plan.Framing != MessageFraming.Line))
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
            Record.Failed(Connection, reason, exception.Message);
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
        Record.MessageReceived(Connection, message.Buffer, message.Offset, message.Count);
        _messages++;
        _hasAnswered = false;
        if (Plan.IsExitCommand(message))
        {
            if (Plan.Farewell.Length > 0)
            {
                Answer(Plan.Farewell, message.Terminator);
            }

            End(ServerEventReason.ExitCommand);
            return;
        }

        if (Plan.Responder is { } responder)
        {
            _answerTerminator = message.Terminator;
            _answering ??= new CancellationTokenSource();
            _answer = Respond(responder, Plan.ToReceivedMessage(message, Connection, _messages, Record.Clock), _answering.Token);
        }
        else if (!Plan.IsDiscarding)
        {
            var begin = _outbox.Begin(message.Terminator);
            Plan.Response.Write(_outbox, message, Connection, _messages, Record.Clock.Now);
            _outbox.End(begin, message.Terminator);
            _hasAnswered = true;
            Delay();
        }

        if (_answer is null)
        {
            CountMessage();
        }
    }

    /// <summary>Asks the responder; one that fails before it has a task fails like any other.</summary>
    private static Task<byte[]?> Respond(IMessageResponder responder, ReceivedMessage message, CancellationToken cancellationToken)
    {
        try
        {
            return responder.RespondAsync(message, cancellationToken);
        }
#pragma warning disable CA1031 // Whatever the responder throws is its failure, told when the answer is taken.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return Task.FromException<byte[]?>(exception);
        }
    }

    private void TakeAnswer(Task<byte[]?> answer)
    {
        _answer = null;
        if (answer.Status == TaskStatus.RanToCompletion)
        {
            if (answer.Result is { } content)
            {
                Answer(content, _answerTerminator);
            }
        }
        else
        {
            var failure = answer.Exception?.GetBaseException().Message ?? new OperationCanceledException().Message;
            Record.Failed(Connection, ServerEventReason.ResponderFailed, failure);
            if (Plan.ErrorResponse is not { } response)
            {
                End(ServerEventReason.ResponderFailed);
                return;
            }

            Answer(response, _answerTerminator);
        }

        CountMessage();
    }

    private void Answer(byte[] content, Terminator terminator)
    {
        var begin = _outbox.Begin(terminator);
        _outbox.Append(content, 0, content.Length);
        _outbox.End(begin, terminator);
        _hasAnswered = true;
        Delay();
    }

    private void CountMessage()
    {
        if (Plan.ResetAfter > 0 && _messages >= Plan.ResetAfter)
        {
            _resetting = true;
            End(ServerEventReason.MessageLimit);
        }
        else if (Plan.DisconnectAfter > 0 && _messages >= Plan.DisconnectAfter)
        {
            End(ServerEventReason.MessageLimit);
        }
    }

    private void End(ServerEventReason reason)
    {
        _ending = true;
        EndReason = reason;
    }

    private void Delay()
    {
        if (Plan.MaxDelayMilliseconds > 0)
        {
            _random ??= new Random(Connection.Id);
            _pause = _random.Next(Plan.MinDelayMilliseconds, Plan.MaxDelayMilliseconds + 1);
        }
    }

}
