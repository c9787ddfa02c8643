using System.Runtime.InteropServices;

namespace PSSocketTools.Platform;

/// <summary>
/// The calls to the C library that .NET does not offer, and what they take. A constant is that of Linux on x64 and Arm64, and often of
/// other systems too; where macOS has another that is needed here, both names say so.
/// </summary>
internal static unsafe class Libc
{
    public const int SockStream = 1;
    public const int SockDatagram = 2;
    public const int SockCloseOnExec = 0x80000;
    public const int SockNonBlockingCloseOnExec = 0x800 | 0x80000;
    public const int FamilyUnix = 1;
    public const int FamilyInet = 2;
    public const int FamilyInet6 = 10;
    public const int SolIP = 0;
    public const int SolIPv6 = 41;
    public const int IPPacketInfo = 8;
    public const int IPPacketInfoMac = 26;
    public const int IPv6PacketInfo = 50;
    public const int IPv6PacketInfoMac = 46;
    public const int IPReceiveErrors = 11;
    public const int IPv6ReceiveErrors = 25;
    public const int IPBindAddressNoPort = 24;
    public const int SolSocket = 1;
    public const int SolTcp = 6;
    public const int TcpInfo = 11;
    public const int SoError = 4;
    public const int SoLinger = 13;
    public const int MessagePeek = 0x2;
    public const int MessageTruncated = 0x20;
    public const int MessageDontWait = 0x40;
    public const int MessageDontWaitMac = 0x80;
    public const int MessageErrorQueue = 0x2000;
    public const int MessageNoSignal = 0x4000;
    public const int ShutWrite = 1;
    public const int EpollCloseOnExec = 0x80000;
    public const int EpollAdd = 1;
    public const int EpollDelete = 2;
    public const int EpollIn = 1;
    public const int EpollUrgent = 2;
    public const int EpollOut = 4;
    public const int EpollError = 8;
    public const int EpollHangUp = 16;
    public const int EpollReadHangUp = 0x2000;
    public const int EpollEdge = unchecked((int)0x80000000);
    public const int OutputQueueSize = 0x5411;
    public const int EventNonBlockingCloseOnExec = 0x800 | 0x80000;

    public const int LockExclusive = 2;
    public const int LockWithoutWaiting = 4;
    public const int LockRelease = 8;
    public const int OpenCloseOnExecLinux = 0x80000;
    public const int OpenCloseOnExecMac = 0x1000000;
    public const int OpenWriteOnly = 1;
    public const int OpenAppendLinux = 0x400;
    public const int OpenAppendMac = 8;
    public const int OpenNonBlockingLinux = 0x800;
    public const int OpenNonBlockingMac = 4;
    public const int SeekEnd = 2;
    public const short PollIn = 1;
    public const short PollOut = 4;

    public const int LimitOpenFilesLinux = 7;
    public const int LimitOpenFilesMac = 8;

    public const int EPerm = 1;
    public const int ENoEntry = 2;
    public const int EIntr = 4;
    public const int ENoDevice = 6;
    public const int EBadDescriptor = 9;
    public const int EAgain = 11;
    public const int EWouldBlockMac = 35;
    public const int ENoMem = 12;
    public const int EAccess = 13;
    public const int EInvalid = 22;
    public const int ENFile = 23;
    public const int EMFile = 24;
    public const int EPipe = 32;
    public const int ENotSocket = 88;
    public const int EMessageSize = 90;
    public const int EAfNoSupport = 97;
    public const int EAddrInUse = 98;
    public const int EAddrNotAvail = 99;
    public const int ENetDown = 100;
    public const int ENetUnreach = 101;
    public const int EConnAborted = 103;
    public const int EConnReset = 104;
    public const int ENoBufs = 105;
    public const int ENotConn = 107;
    public const int ETimedOut = 110;
    public const int EConnRefused = 111;
    public const int EHostDown = 112;
    public const int EHostUnreach = 113;
    public const int EAlready = 114;
    public const int EInProgress = 115;

    [DllImport("libc", EntryPoint = "socket", SetLastError = true)]
    public static extern int Socket(int family, int type, int protocol);

    [DllImport("libc", EntryPoint = "bind", SetLastError = true)]
    public static extern int Bind(int descriptor, byte* address, int length);

    [DllImport("libc", EntryPoint = "connect", SetLastError = true)]
    public static extern int Connect(int descriptor, byte* address, int length);

    [DllImport("libc", EntryPoint = "accept4", SetLastError = true)]
    public static extern int Accept(int descriptor, byte* address, int* length, int flags);

    [DllImport("libc", EntryPoint = "shutdown", SetLastError = true)]
    public static extern int Shutdown(int descriptor, int how);

