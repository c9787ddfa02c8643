using PSSocketTools.Platform;

namespace PSSocketTools.Server.Transport;

/// <summary>A request to a connection from another thread.</summary>
[Flags]
internal enum ConnectionSignal
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Begin the conversation, or the handshake before it.</summary>
    Begin = 1,

    /// <summary>End the conversation once no response is pending.</summary>
    Drain = 2,

    /// <summary>End the connection at once.</summary>
    Abort = 4,

    /// <summary>Check again what the connection waits for.</summary>
    Wake = 8,

    /// <summary>End the conversation at the server's wish, once no response is pending.</summary>
    End = 16,

    /// <summary>Reset the connection at the server's wish.</summary>
    Reset = 32,
}

/// <summary>Runs connections, each on one thread at a time: a loop over epoll for many of them, or .NET's callbacks for one.</summary>
internal interface IPump
{
    /// <summary>Queues a signal for a connection, to be handled on a thread of the pump. From any thread.</summary>
    void Post(Connection connection, ConnectionSignal signal);

    /// <summary>Runs a connection again, on the calling thread if the pump has none of its own. From any thread.</summary>
    void RunAgain(Connection connection);

    /// <summary>Calls <see cref="TimedSource.OnResume"/> after the other ready sources have run. Only for the source itself.</summary>
    void Yield(TimedSource source);

    /// <summary>Calls <see cref="TimedSource.OnTime"/> at a deadline, unless the source gets another one. Only for the source itself.</summary>
    void SetTimer(TimedSource source, Deadline deadline);
}
