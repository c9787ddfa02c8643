using System.ComponentModel;
using System.Globalization;
using System.Net;
using PSSocketTools.Platform;

namespace PSSocketTools.Net;

/// <summary>A socket of the system's table.</summary>
/// <param name="Protocol">Tcp or Udp.</param>
/// <param name="LocalAddress">The address it is bound to.</param>
/// <param name="LocalPort">The port it is bound to.</param>
/// <param name="RemoteAddress">Its peer's address; the wildcard where it has none.</param>
/// <param name="RemotePort">Its peer's port; 0 where it has none.</param>
/// <param name="State">Its state.</param>
/// <param name="Key">The key of its owner: the inode on Linux, the process id elsewhere; 0 where the system does not tell it.</param>
/// <param name="UserId">The user it belongs to; -1 where that is not told.</param>
internal sealed record SocketEntry(
    SocketProtocol Protocol, IPAddress LocalAddress, int LocalPort, IPAddress RemoteAddress, int RemotePort, PortHolderState State, long Key, long UserId = -1)
{
    /// <summary>Whether it is what others connect or send to, and no connection's own.</summary>
    public bool IsServer => State is PortHolderState.Listen || (State is PortHolderState.Bound && Protocol == SocketProtocol.Udp);
}

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
    // One error of a kind is enough: where one table has no descriptor, the others have none either.
    private readonly List<SocketToolsException> _failures = [];

    public abstract IReadOnlyList<SocketEntry> Entries { get; }

    /// <summary>What could not be read, one error of a kind; the entries are those that could.</summary>
    public IReadOnlyList<SocketToolsException> Failures => _failures;

    /// <summary>Takes a snapshot.</summary>
    /// <param name="protocols">Tcp, Udp or both.</param>
    public static SocketTable Read(params SocketProtocol[] protocols)
    {
        if (LinuxSocketTable.IsSupported)
        {
            return new LinuxSocketTable(protocols);
        }

        return Environment.OSVersion.Platform == PlatformID.Win32NT
            ? new WindowsSocketTable(protocols)
            : new MacSocketTable(protocols);
    }

    /// <summary>Reads the owners of all sockets now, where they are read at once; else they are when the first is asked for.</summary>
    public virtual void ReadOwners()
    {
    }

    /// <summary>The processes that have a socket: none where they are not known, several where they inherited it. The oldest comes first, as a rule.</summary>
    public abstract IReadOnlyList<SocketOwner> OwnersOf(SocketEntry entry);

    /// <summary>Why <see cref="OwnersOf"/> returned nothing.</summary>
    public virtual string WhyUnknown(SocketEntry entry) => Messages.Get("PortHolderNotTold");

    /// <summary>Reads one of the system's tables; where that fails, the others are still told.</summary>
    /// <param name="name">What is read, for the error.</param>
    /// <param name="read">Reads it.</param>
    protected void Try(string name, Action read)
    {
        try
        {
            read();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or Win32Exception)
        {
            var failure = SocketErrors.IsExhausted(exception)
                ? SocketErrors.Exhausted(name, exception)
                : new SocketToolsException(SocketToolsError.SocketFailed, Messages.Get("SocketTableFailed", name, exception.Message.TrimEnd('.')), name, exception);
            if (!_failures.Exists(known => known.Error == failure.Error))
            {
                _failures.Add(failure);
            }
        }
    }

    /// <summary>Why a socket has no process at all; null where it should have one.</summary>
    /// <param name="entry">A socket without a key.</param>
    protected static string? WhyNobody(SocketEntry entry) => entry switch
    {
        { Key: not 0 } => null,
        { State: PortHolderState.TimeWait } => Messages.Get("ConnectionTimeWait"),
        { State: PortHolderState.Established or PortHolderState.SynReceived or PortHolderState.CloseWait } => Messages.Get("ConnectionNotAccepted"),
        { IsServer: false } => Messages.Get("ConnectionAbandoned"),
        _ => null,
    };

    /// <summary>The peer of a connection.</summary>
    public static string RemoteOf(SocketEntry entry) => EndPointText.Of(EndPointText.Of(entry.RemoteAddress), entry.RemotePort);

    /// <summary>The text of a number in every culture.</summary>
    protected static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