    [DllImport("libc", EntryPoint = "getsockname", SetLastError = true)]
    public static extern int GetSocketName(int descriptor, byte* address, int* length);

    [DllImport("libc", EntryPoint = "getsockopt", SetLastError = true)]
    public static extern int GetSocketOption(int descriptor, int level, int name, int* value, int* length);

    [DllImport("libc", EntryPoint = "setsockopt", SetLastError = true)]
    public static extern int SetSocketOption(int descriptor, int level, int name, int* value, int length);

    [DllImport("libc", EntryPoint = "send", SetLastError = true)]
    public static extern nint Send(int descriptor, byte* buffer, nint length, int flags);

    [DllImport("libc", EntryPoint = "recv", SetLastError = true)]
    public static extern nint Receive(int descriptor, byte* buffer, nint length, int flags);

    [DllImport("libc", EntryPoint = "sendmsg", SetLastError = true)]
    public static extern nint SendMessage(int descriptor, MessageHeader* message, int flags);

    [DllImport("libc", EntryPoint = "recvmsg", SetLastError = true)]
    public static extern nint ReceiveMessage(int descriptor, MessageHeader* message, int flags);

    [DllImport("libc", EntryPoint = "sendmmsg", SetLastError = true)]
    public static extern int SendMessages(int descriptor, CountedMessage* messages, uint count, int flags);

    [DllImport("libc", EntryPoint = "recvmmsg", SetLastError = true)]
    public static extern int ReceiveMessages(int descriptor, CountedMessage* messages, uint count, int flags, TimeSpec* timeout);

    [DllImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    public static extern int Control(int descriptor, nuint request, int* value);

    [DllImport("libc", EntryPoint = "close", SetLastError = true)]
    public static extern int Close(int descriptor);

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    public static extern int Open(byte* path, int flags);

    [DllImport("libc", EntryPoint = "lseek", SetLastError = true)]
    public static extern long Seek(int descriptor, long offset, int from);

    [DllImport("libc", EntryPoint = "poll", SetLastError = true)]
    public static extern int Poll(PollEntry* entries, nuint count, int milliseconds);

    [DllImport("libc", EntryPoint = "ppoll", SetLastError = true)]
    public static extern int PollFor(PollEntry* entries, nuint count, TimeSpec* time, void* signals);

    [DllImport("libc", EntryPoint = "flock", SetLastError = true)]
    public static extern int Lock(int descriptor, int operation);

    [DllImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    public static extern int EpollCreate(int flags);

    [DllImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    public static extern int EpollControl(int epoll, int operation, int descriptor, byte* entry);

    [DllImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    public static extern int EpollWait(int epoll, byte* entries, int capacity, int milliseconds);

    [DllImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    public static extern int EventDescriptor(uint initial, int flags);

    [DllImport("libc", EntryPoint = "read", SetLastError = true)]
    public static extern nint Read(int descriptor, byte* buffer, nint count);

    [DllImport("libc", EntryPoint = "write", SetLastError = true)]
    public static extern nint Write(int descriptor, byte* buffer, nint count);

    [DllImport("libc", EntryPoint = "statx", SetLastError = true)]
    public static extern int Stat(int directory, byte* path, int flags, uint wanted, byte* stat);

    [DllImport("libc", EntryPoint = "readlink", SetLastError = true)]
    public static extern nint ReadLink(byte* path, byte* buffer, nint capacity);

    [DllImport("libc", EntryPoint = "getpwuid_r")]
    public static extern int GetUser(uint id, byte* entry, byte* text, nint capacity, byte** found);

    [DllImport("libc", EntryPoint = "getrlimit", SetLastError = true)]
    public static extern int GetResourceLimit(int resource, ulong* softAndHard);

    /// <summary>A time of 64-bit systems: struct timespec.</summary>
    public struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }

    /// <summary>A range of memory: struct iovec.</summary>
    public struct Vector
    {
        public byte* Bytes;
        public nint Count;
    }

    /// <summary>
    /// A message with its address and its control messages: struct msghdr as glibc has it. Elsewhere some lengths have four bytes and
    /// padding, which on little-endian processors is the same where 64 bits are a pointer's.
    /// </summary>
    public struct MessageHeader
    {
        public byte* Name;
        public uint NameLength;
        public Vector* Vectors;
        public nint VectorCount;
        public byte* Control;
        public nint ControlLength;
        public int Flags;
    }

    /// <summary>A message, and how many bytes of it were received or sent: struct mmsghdr.</summary>
    public struct CountedMessage
    {
        public MessageHeader Header;
        public uint Length;
    }

    /// <summary>A descriptor to wait for: struct pollfd.</summary>
    public struct PollEntry
    {
        public int Descriptor;
        public short Wanted;
        public short Happened;
    }
}
