using System.Text;

namespace PSSocketTools.Platform;

/// <summary>The identity of a file, by its device and inode number, and the bits of its mode that are its type.</summary>
internal readonly record struct FileIdentity(uint DeviceMajor, uint DeviceMinor, ulong Number, int Type)
{
    private const int AtCurrentDirectory = -100;
    private const int DoNotFollowLinks = 0x100;
    private const uint TypeAndNumberWanted = 0x101;
    private const int StatSize = 256;
    private const int ModeAt = 28;
    private const int NumberAt = 32;
    private const int DeviceAt = 136;
    private const int TypeBits = 0xF000;
    private const int TypeFile = 0x8000;
    private const int TypeLink = 0xA000;
    private const int TypeSocket = 0xC000;

    private static readonly Lazy<bool> CanTell = new(static () => HostSystem.IsLinux && Read("/") is not null);

    /// <summary>
    /// Whether the identity of files is known here: on Linux by statx(2), whose layout is the same on all processors, and which C
    /// libraries before glibc 2.28 and musl 1.2.5 lack and some sandboxes deny.
    /// </summary>
    public static bool IsKnown => CanTell.Value;

    public bool IsFile => Type == TypeFile;

    public bool IsLink => Type == TypeLink;

    public bool IsSocket => Type == TypeSocket;

    /// <summary>The file at a path, without following a symbolic link; null where there is none, or the identity is not known.</summary>
    public static FileIdentity? Of(string path) => IsKnown ? Read(path) : null;

    private static unsafe FileIdentity? Read(string path)
    {
        var stat = stackalloc byte[StatSize];
        fixed (byte* name = Encoding.UTF8.GetBytes(path + '\0'))
        {
            try
            {
                return Libc.Stat(AtCurrentDirectory, name, DoNotFollowLinks, TypeAndNumberWanted, stat) == 0
                    ? new FileIdentity(
                        *(uint*)(stat + DeviceAt),
                        *(uint*)(stat + DeviceAt + sizeof(uint)),
                        *(ulong*)(stat + NumberAt),
                        *(ushort*)(stat + ModeAt) & TypeBits)
                    : null;
            }
            catch (Exception exception) when (exception is DllNotFoundException or EntryPointNotFoundException)
            {
                return null;
            }
        }
    }
}
