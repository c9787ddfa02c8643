namespace PSSocketTools.Server.Transport;

/// <summary>A client's connection, independent of its channel.</summary>
internal abstract class Connection(IPump pump) : TimedSource
{
    /// <summary>The pump that runs it.</summary>
    public IPump Pump { get; } = pump;

    /// <summary>Begins the conversation, or the handshake before it.</summary>
    public abstract void Begin();

    /// <summary>Ends the conversation once no response is pending.</summary>
    public abstract void Drain();

    /// <summary>Ends the connection at once.</summary>
    public abstract void Abort();

    /// <summary>Handles signals, on the pump.</summary>
    public void Handle(ConnectionSignal signals)
    {
        // The most frequent signal by far.
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

        if ((signals & ConnectionSignal.Abort) != 0)
        {
            Abort();
        }
    }
}
