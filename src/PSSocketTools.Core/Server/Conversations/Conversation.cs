using PSSocketTools.Server.Journal;

namespace PSSocketTools.Server.Conversations;

/// <summary>
/// One client's conversation as a state machine: it is fed bytes and asked what to do next. It opens no socket, reads no
/// clock but its record's, and blocks on nothing, so any transport can drive it and any byte boundary can be tested.
/// </summary>
/// <remarks>
/// The driver asks <see cref="Next"/>, does the step, tells its outcome (<see cref="Received"/>, <see cref="InputEnded"/>,
/// <see cref="Sent"/>, <see cref="Stalled"/>, <see cref="Elapsed"/>) and asks again. Bytes given to Received are lent until Next asks to receive again.
/// </remarks>
internal abstract class Conversation(ConversationPlan plan, ConnectionFacts connection, ServerRecord record) : IDisposable
{
    private bool _hasStalled;

    /// <summary>Who the client is.</summary>
    public ConnectionFacts Connection { get; } = connection;

    /// <summary>Why the conversation ends, once it asks for Close or Reset.</summary>
    public ServerEventReason EndReason { get; protected set; }

    protected ConversationPlan Plan { get; } = plan;

    protected ServerRecord Record { get; } = record;

    /// <summary>The next thing to do.</summary>
    public Step Next() => _hasStalled ? Step.Reset() : NextStep();

    /// <summary>Bytes came.</summary>
    public abstract void Received(byte[] buffer, int offset, int count);

    /// <summary>
    /// Asked while a Pause or an Await lasts: gives back what was lent, and says whether bytes, or word of their end, may be
    /// told all the same. Reading ahead is how a driver learns that the client has gone; it is bounded.
    /// </summary>
    public virtual bool TakesMore() => false;

    /// <summary>The client ended its side; no more bytes will come.</summary>
    public abstract void InputEnded();

    /// <summary>All bytes of the Send step have left.</summary>
    public abstract void Sent();

    /// <summary>
    /// The client has taken in nothing of a Send step for as long as the step allows. It reads no end either, so that it
    /// gets none: what is left of an orderly one would wait in the kernel for it.
    /// </summary>
    public void Stalled()
    {
        _hasStalled = true;
        EndReason = ServerEventReason.IdleTimeout;
    }

    /// <summary>The wait of a Pause is over, or the one of a Receive with nothing received.</summary>
    public abstract void Elapsed();

    /// <summary>The next thing to do, while the client takes in what it is sent.</summary>
    protected abstract Step NextStep();

    /// <inheritdoc/>
    public virtual void Dispose() => GC.SuppressFinalize(this);
}
