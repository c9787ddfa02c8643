namespace PSSocketTools.Server.Transport;

/// <summary>What a connection is asked to do from outside.</summary>
[Flags]
internal enum ConnectionSignal
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Begin the conversation, or what comes before it.</summary>
    Begin = 1,

    /// <summary>End the conversation once no answer is pending.</summary>
    Drain = 2,

    /// <summary>End the connection whatever is under way.</summary>
    Abort = 4,

    /// <summary>Look again at what was waited for.</summary>
    Wake = 8,
}

/// <summary>Runs connections, each on one thread at a time: a loop over epoll for many of them, or .NET's callbacks for one.</summary>
internal interface IPump
{
    /// <summary>Has a connection do something soon, on a thread of the pump's. From any thread.</summary>
    void Post(Connection connection, ConnectionSignal signal);

    /// <summary>Has a connection look again, on this thread where the pump has none of its own. From any thread.</summary>
    void Wake(Connection connection);

    /// <summary>Calls <see cref="TimedSource.OnTurn"/> when the others have had their turn. From the source alone.</summary>
    void Yield(TimedSource source);

    /// <summary>Calls <see cref="TimedSource.OnTime"/> in so many milliseconds, unless the source gets another deadline. From the source alone.</summary>
    void SetTimer(TimedSource source, int milliseconds);
}
