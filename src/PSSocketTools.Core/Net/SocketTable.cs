using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using PSSocketTools.Platform;

namespace PSSocketTools.Net;

/// <summary>A socket of the system's table.</summary>
/// <param name="LocalAddress">The address it is bound to.</param>
/// <param name="LocalPort">The port it is bound to.</param>
/// <param name="RemoteAddress">Its peer's address; the wildcard where it has none.</param>
/// <param name="RemotePort">Its peer's port; 0 where it has none.</param>
/// <param name="State">Its state; Unknown for UDP, which has none.</param>
/// <param name="Key">What finds its owner: the inode on Linux, the process id elsewhere; 0 where the system keeps it.</param>
/// <param name="UserId">The user it belongs to, on Linux; -1 elsewhere.</param>
internal sealed record SocketEntry(
    IPAddress LocalAddress, int LocalPort, IPAddress RemoteAddress, int RemotePort, TcpState State, long Key, long UserId = -1);

/// <summary>A process, with its name as it may be shown: any process gives itself any name (prctl(2)).</summary>
internal readonly record struct SocketOwner
{
    public SocketOwner(int id, string? name)
    {
        Id = id;
        Name = OutsideText.Clean(name);
    }

    public int Id { get; }

    public string? Name { get; }
}

/// <summary>A picture of the sockets the system has at one moment, and who holds them.</summary>
internal abstract class SocketTable
{
    public abstract IReadOnlyList<SocketEntry> Entries { get; }

    /// <summary>Takes the picture.</summary>
    public static SocketTable Read(SocketProtocol protocol)
    {
        if (LinuxSocketTable.IsSupported)
        {
            return new LinuxSocketTable(protocol);
        }

        return Environment.OSVersion.Platform == PlatformID.Win32NT
            ? new WindowsSocketTable(protocol)
            : new MacSocketTable(protocol);
    }

    public abstract SocketOwner? OwnerOf(SocketEntry entry);

    /// <summary>Why <see cref="OwnerOf"/> has no answer.</summary>
    public virtual string WhyUnknown(SocketEntry entry) => entry.UserId >= 0
        ? Messages.Get("PortHolderHidden", entry.UserId.ToString(CultureInfo.InvariantCulture))
        : Messages.Get("PortHolderNotTold");
}
