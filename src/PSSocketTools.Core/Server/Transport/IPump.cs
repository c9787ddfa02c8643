using PSSocketTools.Platform;

namespace PSSocketTools.Server.Transport;

/// <summary>Runs connections, each on one thread at a time: a loop over epoll for many of them, or .NET's callbacks for one.</summary>
internal interface IPump
{
    /// <summary>Queues a signal for a connection, to be handled on a thread of the pump, never on the calling one. From any thread.</summary>
    void Post(Connection connection, ConnectionSignal signal);

    /// <summary>Calls <see cref="PumpHandler.OnResume"/> after the other ready handlers have run. Only for the handler itself.</summary>
    void Yield(PumpHandler handler);

    /// <summary>Calls <see cref="PumpHandler.OnTime"/> at a deadline, unless the handler gets another one. Only for the handler itself.</summary>
    void SetTimer(PumpHandler handler, Deadline deadline);
}
