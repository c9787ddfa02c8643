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
internal abstract class Conversation(ConversationPlan plan, ConnectionFacts connection, ServerRecord record) : IDisposable
{
    private bool _hasStalled;

    /// <summary>The identity of the client's connection.</summary>
    public ConnectionFacts Connection { get; } = connection;

    /// <summary>Why the conversation ends, once Next returns Close or Reset.</summary>
    public ServerEventReason EndReason { get; protected set; }

    protected ConversationPlan Plan { get; } = plan;

    protected ConversationOptions Options { get; } = plan.Options;

    protected ServerRecord Record { get; } = record;

    /// <summary>The next step.</summary>
    public Step Next() => _hasStalled ? Step.Reset() : NextStep();

    /// <summary>Bytes were received.</summary>
    public abstract void Received(byte[] buffer, int offset, int count);

    /// <summary>
    /// Called during a Pause or an Await: copies what is pending, so that the receive buffer is free, and tells whether bytes or the
    /// end of the input may be reported now. Receiving ahead, which is bounded, shows the driver that the client has disconnected.
    /// </summary>
    public virtual bool CanReceiveAhead() => false;

    /// <summary>The client has shut down its output (FIN): no more bytes will be received.</summary>
    public abstract void InputEnded();

    /// <summary>All bytes of the Send step were sent.</summary>
    public abstract void Sent();

    /// <summary>
    /// The client has acknowledged nothing of a Send step for the idle timeout. The connection is reset, since a FIN would only wait
    /// in the kernel behind the unsent bytes.
    /// </summary>
    public void Stalled()
    {
        _hasStalled = true;
        EndReason = ServerEventReason.IdleTimeout;
    }

    /// <summary>A Pause is over, or a Receive timed out.</summary>
    public abstract void Elapsed();

    /// <summary>The next step, unless sending has stalled.</summary>
    protected abstract Step NextStep();

    /// <inheritdoc/>
    public virtual void Dispose() => GC.SuppressFinalize(this);
}
