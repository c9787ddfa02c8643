using PSSocketTools.Server.Journal;

namespace PSSocketTools.Server.Conversations;

/// <summary>Echo as RFC 862 has it, or discard as RFC 863: the bytes go back as they came, or nowhere; nobody looks at messages.</summary>
internal sealed class PlainConversation : Conversation
{
    private byte[] _buffer;
    private int _offset;
    private int _count;
    private int _sending;
    private bool _ending;

    // What is being sent as one answer: all that one receive returned. A greeting answers nothing.
    private int _whole;

    public PlainConversation(ConversationPlan plan, ConnectionFacts connection, ServerRecord record)
        : base(plan, connection, record)
    {
        _buffer = plan.Greeting;
        _count = _buffer.Length;
    }

    /// <inheritdoc/>
    protected override Step NextStep()
    {
        if (_count > 0)
        {
            _sending = Plan.FragmentBytes > 0 ? Math.Min(_count, Plan.FragmentBytes) : _count;
            return Step.Send(_buffer, _offset, _sending, Plan.IdleMilliseconds);
        }

        return _ending ? Step.Close() : Step.Receive(Plan.IdleMilliseconds, owing: false);
    }

    /// <inheritdoc/>
    public override void Received(byte[] buffer, int offset, int count)
    {
        Record.BytesCame(count);
        Record.MessageReceived(Connection, buffer, offset, count);
        if (Plan.IsDiscarding)
        {
            return;
        }

        _buffer = buffer;
        _offset = offset;
        _count = _whole = count;
    }

    /// <inheritdoc/>
    public override void InputEnded()
    {
        _ending = true;
        EndReason = ServerEventReason.ClientClosed;
    }

    /// <inheritdoc/>
    public override void Sent()
    {
        _offset += _sending;
        _count -= _sending;
        if (_count == 0 && _whole > 0)
        {
            Record.ResponseSent(Connection, _buffer, _offset - _whole, _whole);
        }
    }

    /// <inheritdoc/>
    public override void Elapsed()
    {
        _ending = true;
        EndReason = ServerEventReason.IdleTimeout;
    }
}
