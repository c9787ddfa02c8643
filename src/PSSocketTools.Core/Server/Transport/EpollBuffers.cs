#if NET

namespace PSSocketTools.Server.Transport;

/// <summary>
/// A server's receive buffers on one loop, where the garbage collector never moves them. A connection has one only from
/// a receive until its conversation is done with the bytes, so that most of the time one is enough for all of them.
/// </summary>
internal sealed class EpollBuffers(int size)
{
    // What is kept for later beyond one buffer; the rest goes back to the garbage collector.
    private const int MostSpareBytes = 1024 * 1024;

    private readonly Stack<byte[]> _spare = new();

    /// <summary>The bytes of each.</summary>
    public int Size { get; } = size;

    public byte[] Take() => _spare.TryPop(out var buffer) ? buffer : GC.AllocateUninitializedArray<byte>(Size, pinned: true);

    public void GiveBack(byte[] buffer)
    {
        if (_spare.Count == 0 || (long)_spare.Count * Size < MostSpareBytes)
        {
            _spare.Push(buffer);
        }
    }
}
#endif
