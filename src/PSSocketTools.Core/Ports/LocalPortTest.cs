using System.Net;
using System.Net.Sockets;
using PSSocketTools.Net;
using PSSocketTools.Platform;

namespace PSSocketTools;

/// <summary>Tests whether a server may listen on ports of this machine: binds them as a server would, and closes the sockets at once.</summary>
public sealed class LocalPortTest
{
    /// <summary>The default address.</summary>
    public const string DefaultAddress = NameResolver.Any;

    // The interval between two tests of a wait; no system reports when a port becomes free.
    private static readonly TimeSpan WaitStep = TimeSpan.FromMilliseconds(30);

    // In a wait the same outcome is reported again after this time.
    private static readonly TimeSpan TraceInterval = TimeSpan.FromSeconds(1);

    private readonly string _address;
    private readonly ResolvableName _host;
    private readonly RecentSocketTable _table;

    /// <summary>Makes a test.</summary>
    /// <param name="address">An address of this machine, a name for some, <c>localhost</c> for both loopback ones, or <c>Any</c> for all.</param>
    /// <param name="protocol">Tcp or Udp.</param>
    /// <exception cref="SocketToolsException">InvalidOption: a protocol without ports.</exception>
    public LocalPortTest(string address = DefaultAddress, SocketProtocol protocol = SocketProtocol.Tcp)
        : this(address, protocol, NameResolver.ToLocalAsync)
    {
    }

    internal LocalPortTest(string address, SocketProtocol protocol, Func<string, Task<IPAddress[]>> resolve)
    {
        if (protocol is not (SocketProtocol.Tcp or SocketProtocol.Udp))
        {
            throw new SocketToolsException(SocketToolsError.InvalidOption, Messages.Get("ProtocolHasNoPort", protocol), protocol);
        }

        _address = address ?? throw new ArgumentNullException(nameof(address));
        _host = new ResolvableName(address, resolve);
        Protocol = protocol;
        _table = new RecentSocketTable(protocol);
    }

    /// <summary>Tcp or Udp.</summary>
    public SocketProtocol Protocol { get; }

    /// <summary>Whether the user chose the address, so that a server that is started with a result listens on it instead of its default.</summary>
    public bool IsAddressChosen { get; init; }

    /// <summary>Is called on the caller's thread with a sentence on each attempt's result; in a wait with the same one once a second. Null for none, which costs nothing.</summary>
    public Action<string>? Trace { get; init; }

    /// <summary>Tests a port.</summary>
    /// <param name="port">The port, 1 to 65535.</param>
    /// <param name="cancellationToken">Ends the wait for the resolver.</param>
    /// <exception cref="SocketToolsException">NameNotFound: the name has no address; TooManyOpenFiles.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public PortAvailability Test(int port, CancellationToken cancellationToken = default)
    {
        var resolution = _host.Resolve(ConnectPace.NameAge);
        Task.WaitAny([resolution], cancellationToken);
        return Test(port, resolution.GetAwaiter().GetResult(), 1);
    }

    /// <summary>Tests a port repeatedly until it is free, or in use, the time is over or the wait is cancelled; waits for a name that does not resolve yet, too.</summary>
    /// <param name="port">The port, 1 to 65535.</param>
    /// <param name="goal">Free or InUse.</param>
    /// <param name="timeout">How long to wait at most, zero for no limit; then the last result is returned.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <exception cref="SocketToolsException">NameNotFound: the name had no address until the end; InvalidOption: a goal of another computer's ports; TooManyOpenFiles.</exception>
    /// <exception cref="OperationCanceledException">The wait was cancelled.</exception>
    public PortAvailability WaitUntil(int port, PortGoal goal, TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (goal is not (PortGoal.Free or PortGoal.InUse))
        {
            throw new SocketToolsException(SocketToolsError.InvalidOption, Messages.Get("GoalIsRemote", goal), nameof(PortScanOptions.Until));
        }

        var deadline = Deadline.AfterLimit(timeout);
        var tracesAgain = Deadline.Passed;
        for (var attempt = 1; ; attempt++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var resolution = _host.Resolve(ConnectPace.NameAge);

            // Before the name is resolved there is nothing to test, and the wait may end before that.
            var isResolved = Task.WaitAny([resolution], deadline.Milliseconds, cancellationToken) >= 0;
            if (isResolved && resolution.Status == TaskStatus.RanToCompletion)
            {
                var refusal = TryBindAll(port, resolution.Result);
                if (goal == PortGoal.Free ? refusal is null : refusal is not null && PortBinding.MayBeTaken(refusal.Value.Error.SocketErrorCode))
                {
                    var result = Test(port, resolution.Result, attempt);
                    if (result.Meets(goal))
                    {
                        return result;
                    }
                }
                else if (Trace is not null && tracesAgain.HasPassed)
                {
                    tracesAgain = Deadline.AfterLimit(TraceInterval);
                    WriteTrace(attempt, refusal is null ? _address : EndPointText.Of(refusal.Value.Address), port,
                        refusal is null ? nameof(PortStatus.Available) : SocketErrors.TextOf(refusal.Value.Error.SocketErrorCode));
                }
            }

            if (isResolved && resolution.Exception?.InnerException is SocketToolsException { MayPass: false })
            {
                resolution.GetAwaiter().GetResult();
            }

            // Finding the owner of the port takes a walk over all processes, and only the last result needs it.
            if (deadline.HasPassed)
            {
                return isResolved ? Test(port, resolution.GetAwaiter().GetResult(), attempt) : throw NameResolver.NotResolvedYet(_address);
            }

            cancellationToken.WaitHandle.WaitOne(Deadline.Earlier(deadline, Deadline.AfterLimit(WaitStep)).Milliseconds);
        }
    }

