using PSSocketTools.Server.Journal;

namespace PSSocketTools.Server.Conversations;

/// <summary>Echo (RFC 862) or discard (RFC 863): bytes are sent back as received, or dropped, without message boundaries.</summary>
internal sealed class RawConversation : Conversation
{
    private byte[] _buffer;
    private int _offset;
    private int _count;
    private int _sending;
    private bool _isEnding;

    // The length of the response being sent, which is all that one receive returned; 0 for the greeting, which is no response, and
    // for a response that a fault cuts.
    private int _responseBytes;

    // Where the journal keeps the bytes received, which are also those of the response; -1 for nowhere, or where a fault may change them.
    private long _journalOffset = -1;

    // Whether faults may strike the response before its first byte is sent.
    private bool _isReady;

    public RawConversation(ConversationPlan plan, ClientRecord client, ServerRecord record)
        : base(plan, client, record)
    {
        _buffer = plan.GreetingFor(client, record.Clock);
        _count = _buffer.Length;
    }

    /// <inheritdoc/>
    protected override bool IsBetweenResponses => _count == 0;

    /// <inheritdoc/>
    protected override Step NextStep()
    {
        if (TryFaultStep(out var step) || (_isReady && TryStrikeResponse(out step)))
        {
            return step;
        }

        if (_count > 0)
        {
            _sending = NextFragment(_count);
            return Step.Send(_buffer, _offset, _sending, Plan.IdleMilliseconds);
        }

        return _isEnding ? Step.Close() : Step.Receive(Plan.IdleMilliseconds, pendingResponse: false);
    }

    /// <inheritdoc/>
    public override void Received(byte[] buffer, int offset, int count)
    {
        Record.AddBytesReceived(Client, count);
        _journalOffset = Record.MessageReceived(Client, buffer, offset, count);
        if (!Options.IsDiscarding)
        {
            _buffer = buffer;
            _offset = offset;
            _count = _responseBytes = count;
        }

        if (Plan.Faults.Active is { } faults)
        {
            _isReady = !Options.IsDiscarding;
            _ = StrikeMessage(faults);
        }
    }

    /// <inheritdoc/>
    public override void InputEnded()
    {
        _isEnding = true;
        EndReason = ServerEventReason.ClientClosed;
    }

    /// <inheritdoc/>
    protected override int ResponsesSent()
    {
        _offset += _sending;
        _count -= _sending;
        if (_count == 0 && _responseBytes > 0)
        {
            Record.ResponseSent(Client, _buffer, _offset - _responseBytes, _responseBytes, _journalOffset);
        }

        return _count;
    }

    /// <inheritdoc/>
    protected override void TimedOut()
    {
        _isEnding = true;
        EndReason = ServerEventReason.IdleTimeout;
    }

    private bool TryStrikeResponse(out Step step)
    {
        _isReady = false;
        if (Plan.Faults.Active is { } faults)
        {
            _journalOffset = -1;
            var count = StrikeResponse(faults, _buffer, _count, _offset, _count);
            if (count < _count)
            {
                _count = count;
                _responseBytes = 0;
            }
        }

        return TryFaultStep(out step);
    }
}
