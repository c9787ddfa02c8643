using System.Runtime.InteropServices;

namespace PSSocketTools.Interactive;

/// <summary>
/// The keys of this process's console. A key is taken only when there is one: no read waits for the next, so that none is
/// taken from whoever asks after this.
/// </summary>
internal abstract class KeySource : IDisposable
{
    /// <summary>The keys that were taken, for the reader to dequeue.</summary>
    public Queue<ConsoleKeyInfo> Keys { get; } = new();

    /// <summary>That of this system.</summary>
    public static KeySource Create() => RuntimeInformation.IsOSPlatform(OSPlatform.Windows) ? new WindowsKeySource() : new UnixKeySource();

    /// <summary>Waits until there are keys, and takes all that were pressed.</summary>
    /// <param name="milliseconds">For how long; <see cref="Timeout.Infinite"/> for no limit.</param>
    /// <param name="cancellationToken">Calls the wait off.</param>
    public abstract KeyWait Take(int milliseconds, CancellationToken cancellationToken);

    /// <inheritdoc/>
    public abstract void Dispose();
}
