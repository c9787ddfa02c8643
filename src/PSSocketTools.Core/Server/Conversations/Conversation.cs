using PSSocketTools.Server.Journal;

namespace PSSocketTools.Server.Conversations;

/// <summary>
/// One client's conversation as a state machine: it gets bytes and returns the next step. It opens no socket, reads no clock but
/// its record's, and never blocks, so that any transport can drive it and every byte boundary can be tested.
/// </summary>
/// <remarks>
/// The driver calls <see cref="Next"/>, does the step, reports its outcome (<see cref="Received"/>, <see cref="InputEnded"/>,
/// <see cref="Sent"/>, <see cref="Stalled"/>, <see cref="Elapsed"/>) and calls Next again. Bytes given to Received must stay unchanged until Next returns another Receive.
/// </remarks>
internal abstract class Conversation(ConversationPlan plan, ClientRecord client, ServerRecord record) : IDisposable
{
    private bool _hasStalled;

    // Created for the first fault, since most conversations meet none.
    private ConversationFaults? _faults;

    // Whether the last step sent unsolicited messages: the conversation's own step comes before the next.
    private bool _hasSentUnsolicited;

    /// <summary>The identity of the client's connection.</summary>
    public ClientRecord Client { get; } = client;

    /// <summary>The server's options for conversations. From any thread.</summary>
    public ConversationPlan Plan { get; } = plan;

    /// <summary>Why the conversation ends, once Next returns Close or Reset.</summary>
    public ServerEventReason EndReason { get; protected set; }

    /// <summary>The fault that ends it, once Next returns Close or Reset for one; null for none.</summary>
    public string? EndFault { get; private set; }

    /// <summary>What other threads ask of the conversation.</summary>
    public Mailbox Mailbox { get; } = new(plan);

    /// <summary>Whether a wait should end, since messages are to be sent unsolicited: <see cref="Next"/> returns the step that sends them.</summary>
    public bool HasUnsolicited => Mailbox.HasMessages && IsBetweenResponses && _faults is not { IsStalled: true };

    /// <summary>Whether a Delay should end, since the fault that it is for has been removed.</summary>
    public bool IsReleased => _faults is { IsReleased: true };

    /// <summary>What lists the conversation while it is open; null for none.</summary>
    public OpenConversations? Registry { get; set; }

    /// <summary>Its place among the conversations of a broadcasting server; null on another.</summary>
    public BroadcastMember? Member { get; set; }

    /// <summary>Whether no response has been sent in part: then another message may be sent now.</summary>
    protected abstract bool IsBetweenResponses { get; }

    protected ConversationOptions Options { get; } = plan.Options;

    protected ServerRecord Record { get; } = record;

    /// <summary>Whether the response that is ready is sent alone, for the faults that have struck it.</summary>
    protected bool SendsResponseAlone => _faults is { SendsResponseAlone: true };

    private ConversationFaults Faults => _faults ??= new ConversationFaults(Client, Record);

    /// <summary>The connection was accepted: faults may strike it before the first step.</summary>
    public void Begin()
    {
        if (Plan.Faults.Active is { } faults)
        {
            Faults.StrikeConnection(faults);
        }
    }

    /// <summary>The next step.</summary>
    public Step Next()
    {
        if (_hasStalled)
        {
            return Step.Reset();
        }

        if (Mailbox.Sending is not null || (HasUnsolicited && !_hasSentUnsolicited))
        {
            return SendUnsolicited();
        }

        _hasSentUnsolicited = false;
        var step = NextStep();
        Member?.Broadcast();
        return step.Kind != StepKind.Close || Mailbox.TryClose() ? step : SendUnsolicited();
    }

    /// <summary>Bytes were received.</summary>
    public abstract void Received(byte[] buffer, int offset, int count);

