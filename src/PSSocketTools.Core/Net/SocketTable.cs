using System.ComponentModel;
using System.Globalization;
using PSSocketTools.Platform;

namespace PSSocketTools.Net;

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

        return HostSystem.IsWindows
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

    /// <summary>Reads one of the system's tables; where that fails, the others are still read.</summary>
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
                ? SocketErrors.ToExhaustedError(name, exception)
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
