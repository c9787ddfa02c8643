using System.Management.Automation;
using PSSocketTools.Binding;
using PSSocketTools.Resources;

namespace PSSocketTools.Commands;

/// <content>How it tests, and writes what it finds.</content>
public sealed partial class TestPortAvailabilityCommand
{
    private static readonly string[] RemoteOnly =
    [
        nameof(Verify), nameof(TimeoutSec), nameof(ThrottleLimit), nameof(IPv4), nameof(IPv6), nameof(AllAddresses), nameof(SourceAddress),
    ];

    /// <summary>Refuses what the pipeline brought and no parameter could use, with the way to write what may have been meant.</summary>
    private void RequireMeaning()
    {
        if (ComputerName is null)
        {
            var port = Port is null ? InputObject?.ToString() ?? "7007" : string.Join(",", Port);
            throw new SocketToolsException(
                SocketToolsError.InvalidOption,
                RemoteOnly.FirstOrDefault(IsBound) is { } vain ? Messages.Get("NeedsComputer", vain, port) : Messages.Get("InputHasNoComputer", port),
                nameof(ComputerName));
        }

        var computer = string.Join(",", ComputerName);
        if (InputObject is { } input && _isComputerNamed && (_arePortsNamed || Port is null))
        {
            throw new SocketToolsException(
                SocketToolsError.InvalidOption,
                _arePortsNamed ? Messages.Get("InputHasNoPlace", input) : Messages.Get("PortFromPipelineWithComputer", computer, input),
                input);
        }

        if (Port is null)
        {
            // A port written behind the name, as in a URL, is the one that was meant.
            var (name, portBehind) = ComputerText.PortBehind(computer) ?? (computer, "80");
            throw new SocketToolsException(SocketToolsError.InvalidOption, Messages.Get("PortMissing", name, portBehind), computer);
        }
    }

    // One test for the ports that come one by one: it reads the system's sockets once for many of them.
    private LocalPortTest? _localTest;
    private string? _localAddress;

    private LocalPortTest LocalTest(string address, SocketProtocol protocol)
    {
        if (_localTest?.Protocol != protocol || _localAddress != address)
        {
            _localAddress = address;
            _localTest = new LocalPortTest(address, protocol)
            {
                IsAddressChosen = IsBound(nameof(Address)),
                Trace = IsVerbose ? WriteVerbose : null,
            };
        }

        return _localTest;
    }

    private void TestLocal(string address, PortRange[] ranges, SocketProtocol protocol)
    {
        _isLocal = true;
        var test = LocalTest(address, protocol);
        if (_watch is not null)
        {
            _watch.Add(test, ranges);
            return;
        }

        FinishScan();
        var until = _clock.Elapsed + RetryLimit;
        _progress.Total += ranges.Sum(range => range.Count);
        foreach (var port in ranges.SelectMany(range => range.Ports()))
        {
            StopToken.ThrowIfCancellationRequested();
            Write(until is null ? test.Test(port, StopToken)
                : test.WaitUntil(port, Goal, HasWaitLimit ? AtLeastATick(until.Value - _clock.Elapsed) : TimeSpan.Zero, StopToken));
            if (Quiet && !_areAllAvailable)
            {
                return;
            }

            ShowProgress();
        }

        HideProgress();
    }

    // A scan that may take longer than this is told to the user before it begins.
    private static readonly TimeSpan LongScan = TimeSpan.FromMinutes(10);

    private double _announced;
    private bool _isWarned;

    /// <summary>Warns once where a scan may take long: a prefix or a range that was mistyped is noticed before it has run for hours. Of one port the user has said how long.</summary>
    private void WarnOfLongScan(string[] computers, PortRange[] ports)
    {
        _announced += PortScan.CountOf(computers, ports);
        var each = RetryLimit ?? TimeSpan.FromSeconds(TimeoutSec);
        var minutes = _announced * each.TotalMinutes / ThrottleLimit;
        if (!_isWarned && _announced > 1 && minutes >= LongScan.TotalMinutes)
        {
            _isWarned = true;
            var (time, unit) = minutes < 120 ? (minutes, "min") : minutes < 60 * 48 ? (minutes / 60, "h") : (minutes / 60 / 24, "d");
            WriteWarning(Messages.Get("ScanIsLong", _announced, time, unit, ThrottleLimit));
        }
    }

