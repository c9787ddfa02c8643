using System.Diagnostics;
using System.Management.Automation;
using System.Text.RegularExpressions;
using PSSocketTools.Binding;
using PSSocketTools.Completion;
using PSSocketTools.Resources;

namespace PSSocketTools.Commands;

/// <summary>Tells whether a server may listen on local ports, and who holds them; or whether ports of other computers are open.</summary>
[Cmdlet(VerbsDiagnostic.Test, "PortAvailability", DefaultParameterSetName = LocalSet)]
[OutputType(typeof(PortAvailability), typeof(bool))]
public sealed class TestPortAvailabilityCommand : SocketCommand
{
    private const string LocalSet = "Local";
    private const string RemoteSet = "Remote";
    private const int ProgressMilliseconds = 250;

    // The name of the view that groups by computer, in the module's format file.
    private const string ByComputer = "PSSocketTools.PortAvailability#ByComputer";

    // How long an answer may keep a record's successor waiting: no longer than the record itself was waited for.
    private static readonly TimeSpan MostPatience = TimeSpan.FromMilliseconds(50);

    private readonly List<PortAvailability> _due = [];
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private TimeSpan _progressAt = TimeSpan.FromSeconds(1);
    private TimeSpan _returnedAt;
    private bool _isComputerNamed;
    private bool _arePortsNamed;
    private PortScan? _scan;
    private SocketProtocol _scanProtocol;
    private double _total;
    private long _written;
    private bool _isProgressShown;
    private bool _isGrouped;
    private bool _areAllAvailable = true;

    /// <summary>The ports: numbers, ranges ('1-1024', 8000..8100), service names ('https').</summary>
    [Parameter(ParameterSetName = LocalSet, Position = 0, ValueFromPipeline = true)]
    [Parameter(ParameterSetName = RemoteSet, Position = 0, ValueFromPipelineByPropertyName = true)]
    [PortTransformation(TakesComputers = true)]
    [ArgumentCompleter(typeof(ServiceNameCompleter))]
    public PortRange[]? Port { get; set; }

