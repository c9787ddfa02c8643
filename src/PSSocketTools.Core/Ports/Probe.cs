using System.Net;
using PSSocketTools.Net;
using PSSocketTools.Ports.Probing;

namespace PSSocketTools.Ports;

/// <summary>The probe of one port of one computer. Only the loop's thread uses it, except for the result.</summary>
internal class Probe(ResolvableName host, int port)
{
    private RareState? _rare;

    /// <summary>The probe that an attempt belongs to.</summary>
    public static Probe Of(ProbeAttempt attempt) => (Probe)attempt.Owner;

    public ResolvableName Host { get; } = host;

    public int Port { get; } = port;

    /// <summary>The result; null while the probe runs. Guarded by the scan's lock.</summary>
    public PortAvailability? Result { get; set; }

    /// <summary>Why the name has no addresses yet, in a scan that waits.</summary>
    public string? WhyNoAddress
    {
        get => _rare?.WhyNoAddress;
        set
        {
            if (value is not null || _rare is not null)
            {
                Rare.WhyNoAddress = value;
            }
        }
    }

    /// <summary>How many attempts were made.</summary>
    public int Attempts { get; private set; }

    public IPAddress[] Addresses { get; set; } = [];

    /// <summary>The index of the next address to try.</summary>
    public int NextAddress { get; set; }

    public bool HasUntried => NextAddress < Addresses.Length;

    /// <summary>The pending attempts, at most one for an address; allocated with the first, which most probes of a fast scan never need.</summary>
    public List<ProbeAttempt>? Pending { get; set; }

    public bool HasPending => Pending is { Count: > 0 };

    /// <summary>Makes the next attempt.</summary>
    /// <param name="address">The address.</param>
    /// <param name="retryDelay">The delay to the attempt after it on the address, in a scan that waits.</param>
    /// <param name="check">What it verifies of the server; null for nothing.</param>
    public ProbeAttempt NextAttempt(IPAddress address, TimeSpan retryDelay, ProbeCheck? check) =>
        new(address, Port, this) { Number = ++Attempts, RetryDelay = retryDelay, Check = check };

    /// <summary>Whether a connection is established whose check is pending.</summary>
    public bool IsChecking => Pending?.Exists(static attempt => attempt.IsConnected) is true;

    /// <summary>Whether its time was over while a check was pending, which it then waits for.</summary>
    public bool IsOverdue
    {
        get => _rare is { IsOverdue: true };
        set => Rare.IsOverdue = value;
    }

    /// <summary>All the addresses its name has, in a scan that waits for ports to close.</summary>
    public IPAddress[] AllAddresses
    {
        get => _rare?.AllAddresses ?? [];
        set => Rare.AllAddresses = value;
    }

    /// <summary>The status that the last attempt on each address found, in a scan that waits for ports to close.</summary>
    public Dictionary<IPAddress, PortStatus> Outcomes => Rare.Outcomes ??= [];

    /// <summary>The scheduled retries; null unless the scan waits for ports to open.</summary>
    public List<ProbeTimers.ScheduledRetry>? Retries
    {
        get => _rare?.Retries;
        set => Rare.Retries = value;
    }

    /// <summary>Whether an address has a pending attempt or a scheduled retry.</summary>
    public bool HasAttemptOn(IPAddress address) =>
        Pending?.Exists(attempt => attempt.Address.Equals(address)) is true || Retries?.Exists(retry => retry.Last.Address.Equals(address)) is true;

    /// <summary>How many attempts wait for a free descriptor.</summary>
    public int Postponed
    {
        get => _rare?.Postponed ?? 0;
        set => Rare.Postponed = value;
    }

    /// <summary>The failed attempt with the most informative error so far.</summary>
    public ProbeAttempt? Best { get; set; }

    public bool IsDone { get; set; }

    /// <summary>Its place in the list of the probes' deadlines; null before its time has started.</summary>
    public LinkedListNode<ProbeTimers.Timed<Probe>>? DeadlineNode
    {
        get => _rare?.DeadlineNode;
        set => Rare.DeadlineNode = value;
    }

    /// <summary>Its place in the list of the attempts on a next address; null when none is scheduled.</summary>
    public LinkedListNode<ProbeTimers.Timed<Probe>>? NextAttemptNode
    {
        get => _rare?.NextAttemptNode;
        set => Rare.NextAttemptNode = value;
    }

    private RareState Rare => _rare ??= new RareState();

    /// <summary>State that a probe which ends at once, as most of a fast scan do, never needs: it is allocated with its first use.</summary>
    private sealed class RareState
    {
        public string? WhyNoAddress { get; set; }

        public bool IsOverdue { get; set; }

        public IPAddress[] AllAddresses { get; set; } = [];

        public Dictionary<IPAddress, PortStatus>? Outcomes { get; set; }

        public List<ProbeTimers.ScheduledRetry>? Retries { get; set; }

        public int Postponed { get; set; }

        public LinkedListNode<ProbeTimers.Timed<Probe>>? DeadlineNode { get; set; }

        public LinkedListNode<ProbeTimers.Timed<Probe>>? NextAttemptNode { get; set; }
    }
}
