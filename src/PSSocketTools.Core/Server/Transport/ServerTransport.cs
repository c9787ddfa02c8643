namespace PSSocketTools.Server.Transport;

/// <summary>What accepts a server's clients and moves the bytes of their conversations.</summary>
internal abstract class ServerTransport : IDisposable
{
    /// <summary>How long a client may take to read the end of the conversation before the socket is closed under it.</summary>
    public const int LingerMilliseconds = 2000;

    /// <summary>A busy connection lets the others have the thread after so many steps without a wait.</summary>
    public const int StepsInARow = 64;

    /// <summary>Its name, as EchoServer.Transport shows it.</summary>
    public abstract string Name { get; }

    /// <summary>The clients that wait to be accepted, where the system tells; else null.</summary>
    public virtual int? WaitingConnections => null;

    /// <summary>Begins to accept.</summary>
    public abstract void Start();

    /// <summary>
    /// Ends accepting, closes connections with nothing under way, lets the others send what they owe until
    /// <paramref name="patienceEnded"/>, then closes them too.
    /// </summary>
    /// <returns>Ends when no connection is left.</returns>
    public abstract Task StopAsync(CancellationToken patienceEnded);

    /// <summary>Ends when a task does, or when patience has.</summary>
    protected static Task WhenAnyAsync(Task task, CancellationToken patienceEnded) =>
        Task.WhenAny(task, Task.Delay(Timeout.Infinite, patienceEnded));

    /// <summary>Frees what is left when everything has stopped.</summary>
    public abstract void Dispose();
}
