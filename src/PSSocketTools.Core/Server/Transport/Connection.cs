namespace PSSocketTools.Server.Transport;

/// <summary>A client's connection, as its pump and its transport see it.</summary>
internal abstract class Connection(IPump pump) : TimedSource
{
    /// <summary>What runs it.</summary>
    public IPump Pump { get; } = pump;

    /// <summary>Begins the conversation, or the handshake before it.</summary>
    public abstract void Begin();

    /// <summary>Ends the conversation once no answer is pending.</summary>
    public abstract void Drain();

    /// <summary>Ends the connection whatever is under way.</summary>
    public abstract void Abort();

    /// <summary>Does what was asked from outside, on the pump.</summary>
    public void Do(ConnectionSignal signals)
    {
        // Most often by far.
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
