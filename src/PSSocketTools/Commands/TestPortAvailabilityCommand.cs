using System.Diagnostics;
using System.Management.Automation;
using PSSocketTools.Binding;
using PSSocketTools.Completion;
using PSSocketTools.Resources;

namespace PSSocketTools.Commands;

/// <summary>Tells whether a server may listen on local ports, and who holds them; or whether ports of other computers are open.</summary>
[Cmdlet(VerbsDiagnostic.Test, "PortAvailability", DefaultParameterSetName = LocalSet, HelpUri = OnlinePages.Folder + "Test-PortAvailability.md")]
[OutputType(typeof(PortAvailability), typeof(PortHistory), typeof(bool))]
public sealed partial class TestPortAvailabilityCommand : SocketCommand
{
    private const string LocalSet = "Local";
    private const string RemoteSet = "Remote";

    // The names of the views that group by computer and that show greetings, in the module's format file.
    private const string Remote = "PSSocketTools.PortAvailability#Remote";
    private const string Greets = "PSSocketTools.PortAvailability#Greets";
    private const string ByComputer = "PSSocketTools.PortAvailability#ByComputer";

    // How long an answer may keep a record's successor waiting: no longer than the record itself was waited for.
    private static readonly TimeSpan MostPatience = TimeSpan.FromMilliseconds(50);

    private readonly List<PortAvailability> _due = [];
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly PortProgress _progress;
    private TimeSpan _returnedAt;
    private bool _isComputerNamed;
    private bool _arePortsNamed;
    private PortScan? _scan;
    private SocketProtocol _scanProtocol;
    private bool _isGrouped;
    private bool _isLocal;
    private bool _areAllAvailable = true;

    /// <summary>The ports: numbers, ranges ('1-1024', 8000..8100), service names ('https').</summary>
    [Parameter(ParameterSetName = LocalSet, Position = 0, ValueFromPipeline = true)]
    [Parameter(ParameterSetName = RemoteSet, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [PortRangesTransformation(SuggestsComputer = true)]
    [ArgumentCompleter(typeof(ServiceNameCompleter))]
    public PortRange[]? Port { get; set; }

    /// <summary>The address to listen on: one of this machine's, localhost (both loopback ones), or Any (all of them).</summary>
    [Parameter(ParameterSetName = LocalSet)]
    [TrimTransformation]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(LocalAddressCompleter))]
    [PSDefaultValue(Value = LocalPortTest.DefaultAddress)]
    public string Address { get; set; } = LocalPortTest.DefaultAddress;

    /// <summary>The computers: names, addresses, blocks of addresses ('127.0.0.0/28') and ranges of them ('127.0.0.1-20').</summary>
    [Parameter(ParameterSetName = RemoteSet, Position = 1, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
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

    /// <summary>Waits until the port is open; of a local one, until it is free; or until what -Until says.</summary>
    [Parameter]
    public SwitchParameter Wait { get; set; }

    /// <summary>How many seconds to wait; without it, -Wait has no limit.</summary>
    [Parameter]
    [ValidateRange(PortScanOptions.LowestWaitSeconds, PortScanOptions.HighestWaitSeconds)]
    public double WaitSec { get; set; }

    /// <summary>What is waited for: Open or Closed, or of a local port Free or InUse.</summary>
    [Parameter]
    public PortGoal Until { get; set; }

    /// <summary>What is asked of a connection, beside that it is accepted.</summary>
    [Parameter(ParameterSetName = RemoteSet)]
    [PSDefaultValue(Value = PortScanOptions.DefaultVerify)]
    public PortVerification Verify { get; set; } = PortScanOptions.DefaultVerify;

    /// <summary>Tests IPv4 addresses alone.</summary>
    [Parameter(ParameterSetName = RemoteSet)]
    public SwitchParameter IPv4 { get; set; }

    /// <summary>Tests IPv6 addresses alone.</summary>
    [Parameter(ParameterSetName = RemoteSet)]
    public SwitchParameter IPv6 { get; set; }

    /// <summary>Gives a result for each address of a name.</summary>
    [Parameter(ParameterSetName = RemoteSet)]
    public SwitchParameter AllAddresses { get; set; }

    /// <summary>The address of this machine to test from.</summary>
    [Parameter(ParameterSetName = RemoteSet)]
    [TrimTransformation]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(SourceAddressCompleter))]
    public string? SourceAddress { get; set; }

    /// <summary>How many times each port is tested.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int Count { get; set; }

    /// <summary>Tests again and again, until Ctrl+C.</summary>
    [Parameter]
    public SwitchParameter Repeat { get; set; }

    /// <summary>How many seconds lie between the starts of two tests of a port.</summary>
    [Parameter]
    [ValidateRange(PortWatch.LowestIntervalSeconds, PortWatch.HighestIntervalSeconds)]
    [PSDefaultValue(Value = PortWatch.DefaultIntervalSeconds)]
    public double IntervalSec { get; set; } = PortWatch.DefaultIntervalSeconds;

    /// <summary>Writes the first result of each port, and then those alone that differ from the one before.</summary>
    [Parameter]
    public SwitchParameter ChangesOnly { get; set; }

    /// <summary>Writes a history of each port, in place of results.</summary>
    [Parameter]
    public SwitchParameter Summary { get; set; }

    /// <summary>A Boolean instead of results: whether all are available.</summary>
    [Parameter]
    public SwitchParameter Quiet { get; set; }

    private bool HasWaitLimit => IsBound(nameof(WaitSec));

    private TimeSpan? RetryLimit => HasWaitLimit ? AtLeastATick(TimeSpan.FromSeconds(WaitSec)) : Wait || IsBound(nameof(Until)) ? TimeSpan.Zero : null;

    // A local port is asked for what a server needs, and a remote one for what a client needs.
    private PortGoal Goal => IsBound(nameof(Until)) ? Until : _isLocal ? PortGoal.Free : PortGoal.Open;


    /// <summary>The shortest limit there is for one of zero or less, since zero means no limit.</summary>
    private static TimeSpan AtLeastATick(TimeSpan limit) => limit > TimeSpan.Zero ? limit : TimeSpan.FromTicks(1);

    /// <summary>Makes the command.</summary>
    public TestPortAvailabilityCommand() => _progress = new PortProgress(WriteProgress);

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        _isComputerNamed = IsBound(nameof(ComputerName));
        _arePortsNamed = IsBound(nameof(Port));
        _returnedAt = _clock.Elapsed;
        try
        {
            BeginRepeating();
        }
        catch (SocketToolsException exception)
        {
            ThrowTerminating(exception);
        }
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
                TestLocal(Address, Port ?? throw new SocketToolsException(SocketToolsError.InvalidOption, Messages.Get("TestWhat"), nameof(Port)), Protocol);
            }
            else if (InputObject?.BaseObject is PortAvailability earlier && PortAvailability.IsLocal(earlier.GetStatus())
                && !_isComputerNamed && !_arePortsNamed)
            {
                TestLocal(earlier.GetStatus() == PortStatus.Available ? earlier.Address! : Address, [new PortRange(earlier.Port)], Protocol);
            }
            else
            {
                RequireMeaning();
                Scan(ComputerName!, Port!, Protocol, patience < MostPatience ? patience : MostPatience);
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
            if (_watch is not null)
            {
                RunWatch(_watch);
            }

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
            _watch?.Dispose();
        }

        base.Dispose(disposing);
    }
}
