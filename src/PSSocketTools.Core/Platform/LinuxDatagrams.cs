#if NET
using System.Net;
using System.Runtime.InteropServices;

namespace PSSocketTools.Platform;

/// <summary>
/// Datagrams that one call receives (recvmmsg(2)), each in a slot of its own, and that one call answers (sendmmsg(2)), each from the
/// address that it was sent to. Nothing is allocated after the constructor.
/// </summary>
/// <remarks>The structures are those of 64 bits: musl pads what is longer for the kernel, with the same layout.</remarks>
internal sealed unsafe class LinuxDatagrams
{
    /// <summary>How many datagrams there is room for.</summary>
    public const int Capacity = 32;

    /// <summary>The bytes of a slot, unless another size is asked for: any datagram fits, and so does any response.</summary>
    public const int DefaultSlotSize = 65536;

    // Slots that begin at the same place of their pages would share one set of the processor's cache.
    private const int Stagger = 192;

    private const int NameSize = 32;

    // One control message, in6_pktinfo the longest: a header of 16 bytes, an address and the number of an interface, rounded up.
    private const int ControlSize = 64;
    private const int ControlHeader = 16;

    private readonly int _slotSize;
    private readonly byte[] _bytes;
    private readonly byte* _slots;
    private readonly byte* _names;
    private readonly byte* _controls;
    private readonly byte[] _pinned;
    private readonly Libc.CountedMessage[] _receiveArray = GC.AllocateArray<Libc.CountedMessage>(Capacity, pinned: true);
    private readonly Libc.CountedMessage[] _sendArray = GC.AllocateArray<Libc.CountedMessage>(Capacity, pinned: true);
    private readonly Libc.Vector[] _vectorArray = GC.AllocateArray<Libc.Vector>(2 * Capacity, pinned: true);
    private readonly Libc.CountedMessage* _received;
    private readonly Libc.CountedMessage* _toSend;
    private readonly Libc.Vector* _vectors;

    // How many headers the last receive has written to.
    private int _used = Capacity;

    /// <param name="slotSize">The bytes of a slot; longer datagrams are truncated.</param>
    public LinuxDatagrams(int slotSize = DefaultSlotSize)
    {
        _slotSize = slotSize;
        _bytes = GC.AllocateUninitializedArray<byte>(Capacity * (slotSize + Stagger), pinned: true);
        _pinned = GC.AllocateArray<byte>(Capacity * (NameSize + ControlSize), pinned: true);
        _slots = Address(_bytes);
        _names = Address(_pinned);
        _controls = _names + (Capacity * NameSize);
        _received = (Libc.CountedMessage*)Address(_receiveArray);
        _toSend = (Libc.CountedMessage*)Address(_sendArray);
        _vectors = (Libc.Vector*)Address(_vectorArray);
        for (var i = 0; i < Capacity; i++)
        {
            _vectors[i] = new Libc.Vector { Bytes = _slots + OffsetOf(i), Count = slotSize };
            _received[i].Header = new Libc.MessageHeader
            {
                Name = _names + (i * NameSize),
                Vectors = _vectors + i,
                VectorCount = 1,
                Control = _controls + (i * ControlSize),
            };
        }
    }

    /// <summary>Whether this system has the calls, with structures as they are here.</summary>
    public static bool IsSupported { get; } = LinuxEpoll.IsSupported && HasCalls();

    /// <summary>The bytes of all slots.</summary>
    public byte[] Bytes => _bytes;

    /// <summary>How many datagrams are to be sent.</summary>
    public int Count { get; private set; }

    /// <summary>Where a slot begins in <see cref="Bytes"/>.</summary>
    public int OffsetOf(int slot) => slot * (_slotSize + Stagger);

    /// <summary>How many bytes a datagram has; when it is truncated, those that fit.</summary>
    public int LengthOf(int slot) => (int)_received[slot].Length;

    /// <summary>Whether a datagram was longer than its slot.</summary>
    public bool IsTruncated(int slot) => (_received[slot].Header.Flags & Libc.MessageTruncated) != 0;

    /// <summary>Where a datagram was received from, to look its client up.</summary>
    public LinuxEndPointKey KeyOf(int slot) => LinuxEndPointKey.Read(_names + (slot * NameSize));

    /// <summary>Where a datagram was received from; null where the system reported nothing.</summary>
    public IPEndPoint? EndPointOf(int slot) => LinuxAddress.ReadEndPoint(_names + (slot * NameSize), (int)_received[slot].Header.NameLength);

