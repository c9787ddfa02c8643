using System.Net;
using PSSocketTools.Net;
using PSSocketTools.Platform;

namespace PSSocketTools;

/// <summary>
/// Finds who holds ports of this machine, in the system's tables of sockets and processes; no port is bound for it. One reading of
/// the tables serves all that is asked within a second. For one thread.
/// </summary>
public sealed class PortHolderSearch
{
    private readonly RecentSocketTable _table = new(SocketProtocol.Tcp, SocketProtocol.Udp);
    private SocketTable? _known;
    private SocketTable? _reported;
    private KnownProcesses _processes = new();

    /// <summary>Finds the holders of ports, by port: one for each process that has a socket, since several may share a port or a socket.</summary>
    /// <param name="query">Which.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <exception cref="SocketToolsException">NameNotFound: the address is a name that has none; InvalidOption: an address that can't be understood, or a protocol without ports.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public IEnumerable<PortHolder> Find(PortHolderQuery query, CancellationToken cancellationToken = default)
    {
        foreach (var protocol in (query ?? throw new ArgumentNullException(nameof(query))).Protocols ?? [])
        {
            if (protocol is not (SocketProtocol.Tcp or SocketProtocol.Udp))
            {
                throw new SocketToolsException(SocketToolsError.InvalidOption, Messages.Get("ProtocolHasNoPort", protocol), protocol);
            }
        }

        var addresses = query.Address is null ? null : NameResolver.ToLocal(query.Address, cancellationToken);
        var table = _table.Get();
        if (!ReferenceEquals(table, _known))
        {
            // What is known of processes is as old as the table, and not read again for each port that is asked for.
            (_known, _processes) = (table, new KnownProcesses());
        }

        return Find(table, query, addresses, _processes, cancellationToken);
    }

    /// <summary>What the last reading of the system's tables could not read, once: what was found is not all there is.</summary>
    public IReadOnlyList<SocketToolsException> TakeFailures()
    {
        if (ReferenceEquals(_reported, _known))
        {
            return [];
        }

        _reported = _known;
        return _known?.Failures ?? [];
    }

    /// <summary>Whether the last reading of the system's tables read them all.</summary>
    public bool IsWhole => _known?.Failures is { Count: 0 };

    /// <summary>Whether a socket in any state has a port.</summary>
    /// <param name="port">The port.</param>
    public bool IsHeld(int port) => _table.Get().Entries.Any(entry => entry.LocalPort == port);

    internal static IEnumerable<PortHolder> Find(
        SocketTable table, PortHolderQuery query, IReadOnlyCollection<IPAddress>? addresses, CancellationToken cancellationToken) =>
        Find(table, query, addresses, new KnownProcesses(), cancellationToken);

    private static IEnumerable<PortHolder> Find(
        SocketTable table,
        PortHolderQuery query,
        IReadOnlyCollection<IPAddress>? addresses,
        KnownProcesses processes,
        CancellationToken cancellationToken)
    {
        var wanted = table.Entries.Where(entry => entry.LocalPort > 0
            && query.Protocols?.Contains(entry.Protocol) != false
            && query.Ports?.Any(range => range.Contains(entry.LocalPort)) != false
            && (query.States is null ? entry.IsServer : query.States.Contains(entry.State) || query.States.Contains(PortHolderState.All))
            && addresses?.Any(address => BindConflict.Conflicts(entry.LocalAddress, address)) != false);
        foreach (var entry in wanted.OrderBy(static entry => entry.LocalPort)
            .ThenBy(static entry => entry.Protocol)
            .ThenBy(static entry => entry.State)
            .ThenBy(static entry => entry.LocalAddress.AddressFamily)
            .ThenBy(static entry => EndPointText.Of(entry.LocalAddress), StringComparer.Ordinal))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var owners = table.OwnersOf(entry);
            if (owners.Count == 0 && query.ProcessIds is null && query.IsProcessWanted is null)
            {
                yield return new PortHolder(entry) { UserName = processes.UserOf(entry), Detail = table.WhyUnknown(entry) };
            }

            foreach (var owner in owners)
            {
                if (query.ProcessIds?.Contains(owner.Id) != false && query.IsProcessWanted?.Invoke(owner.Name ?? string.Empty) != false)
                {
                    yield return Make(entry, owner, processes);
                }
            }
        }
    }

    private static PortHolder Make(SocketEntry entry, SocketOwner owner, KnownProcesses processes)
    {
        var details = processes.DetailsOf(owner.Id);
        return new PortHolder(entry)
        {
            ProcessId = owner.Id,
            ProcessName = owner.Name,
            ProcessPath = details.Path,
            UserName = details.UserName ?? processes.UserOf(entry),
            StartTime = details.StartTime,
            ServiceName = processes.ServicesOf(owner.Id),
            Detail = SystemProcess.Explain(owner.Id) ?? (details.Path is null ? Messages.Get("ProcessDetailsHidden") : null),
        };
    }

    /// <summary>What was read of processes and users, once for all their sockets.</summary>
    private sealed class KnownProcesses
    {
        private readonly Dictionary<int, ProcessDetails> _details = [];
        private readonly Dictionary<long, string> _users = [];
        private readonly Lazy<IReadOnlyDictionary<int, string>> _services = new(static () =>
            HostSystem.IsWindows ? WindowsServices.Read() : new Dictionary<int, string>());

        public ProcessDetails DetailsOf(int id) =>
            _details.TryGetValue(id, out var known) ? known : _details[id] = ProcessDetails.Read(id);

        /// <summary>The user of a socket; the system reports root for one that no process has.</summary>
        public string? UserOf(SocketEntry entry) => entry.UserId < 0 || entry.Key == 0 ? null
            : _users.TryGetValue(entry.UserId, out var known) ? known
            : _users[entry.UserId] = OutsideText.Clean(UnixUser.TextOf(entry.UserId))!;

        public string? ServicesOf(int id) => _services.Value.TryGetValue(id, out var names) ? names : null;
    }
}
