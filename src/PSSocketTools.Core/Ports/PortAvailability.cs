using PSSocketTools.Net;
using PSSocketTools.Platform;
using PSSocketTools.Ports;

namespace PSSocketTools;

/// <summary>What a test of one port found.</summary>
public sealed class PortAvailability
{
    // A scan makes thousands of results: what few of them have lies apart, and a latency of NaN is none.
    private readonly DateTime _timestamp = DateTime.UtcNow;
    private readonly double _latency = double.NaN;
    private readonly LocalFinding? _local;
    private TestBefore? _before;
    private bool _isAsBefore;
    private readonly PortStatus _status;
    private readonly SocketProtocol _protocol;
    private readonly PortVerification _verified;

    internal PortAvailability(string computerName, int port, SocketProtocol protocol, PortStatus status)
    {
        ComputerName = computerName;
        Port = port;
        _protocol = protocol;
        _status = status;
        Service = ServiceNames.Of(port, protocol);
    }

    /// <summary>When it was found, in local time.</summary>
    public DateTime Timestamp => _timestamp.ToLocalTime();

    /// <summary>The same moment in UTC, as ISO 8601 with 100 ns: <c>2026-03-29T01:30:00.1234567Z</c>.</summary>
    public string TimestampUtc => new DateTimeOffset(_timestamp).ToUtcText();

    /// <summary>The computer tested, as it was asked for; <c>localhost</c> in a local test.</summary>
    public string ComputerName { get; }

    /// <summary>Local: the address that was asked for, or the one it is in use on. Remote: the one that answered, or the last tried; null where the name has none.</summary>
    public string? Address { get; internal init; }

    /// <summary>The port, 1 to 65535.</summary>
    public int Port { get; }

    /// <summary>Tcp or Udp: the name of a <see cref="SocketProtocol"/>, which a remoting hop keeps as it is.</summary>
    public string Protocol => _protocol.ToString();

    /// <summary>The service registered for the port; null where there is none.</summary>
    public string? Service { get; }

    /// <summary>What was found: the name of a <see cref="PortStatus"/>.</summary>
    public string Status => _status.ToString();

    /// <summary>True where the answer is yes: a local port a server may listen on, a remote one that is open.</summary>
    public bool Available => _status is PortStatus.Available or PortStatus.Open;

    /// <summary>How long the answer took, in milliseconds: of a connection, the handshake as the system measured it, where it reports that. Null when there was no answer, and in a local test.</summary>
    public double? LatencyMilliseconds
    {
        get => double.IsNaN(_latency) ? null : _latency;
        internal init => _latency = value ?? double.NaN;
    }

    /// <summary>Remote: the local address that the system chose to ask from; null where it chose none, and in a local test.</summary>
    public string? SourceAddress { get; internal init; }

    /// <summary>Which attempt found it, from 1 on: one is made for each address of a name, and in a wait again and again; of a test that is repeated, the number of the test. 0 where none could be made.</summary>
    public int Attempt { get; private set; } = 1;

    /// <summary>In a test that is repeated: the status that the test before found, where that was another one; otherwise null.</summary>
    public string? PreviousStatus => _before?.Status;

    /// <summary>In a test that is repeated: the address that the test before found, where that was another one; otherwise null.</summary>
    public string? PreviousAddress => _before?.Address;

    /// <summary>What was asked of the connection beside that it is accepted, whether it came so far or not: the name of a <see cref="PortVerification"/>; null where nothing was.</summary>
    public string? Verification => _verified == PortVerification.None ? null : _verified.ToString();

    /// <summary>The first bytes that a server sent unsolicited, at most 256, as text whose control characters are replaced; null unless that was verified.</summary>
    public string? Banner { get; internal init; }

    /// <summary>The process that holds a port in use; null where it can't be known, and Detail says why.</summary>
    public int? ProcessId => _local?.Conflict?.ProcessId;

    /// <summary>That process's name, without control characters; null where it can't be known.</summary>
    public string? ProcessName => _local?.Conflict?.ProcessName;

    /// <summary>
    /// The state of the socket that holds a port in use, the name of a <see cref="PortHolderState"/>: Listen or Bound of a server, another
    /// of a connection whose own port it is; null where it can't be known.
    /// </summary>
    public string? HolderState => _local?.Conflict?.State?.ToString();

    /// <summary>Details in words; null when Status is enough.</summary>
    public string? Detail { get; internal init; }

    /// <summary>Whether the test before, of one that is repeated, found something else, or there was none.</summary>
    public bool IsChange() => !_isAsBefore;

    /// <summary>What was found.</summary>
    public PortStatus GetStatus() => _status;

    /// <summary>The protocol tested.</summary>
    public SocketProtocol GetProtocol() => _protocol;

    /// <summary>The address a server that takes this result is to listen on: the one that was chosen for a local test; null when none was, or the test was not local.</summary>
    public string? GetChosenAddress() => _local?.ChosenAddress;

    /// <summary>Whether a status answers the question of a local test.</summary>
    /// <param name="status">The status.</param>
    public static bool IsLocal(PortStatus status) => status <= PortStatus.AddressNotAvailable;

    /// <summary>Whether it is what a wait for a port waits for.</summary>
    /// <param name="goal">The goal.</param>
    public bool Meets(PortGoal goal) => goal switch
    {
        PortGoal.Open => _status == PortStatus.Open,
        PortGoal.Closed => PortStatuses.IsGone(_status),
        PortGoal.Free => _status == PortStatus.Available,
        _ => _status == PortStatus.InUse,
    };

    /// <summary>The error of a wait that ran out with this result, which is the error's target.</summary>
    /// <param name="goal">What was waited for.</param>
    /// <param name="time">How long.</param>
    public SocketToolsException ToWaitError(PortGoal goal, TimeSpan time)
    {
        var text = Messages.Get("PortWaitTimeout", EndPointText.Of(ComputerName, Port), goal, time.TotalSeconds, Status);
        return new SocketToolsException(SocketToolsError.WaitTimeout, Detail is null ? text : $"{text} {Detail}", this);
    }

    /// <summary>The status and where, for a debugger or a string.</summary>
    public override string ToString() => $"{OutsideText.Clean(EndPointText.Of(ComputerName, Port))} {Status}";

    /// <summary>What was asked of the connection.</summary>
    internal PortVerification Verified
    {
        init => _verified = value;
    }

    /// <summary>The number of the attempt, for the initializers of tests.</summary>
    internal int AttemptNumber
    {
        init => Attempt = value;
    }

    /// <summary>The same, as the result of one of many tests.</summary>
    internal PortAvailability AsRepeated(int number, PortAvailability? before)
    {
        var result = (PortAvailability)MemberwiseClone();
        result.Attempt = number;
        var status = before is not null && before._status != _status ? before.Status : null;
        var address = before is not null && before.Address != Address ? before.Address : null;
        result._before = status is null && address is null ? null : new TestBefore(status, address);
        result._isAsBefore = before is not null && result._before is null;
        return result;
    }

    /// <summary>What a local test found beside the status.</summary>
    internal LocalFinding? Local
    {
        init => _local = value;
    }

    /// <summary>What a local test found beside the status.</summary>
    /// <param name="Conflict">The socket in the way; null where there is none.</param>
    /// <param name="ChosenAddress">The address that was chosen; null when none was.</param>
    internal sealed record LocalFinding(BindConflict? Conflict, string? ChosenAddress);

    private sealed record TestBefore(string? Status, string? Address);
}
