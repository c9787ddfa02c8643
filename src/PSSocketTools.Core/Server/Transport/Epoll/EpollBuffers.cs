namespace PSSocketTools.Server.Transport.Epoll;

/// <summary>
/// A server's receive buffers on one loop, pinned, so that the garbage collector never moves them. A connection holds one only from a
/// receive until its conversation has handled the bytes, so that mostly a single one is enough for all connections.
/// </summary>
internal sealed class EpollBuffers(int size)
{
    // The limit on free buffers, of which at least one is kept; others are left to the garbage collector.
    private const int MaxFreeBytes = 1024 * 1024;

    private readonly Stack<byte[]> _free = new();

    /// <summary>The size of each buffer in bytes.</summary>
    public int Size { get; } = size;

    public byte[] Rent() => _free.TryPop(out var buffer) ? buffer : GC.AllocateUninitializedArray<byte>(Size, pinned: true);

    public void Return(byte[] buffer)
    {
        if (_free.Count == 0 || (long)_free.Count * Size < MaxFreeBytes)
        {
            _free.Push(buffer);
        }
    }
}