    /// <summary>
    /// Called during a Delay or an Await: copies what is pending, so that the receive buffer is free, and tells whether bytes or the
    /// end of the input may be reported now. Receiving ahead, which is bounded, shows the driver that the client has disconnected.
    /// </summary>
    public virtual bool CanReceiveAhead() => false;

    /// <summary>The client has shut down its output (FIN): no more bytes will be received.</summary>
    public abstract void InputEnded();

    /// <summary>All bytes of the Send step were sent.</summary>
    public void Sent()
    {
        if (Mailbox.Sending is not { } unsolicited)
        {
            var left = ResponsesSent();
            _faults?.Sent(left);
        }
        else if (Mailbox.PartSent())
        {
            foreach (var message in unsolicited.Messages)
            {
                Record.ResponseSent(Client, unsolicited.Buffer, message.Offset, message.Count);
            }

            _hasSentUnsolicited = true;
            Mailbox.Release();
        }
    }

    /// <summary>
    /// The client has acknowledged nothing of a Send step for the idle timeout. The connection is reset, since a FIN would only wait
    /// in the kernel behind the unsent bytes.
    /// </summary>
    public void Stalled()
    {
        _hasStalled = true;
        EndReason = ServerEventReason.IdleTimeout;
    }

    /// <summary>A Delay is over, or a Receive timed out.</summary>
    public void Elapsed()
    {
        if (_faults is { IsWaiting: true })
        {
            _faults.Elapsed();
        }
        else
        {
            TimedOut();
        }
    }

    /// <summary>A Delay was interrupted for messages that are sent unsolicited, and the rest of it comes after them; or it was released.</summary>
    /// <param name="millisecondsLeft">How much of the delay is left, 1 or more.</param>
    public void Interrupted(int millisecondsLeft) => _faults!.Interrupted(millisecondsLeft);

    /// <summary>Marks the conversation as ended: no messages are sent any more, and it is listed no longer.</summary>
    /// <param name="isAnnounced">Whether the others on a broadcasting server get the farewell, if they have not before.</param>
    public void End(bool isAnnounced)
    {
        Client.End();
        Mailbox.End();
        Registry?.Remove(this);
        Member?.Leave(isAnnounced ? Plan.Farewell : null, Record.Clock);
    }

    /// <summary>The next step of the conversation itself.</summary>
    protected abstract Step NextStep();

    /// <summary>All bytes of the conversation's own Send step were sent.</summary>
    /// <returns>How many bytes of the responses are left.</returns>
    protected abstract int ResponsesSent();

    /// <summary>A Receive timed out.</summary>
    protected abstract void TimedOut();

    /// <summary>The step that a fault asks for before the conversation goes on.</summary>
    protected bool TryFaultStep(out Step step)
    {
        if (_faults is null || !_faults.TryStep(out step))
        {
            step = default;
            return false;
        }

        if (_faults.EndFault is { } fault)
        {
            EndFault = fault;
            EndReason = _faults.EndReason;
        }

        return true;
    }

    /// <summary>Faults may strike a message that was received.</summary>
    /// <returns>Whether a step of theirs comes before it is handled.</returns>
    protected bool StrikeMessage(EchoServerFault[] faults) => Faults.StrikeMessage(faults);

    /// <inheritdoc cref="ConversationFaults.StrikeResponse"/>
    protected int StrikeResponse(EchoServerFault[] faults, byte[] buffer, int count, int contentOffset, int contentCount) =>
        Faults.StrikeResponse(faults, buffer, count, contentOffset, contentCount);

    /// <summary>How many bytes of a response are to be sent at once.</summary>
    protected int NextFragment(int left) => _faults?.NextFragment(left) ?? left;

    /// <inheritdoc/>
    public virtual void Dispose()
    {
        Mailbox.Dispose();
        Member?.Dispose();
        GC.SuppressFinalize(this);
    }

    private Step SendUnsolicited()
    {
        var part = Mailbox.NextPart();
        return Step.Send(part.Array!, part.Offset, part.Count, Plan.IdleMilliseconds);
    }
}
