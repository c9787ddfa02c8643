using System.Buffers;
using System.Runtime.CompilerServices;

namespace PSSocketTools.Server.Transport.Epoll;

/// <summary>Memory that takes a loop's buffer only when something is written to it, so that a read that waits holds none.</summary>
internal sealed class LateBuffer : MemoryManager<byte>
{
    private readonly EpollBuffers _buffers;
    private byte[]? _buffer;

    public LateBuffer(EpollBuffers buffers)
    {
        _buffers = buffers;

        // Not the inherited property, which would take a buffer to ask for its length.
        Memory = CreateMemory(buffers.Size);
    }

    /// <inheritdoc/>
    public override Memory<byte> Memory { get; }

    /// <summary>What was written; empty when nothing was.</summary>
    public byte[] Bytes => _buffer ?? [];

    /// <inheritdoc/>
    public override Span<byte> GetSpan() => _buffer ??= _buffers.Rent();

    /// <inheritdoc/>
    public override unsafe MemoryHandle Pin(int elementIndex = 0) =>
        new(Unsafe.AsPointer(ref GetSpan()[elementIndex])); // The loops' buffers are pinned.

    /// <inheritdoc/>
    public override void Unpin()
    {
    }

    /// <summary>Returns the buffer.</summary>
    public void Return()
    {
        if (_buffer is { } buffer)
        {
            _buffer = null;
            _buffers.Return(buffer);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => Return();
}