    private PortAvailability Test(int port, IPAddress[] addresses, int attempt) => TryBindAll(port, addresses) is { } refusal
        ? Explain(refusal.Address, port, refusal.Error, attempt)
        : CreateAvailable(port, attempt);

    private string? ChosenAddress => IsAddressChosen ? _address : null;

    private PortAvailability CreateAvailable(int port, int attempt) => Create(_address, port, PortStatus.Available, attempt);

    private PortAvailability Create(string address, int port, PortStatus status, int attempt, string? detail = null, BindConflict? conflict = null)
    {
        WriteTrace(attempt, address, port, status.ToString());
        return new(NameResolver.Localhost, port, Protocol, status)
        {
            Address = conflict?.Address ?? address,
            AttemptNumber = attempt,
            Local = conflict is null && ChosenAddress is null ? null : new PortAvailability.LocalFinding(conflict, ChosenAddress),
            Detail = detail ?? conflict?.Detail,
        };
    }

    private void WriteTrace(int attempt, string address, int port, string outcome) =>
        Trace?.Invoke(Messages.Get("BindTried", attempt, EndPointText.Of(address, port), outcome));

    private (IPAddress Address, SocketException Error)? TryBindAll(int port, IPAddress[] addresses)
    {
        var bound = new List<Socket>(addresses.Length);
        try
        {
            foreach (var address in addresses)
            {
                if (TryBind(address, port, bound) is { } error)
                {
                    return (address, error);
                }
            }

            return null;
        }
        finally
        {
            bound.ForEach(socket => socket.Dispose());
        }
    }

    private SocketException? TryBind(IPAddress address, int port, List<Socket> bound)
    {
        try
        {
            var isTcp = Protocol == SocketProtocol.Tcp;
            var socket = new Socket(
                address.AddressFamily, isTcp ? SocketType.Stream : SocketType.Dgram, isTcp ? ProtocolType.Tcp : ProtocolType.Udp);
            bound.Add(socket);
            PortBinding.Bind(socket, new IPEndPoint(address, port));
            return null;
        }
        catch (SocketException exception)
        {
            return exception;
        }
    }

    private PortAvailability Explain(IPAddress address, int port, SocketException error, int attempt)
    {
        var text = EndPointText.Of(address);
        if (PortBinding.MayBeTaken(error.SocketErrorCode))
        {
            var conflict = FindConflict(address, port, error.SocketErrorCode);
            if (PortBinding.IsTaken(error.SocketErrorCode, conflict))
            {
                return Create(text, port, PortStatus.InUse, attempt, conflict: conflict);
            }
        }

        switch (error.SocketErrorCode)
        {
            case SocketError.AccessDenied:
                return Create(text, port, PortStatus.AccessDenied, attempt, SocketErrors.DeniedText(new IPEndPoint(address, port), Protocol));
            case SocketError.AddressNotAvailable or SocketError.AddressFamilyNotSupported:
                return Create(text, port, PortStatus.AddressNotAvailable, attempt, Messages.Get("AddressNotAvailable", text));
            case SocketError.TooManyOpenSockets:
                throw SocketErrors.ToListenError(error, EndPointText.Of(text, port));
            default:
                return Create(text, port, PortStatus.Failed, attempt, error.Message);
        }
    }

    private BindConflict FindConflict(IPAddress address, int port, SocketError error)
    {
        if (_table.Recent is { } table)
        {
            // A socket may be newer than the table; the thousands of ports that Windows may exclude have none.
            var conflict = BindConflict.Find(table, address, port);
            if (conflict.State is not null || error == SocketError.AccessDenied)
            {
                return conflict;
            }
        }

        return BindConflict.Find(_table.Renew(), address, port);
    }
}