    /// <summary>The address that a datagram was sent to; empty where the system did not report it.</summary>
    public PacketInfo LocalOf(int slot)
    {
        if (SourceOf(slot) is var control && control == null)
        {
            return default;
        }

        var data = control + ControlHeader;
        return *(int*)(control + sizeof(nint)) == Libc.SolIPv6
            ? new PacketInfo(new IPAddress(new ReadOnlySpan<byte>(data, 16)), *(int*)(data + 16))
            : new PacketInfo(new IPAddress(new ReadOnlySpan<byte>(data + 8, 4)), *(int*)data);
    }

    /// <summary>Receives the datagrams that wait, into the first slots, and forgets what was to be sent.</summary>
    /// <returns>How many; -1 with the system's last error set.</returns>
    public int Receive(int descriptor)
    {
        Count = 0;
        for (var i = 0; i < _used; i++)
        {
            _received[i].Header.NameLength = NameSize;
            _received[i].Header.ControlLength = ControlSize;
        }

        var count = Libc.ReceiveMessages(descriptor, _received, Capacity, Libc.MessageDontWait, null);
        _used = Math.Max(count, 0);
        return count;
    }

    /// <summary>Adds a datagram to those to be sent: the first bytes of a slot, to where the datagram in it was received from.</summary>
    public void Add(int slot, int count)
    {
        var vector = _vectors + Capacity + Count;
        *vector = new Libc.Vector { Bytes = _slots + OffsetOf(slot), Count = count };
        var control = SourceOf(slot);
        _toSend[Count++].Header = new Libc.MessageHeader
        {
            Name = _names + (slot * NameSize),
            NameLength = _received[slot].Header.NameLength,
            Vectors = vector,
            VectorCount = 1,
            Control = control,
            ControlLength = control == null ? 0 : AsSource(control),
        };
    }

    /// <summary>Sends datagrams, from one of those that were added on.</summary>
    /// <returns>How many the system took; -1 with its last error set, which concerns the first.</returns>
    public int Send(int descriptor, int from) =>
        Libc.SendMessages(descriptor, _toSend + from, (uint)(Count - from), Libc.MessageDontWait | Libc.MessageNoSignal);

    /// <summary>Leaves the source of one to the system: a broadcast or multicast address can't be one.</summary>
    /// <returns>False when it had none.</returns>
    public bool TryDropSource(int index)
    {
        var had = _toSend[index].Header.Control != null;
        _toSend[index].Header.Control = null;
        _toSend[index].Header.ControlLength = 0;
        return had;
    }

    /// <summary>The control message of a datagram with the address that it was sent to; null for none.</summary>
    private byte* SourceOf(int slot)
    {
        var control = _controls + (slot * ControlSize);
        if (_received[slot].Header.ControlLength < ControlHeader)
        {
            return null;
        }

        // struct cmsghdr: the length, with itself, then level and type.
        return (*(int*)(control + sizeof(nint)), *(int*)(control + sizeof(nint) + sizeof(int))) switch
        {
            (Libc.SolIP, Libc.IPPacketInfo) or (Libc.SolIPv6, Libc.IPv6PacketInfo) => control,
            _ => null,
        };
    }

    /// <summary>Makes the source of a response of what was received.</summary>
    /// <returns>The length of the control message, aligned (CMSG_SPACE).</returns>
    private static nint AsSource(byte* control)
    {
        var data = control + ControlHeader;
        if (*(int*)(control + sizeof(nint)) == Libc.SolIPv6)
        {
            // Only a link-local address, fe80::/10, needs an interface: the routing table decides for all others.
            if (data[0] != 0xFE || (data[1] & 0xC0) != 0x80)
            {
                *(int*)(data + 16) = 0;
            }
        }
        else
        {
            // The interface, the source of what is sent, and the destination of what was received.
            *(int*)data = 0;
            *(int*)(data + 4) = *(int*)(data + 8);
        }

        return (*(nint*)control + sizeof(nint) - 1) & ~(sizeof(nint) - 1);
    }

    private static byte* Address<T>(T[] pinned)
        where T : unmanaged => (byte*)Marshal.UnsafeAddrOfPinnedArrayElement(pinned, 0);

    private static bool HasCalls()
    {
        try
        {
            // The descriptor is invalid: this tests whether the functions exist, and whether the system, or what confines this process, lets them pass.
            return Libc.ReceiveMessages(-1, null, 0, 0, null) < 0 && Marshal.GetLastWin32Error() == Libc.EBadDescriptor
                && (Libc.SendMessages(-1, null, 0, 0) >= 0 || Marshal.GetLastWin32Error() == Libc.EBadDescriptor);
        }
        catch (EntryPointNotFoundException)
        {
            return false;
        }
    }
}
#endif
