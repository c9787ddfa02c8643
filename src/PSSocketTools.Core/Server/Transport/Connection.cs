using PSSocketTools.Server.Conversations;

namespace PSSocketTools.Server.Transport;

/// <summary>A client's connection, independent of its channel.</summary>
internal abstract class Connection(IPump pump) : PumpHandler, IConversationDriver
{
    /// <summary>The pump that runs it.</summary>
    public IPump Pump { get; } = pump;

    /// <summary>Begins the conversation, or the handshake before it.</summary>
    public abstract void Begin();

    /// <summary>Ends the conversation once no response is pending.</summary>
    public abstract void Drain();

    /// <summary>Ends the connection at once.</summary>
    public abstract void Abort();

    /// <summary>Ends the conversation at the server's wish: in order, once no response is pending, or by a reset.</summary>
    public abstract void EndOnRequest(bool reset);

    /// <inheritdoc/>
    /// <remarks>Not on the caller's thread, which would drive the conversation meanwhile.</remarks>
    public void Wake() => Pump.Post(this, ConnectionSignal.Wake);

    /// <inheritdoc/>
    public void RequestEnd(bool reset) => Pump.Post(this, reset ? ConnectionSignal.Reset : ConnectionSignal.End);

    /// <summary>Handles signals, on the pump.</summary>
    public void Handle(ConnectionSignal signals)
    {
        // This is the most frequent signal by far, and mostly the only one.
        if ((signals & ConnectionSignal.Wake) != 0)
        {
            OnReady(NoEvents);
        }

        if ((signals & ~ConnectionSignal.Wake) == 0)
        {
            return;
        }

        if ((signals & ConnectionSignal.Begin) != 0)
        {
            Begin();
        }

        if ((signals & ConnectionSignal.Drain) != 0)
        {
            Drain();
        }

        if ((signals & ConnectionSignal.Reset) != 0)
        {
            EndOnRequest(reset: true);
        }
        else if ((signals & ConnectionSignal.End) != 0)
        {
            EndOnRequest(reset: false);
        }

        if ((signals & ConnectionSignal.Abort) != 0)
        {
            Abort();
        }
    }
}