    private void Scan(string[] computers, PortRange[] ports, SocketProtocol protocol, TimeSpan patience)
    {
        _isLocal = false;
        WarnOfLongScan(computers, ports);
        if (_watch is not null)
        {
            _watch.Add(computers, ports, ScanOptions(protocol));
            return;
        }

        if (_scan is null || _scanProtocol != protocol)
        {
            FinishScan();
            _scanProtocol = protocol;
            _scan = new PortScan(ScanOptions(protocol), StopToken);
        }

        _isGrouped |= HasSeveral(computers, ports);
        _progress.Total += _scan.Add(computers, ports);
        var until = _clock.Elapsed + patience;
        do
        {
            var left = (int)(until - _clock.Elapsed).TotalMilliseconds;
            WriteDue(_scan.HasRoom ? Math.Max(left, 0) : PortProgress.IntervalMilliseconds);
        }
        while (_scan is not null && (!_scan.HasRoom || (!_scan.IsIdle && _clock.Elapsed < until)));
    }

    private PortScanOptions ScanOptions(SocketProtocol protocol) => new()
    {
        Protocol = protocol,
        Timeout = TimeSpan.FromSeconds(TimeoutSec),
        ThrottleLimit = ThrottleLimit,
        RetryLimit = RetryLimit,
        Until = Goal,
        Verify = Verify,
        IPv4 = IPv4,
        IPv6 = IPv6,
        AllAddresses = AllAddresses,
        SourceAddress = SourceAddress,
        ResetsConnections = _watch is not null,
        KeepsTrace = IsVerbose,
    };

    private void FinishScan()
    {
        _scan?.Complete();
        while (_scan is { IsFinished: false })
        {
            WriteDue(PortProgress.IntervalMilliseconds);
        }

        EndScan();
    }

    private void EndScan()
    {
        _scan?.Dispose();
        _scan = null;
        HideProgress();
    }

    private void WriteDue(int milliseconds)
    {
        _due.Clear();
        _scan!.Read(_due, milliseconds);
        foreach (var step in _scan.TakeTrace())
        {
            WriteVerbose(step);
        }

        foreach (var result in _due)
        {
            Write(result);
        }

        if (Quiet && !_areAllAvailable)
        {
            EndScan();
        }
        else
        {
            ShowProgress();
        }
    }

    private void ShowProgress()
    {
        // What is repeated shows by itself that it goes on, unless it is only summed up.
        if (_watch is null || Summary)
        {
            _progress.Show(_watch is null ? null : () => Now(_watch.ToLastResults()));
        }
    }

    private void HideProgress()
    {
        if (!Stopping)
        {
            _progress.Hide();
        }
    }

    private void Write(PortAvailability result)
    {
        _progress.Done++;
        var isMet = result.Meets(Goal);
        _areAllAvailable &= isMet;
        if (RetryLimit is not null && !isMet)
        {
            if (!Quiet)
            {
                WriteError(result.ToWaitError(Goal, TimeSpan.FromSeconds(WaitSec)));
            }
        }
        else if (IsWanted(result))
        {
            WriteObject(PortAvailability.IsLocal(result.GetStatus()) ? result : Named(result, Verify == PortVerification.Greets ? Greets : _isGrouped ? ByComputer : Remote));
        }
    }

    private bool IsWanted(PortAvailability result) => !Quiet && (Status is null || Array.IndexOf(Status, result.GetStatus()) >= 0);

    /// <summary>A result, or a history, as the views are to show it.</summary>
    private PSObject Named(object result, string? view)
    {
        var named = new PSObject(result);
        if (AllAddresses)
        {
            named.TypeNames.Insert(0, result.GetType().FullName + ViewCell.EachAddress);
        }

        if (view is not null)
        {
            named.TypeNames.Insert(0, view);
        }

        return named;
    }

    // Of computers that come down the pipeline, the first does not know of the second.
    private bool HasSeveral(string[] computers, PortRange[] ports) =>
        PortScan.CountOf(computers, [new PortRange(1)]) > (_isComputerNamed ? 1 : 0) && PortScan.CountOf(["one"], ports) > 1;
}