    /// <summary>The address to listen on: one of this machine's, localhost (both loopback ones), or Any (all of them).</summary>
    [Parameter(ParameterSetName = LocalSet)]
    [TrimTransformation]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(LocalAddressCompleter))]
    [PSDefaultValue(Value = LocalPortTest.DefaultAddress)]
    public string Address { get; set; } = LocalPortTest.DefaultAddress;

    /// <summary>The computers: names, addresses, and blocks of addresses ('127.0.0.0/28').</summary>
    [Parameter(ParameterSetName = RemoteSet, Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ComputerNameTransformation]
    public string[]? ComputerName { get; set; }

    /// <summary>What came down the pipeline beside a computer's name, to tell what can't be meant.</summary>
    [Parameter(ParameterSetName = RemoteSet, ValueFromPipeline = true, DontShow = true)]
    public PSObject? InputObject { get; set; }

    /// <summary>Tcp, or Udp.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [PSDefaultValue(Value = PortScanOptions.DefaultProtocol)]
    public SocketProtocol Protocol { get; set; } = PortScanOptions.DefaultProtocol;

    /// <summary>How many seconds a probe may go without an answer, resolving the name included; fractions are fine.</summary>
    [Parameter(ParameterSetName = RemoteSet)]
    [ValidateRange(PortScanOptions.LowestTimeoutSeconds, PortScanOptions.HighestTimeoutSeconds)]
    [PSDefaultValue(Value = PortScanOptions.DefaultTimeoutSeconds)]
    public double TimeoutSec { get; set; } = PortScanOptions.DefaultTimeoutSeconds;

    /// <summary>How many probes may be under way at once.</summary>
    [Parameter(ParameterSetName = RemoteSet)]
    [ValidateRange(PortScanOptions.LowestThrottleLimit, PortScanOptions.HighestThrottleLimit)]
    [PSDefaultValue(Value = PortScanOptions.DefaultThrottleLimit)]
    public int ThrottleLimit { get; set; } = PortScanOptions.DefaultThrottleLimit;

    /// <summary>Only these results.</summary>
    [Parameter]
    public PortStatus[]? Status { get; set; }

    /// <summary>Waits until the port is open; of a local one, until it is free.</summary>
    [Parameter]
    public SwitchParameter Wait { get; set; }

    /// <summary>How many seconds to wait; without it, -Wait has no limit.</summary>
    [Parameter]
    [ValidateRange(PortScanOptions.LowestWaitSeconds, PortScanOptions.HighestWaitSeconds)]
    public double WaitSec { get; set; }

    /// <summary>A Boolean instead of results: whether all are available.</summary>
    [Parameter]
    public SwitchParameter Quiet { get; set; }

    private bool HasWaitLimit => MyInvocation.BoundParameters.ContainsKey(nameof(WaitSec));

    private TimeSpan? WaitFor => HasWaitLimit ? AtLeastATick(TimeSpan.FromSeconds(WaitSec)) : Wait ? TimeSpan.Zero : null;

    /// <summary>The shortest limit there is for one of zero or less, since zero means no limit.</summary>
    private static TimeSpan AtLeastATick(TimeSpan limit) => limit > TimeSpan.Zero ? limit : TimeSpan.FromTicks(1);

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        _isComputerNamed = MyInvocation.BoundParameters.ContainsKey(nameof(ComputerName));
        _arePortsNamed = MyInvocation.BoundParameters.ContainsKey(nameof(Port));
        _returnedAt = _clock.Elapsed;
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (Quiet && !_areAllAvailable)
        {
            return;
        }

        var patience = _clock.Elapsed - _returnedAt;
        try
        {
            if (ParameterSetName == LocalSet)
            {
                TestLocal(Address, Port ?? throw new SocketToolsException(SocketToolsError.InvalidOption, Messages.Get("TestWhat"), nameof(Port)));
            }
            else if (InputObject?.BaseObject is PortAvailability earlier && PortAvailability.IsLocal(earlier.GetStatus())
                && !_isComputerNamed && !_arePortsNamed)
            {
                TestLocal(earlier.GetStatus() == PortStatus.Available ? earlier.Address! : Address, [new PortRange(earlier.Port)]);
            }
            else
            {
                RequireMeaning();
                Scan(patience < MostPatience ? patience : MostPatience);
            }
        }
        catch (SocketToolsException exception) when (InputObject is not null && !_isComputerNamed && exception.Error == SocketToolsError.InvalidOption)
        {
            // What one input can't be tested for says nothing of the next.
            WriteError(exception);
        }
        catch (SocketToolsException exception)
        {
            ThrowTerminating(exception);
        }
        catch (OperationCanceledException)
        {
            throw new PipelineStoppedException();
        }
        finally
        {
            _returnedAt = _clock.Elapsed;
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        try
        {
            FinishScan();
        }
        catch (SocketToolsException exception)
        {
            ThrowTerminating(exception);
        }
        catch (OperationCanceledException)
        {
            throw new PipelineStoppedException();
        }

        if (Quiet)
        {
            WriteObject(_areAllAvailable);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _scan?.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <summary>Refuses what the pipeline brought and no parameter could use, with the way to write what may have been meant.</summary>
    private void RequireMeaning()
    {
        var computer = string.Join(",", ComputerName!);
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
            var withPort = Regex.Match(computer, @"^(\[(?<name>[^\[\]]+)\]|(?<name>[^:,\[\]]+)):(?<port>\w+)$");
            throw new SocketToolsException(
                SocketToolsError.InvalidOption,
                withPort.Success ? Messages.Get("PortMissing", withPort.Groups["name"], withPort.Groups["port"]) : Messages.Get("PortMissing", computer, 80),
                computer);
        }
    }

    private void TestLocal(string address, PortRange[] ranges)
    {
        FinishScan();
        var test = new LocalPortTest(address, Protocol)
        {
            IsAddressChosen = MyInvocation.BoundParameters.ContainsKey(nameof(Address)),
            Trace = IsVerbose ? WriteVerbose : null,
        };
        var until = _clock.Elapsed + WaitFor;
        _total += ranges.Sum(range => range.Count);
        foreach (var port in ranges.SelectMany(range => range.Ports()))
        {
            StopToken.ThrowIfCancellationRequested();
            Write(until is null ? test.Test(port, StopToken)
                : test.WaitUntilAvailable(port, HasWaitLimit ? AtLeastATick(until.Value - _clock.Elapsed) : TimeSpan.Zero, StopToken));
            if (Quiet && !_areAllAvailable)
            {
                return;
            }

            ShowProgress();
        }

        HideProgress();
    }

    private void Scan(TimeSpan patience)
    {
        if (_scan is null || _scanProtocol != Protocol)
        {
            FinishScan();
            _scanProtocol = Protocol;
            _scan = new PortScan(
                new PortScanOptions
                {
                    Protocol = Protocol,
                    Timeout = TimeSpan.FromSeconds(TimeoutSec),
                    ThrottleLimit = ThrottleLimit,
                    WaitFor = WaitFor,
                    KeepsTrace = IsVerbose,
                },
                StopToken);
        }

        _total += PortScan.CountOf(ComputerName!, Port!);
        _isGrouped |= HasSeveral(ComputerName!, Port!);
        _scan.Add(ComputerName!, Port!);
        var until = _clock.Elapsed + patience;
        do
        {
            var left = (int)(until - _clock.Elapsed).TotalMilliseconds;
            WriteDue(_scan.HasRoom ? Math.Max(left, 0) : ProgressMilliseconds);
        }
        while (_scan is not null && (!_scan.HasRoom || (!_scan.IsIdle && _clock.Elapsed < until)));
    }

    private void FinishScan()
    {
        _scan?.Complete();
        while (_scan is { IsFinished: false })
        {
            WriteDue(ProgressMilliseconds);
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

    private void Write(PortAvailability result)
    {
        _written++;
        _areAllAvailable &= result.Available;
        if (!Quiet && (Status is null || Array.IndexOf(Status, result.GetStatus()) >= 0))
        {
            WriteObject(_isGrouped ? Grouped(result) : result);
        }
    }

    private static PSObject Grouped(PortAvailability result)
    {
        var grouped = new PSObject(result);
        grouped.TypeNames.Insert(0, ByComputer);
        return grouped;
    }

    // Of computers that come down the pipeline, the first does not know of the second.
    private bool HasSeveral(string[] computers, PortRange[] ports) =>
        PortScan.CountOf(computers, [new PortRange(1)]) > (_isComputerNamed ? 1 : 0) && PortScan.CountOf(["one"], ports) > 1;

    private void ShowProgress()
    {
        var elapsed = _clock.Elapsed;
        if (elapsed < _progressAt)
        {
            return;
        }

        _progressAt = elapsed + TimeSpan.FromMilliseconds(ProgressMilliseconds);
        _isProgressShown = true;
        var rate = _written / elapsed.TotalSeconds;
        WriteProgress(new ProgressRecord(0, Messages.Get("ProgressActivity"), Messages.Get("ProgressStatus", _written, _total, rate))
        {
            PercentComplete = (int)(100 * _written / _total),
            SecondsRemaining = rate > 0 ? (int)Math.Min((_total - _written) / rate, int.MaxValue) : -1,
        });
    }

    private void HideProgress()
    {
        if (_isProgressShown && !Stopping)
        {
            _isProgressShown = false;
            WriteProgress(new ProgressRecord(0, Messages.Get("ProgressActivity"), " ") { RecordType = ProgressRecordType.Completed });
        }
    }
}
