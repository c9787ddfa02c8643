using System.Net;
using PSSocketTools.Net;
using PSSocketTools.Ports.Probing;

namespace PSSocketTools.Ports;

/// <summary>The probe of one port of one computer. Only the loop's thread uses it, except for the result.</summary>
internal class Probe(ResolvableName host, int port)
{
    private Course? _course;

    public ResolvableName Host { get; } = host;

    public int Port { get; } = port;

    /// <summary>The result; null while the probe runs. Guarded by the scan's lock.</summary>
    public PortAvailability? Result { get; set; }

    /// <summary>Why the name has no addresses yet, in a scan that waits.</summary>
    public string? WhyNoAddress
    {
        get => _course?.WhyNoAddress;
        set
        {
            if (value is not null || _course is not null)
            {
                Lasting.WhyNoAddress = value;
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
    /// <param name="check">What it asks of the server; null for nothing.</param>
    public ProbeAttempt NextAttempt(IPAddress address, TimeSpan retryDelay, ProbeCheck? check) =>
        new(address, Port, this) { Number = ++Attempts, RetryDelay = retryDelay, Check = check };

    /// <summary>Whether a connection is there whose check goes on.</summary>
    public bool IsChecking => Pending?.Exists(static attempt => attempt.IsConnected) is true;

    /// <summary>Whether its time was over while a check went on, which it then waits for.</summary>
    public bool IsOverdue
    {
        get => _course is { IsOverdue: true };
        set => Lasting.IsOverdue = value;
    }

    /// <summary>All the addresses its name has, in a scan that waits for ports to close.</summary>
    public IPAddress[] AllAddresses
    {
        get => _course?.AllAddresses ?? [];
        set => Lasting.AllAddresses = value;
    }

    /// <summary>What the last attempt on each address came to, in a scan that waits for ports to close.</summary>
    public Dictionary<IPAddress, PortStatus> Outcomes => Lasting.Outcomes ??= [];

    /// <summary>The scheduled retries; null unless the scan waits for ports to open.</summary>
    public List<Retry>? Retries
    {
        get => _course?.Retries;
        set => Lasting.Retries = value;
    }

    /// <summary>Whether an address has a pending attempt or a scheduled retry.</summary>
    public bool HasAttemptOn(IPAddress address) =>
        Pending?.Exists(attempt => attempt.Address.Equals(address)) is true || Retries?.Exists(retry => retry.Last.Address.Equals(address)) is true;

    /// <summary>How many attempts wait for a free descriptor.</summary>
    public int Postponed
    {
        get => _course?.Postponed ?? 0;
        set => Lasting.Postponed = value;
    }

    /// <summary>The failed attempt with the most informative error so far.</summary>
    public ProbeAttempt? Best { get; set; }

    public bool IsDone { get; set; }

    public LinkedListNode<Timed<Probe>>? Deadline
    {
        get => _course?.Deadline;
        set => Lasting.Deadline = value;
    }

    public LinkedListNode<Timed<Probe>>? NextAttemptDelay
    {
        get => _course?.NextAttemptDelay;
        set => Lasting.NextAttemptDelay = value;
    }

    private Course Lasting => _course ??= new Course();

    /// <summary>What a probe has that does not end at once, which most of a fast scan do.</summary>
    private sealed class Course
    {
        public string? WhyNoAddress { get; set; }

        public bool IsOverdue { get; set; }

        public IPAddress[] AllAddresses { get; set; } = [];

        public Dictionary<IPAddress, PortStatus>? Outcomes { get; set; }

        public List<Retry>? Retries { get; set; }

        public int Postponed { get; set; }

        public LinkedListNode<Timed<Probe>>? Deadline { get; set; }

        public LinkedListNode<Timed<Probe>>? NextAttemptDelay { get; set; }
    }
}
