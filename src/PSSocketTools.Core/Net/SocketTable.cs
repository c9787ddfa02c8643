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
/// <param name="Key">The key of its owner: the inode on Linux, the process id elsewhere; 0 where the system does not tell it.</param>
/// <param name="UserId">The user it belongs to, on Linux; -1 elsewhere.</param>
internal sealed record SocketEntry(
    IPAddress LocalAddress, int LocalPort, IPAddress RemoteAddress, int RemotePort, TcpState State, long Key, long UserId = -1);

/// <summary>A process, with its name cleaned for output, since a process can set any name (prctl(2)).</summary>
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

/// <summary>A snapshot of the system's sockets and their owners.</summary>
internal abstract class SocketTable
{
    public abstract IReadOnlyList<SocketEntry> Entries { get; }

    /// <summary>Takes a snapshot.</summary>
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

    /// <summary>Why <see cref="OwnerOf"/> returned null.</summary>
    public virtual string WhyUnknown(SocketEntry entry) => entry.UserId >= 0
        ? Messages.Get("PortHolderHidden", entry.UserId.ToString(CultureInfo.InvariantCulture))
        : Messages.Get("PortHolderNotTold");
}
