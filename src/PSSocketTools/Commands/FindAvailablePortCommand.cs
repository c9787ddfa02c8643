using System.Management.Automation;
using PSSocketTools.Binding;
using PSSocketTools.Completion;

namespace PSSocketTools.Commands;

/// <summary>Finds ports a server may listen on; nobody else in this process is given them for a few seconds.</summary>
[Cmdlet(VerbsCommon.Find, "AvailablePort", HelpUri = OnlinePages.Folder + "Find-AvailablePort.md")]
[OutputType(typeof(PortAvailability))]
public sealed class FindAvailablePortCommand : SocketCommand
{
    private const int DefaultCount = 1;

    // Time enough to start the server the port was found for. The process has one list, for all its runspaces.
    private static readonly PortReservations HandedOut = new(TimeSpan.FromSeconds(5));

    /// <summary>Where to look, in order: ranges ('8000-9000', 8000..9000), numbers, service names. The system's ephemeral range, without it.</summary>
    [Parameter(Position = 0)]
    [ValidateNotNullOrEmpty]
    [PortRangesTransformation]
    [ArgumentCompleter(typeof(ServiceNameCompleter))]
    public PortRange[]? Port { get; set; }

    /// <summary>How many to find; all of them, or an error.</summary>
    [Parameter]
    [ValidateRange(1, PortRange.MaxPort)]
    [PSDefaultValue(Value = DefaultCount)]
    public int Count { get; set; } = DefaultCount;

    /// <summary>The address to listen on: one of this machine's, localhost (both loopback ones), or Any (all of them).</summary>
    [Parameter]
    [TrimTransformation]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(LocalAddressCompleter))]
    [PSDefaultValue(Value = LocalPortTest.DefaultAddress)]
    public string Address { get; set; } = LocalPortTest.DefaultAddress;

    /// <summary>Tcp, or Udp.</summary>
    [Parameter]
    [ValidateSet(nameof(SocketProtocol.Tcp), nameof(SocketProtocol.Udp))]
    [PSDefaultValue(Value = PortScanOptions.DefaultProtocol)]
    public SocketProtocol Protocol { get; set; } = PortScanOptions.DefaultProtocol;

    /// <summary>Looks in random order.</summary>
    [Parameter]
    public SwitchParameter Random { get; set; }

    /// <inheritdoc/>
    /// <remarks>It takes nothing from the pipeline, so that this runs once; where something comes that way, it is refused and this does not run.</remarks>
    protected override void ProcessRecord()
    {
        try
        {
            var test = new LocalPortTest(Address, Protocol) { IsAddressChosen = IsBound(nameof(Address)) };
            WriteObject(PortFinder.Find(test, Port, Count, HandedOut, Random, StopToken), enumerateCollection: true);
        }
        catch (SocketToolsException exception)
        {
            ThrowTerminating(exception);
        }
        catch (OperationCanceledException)
        {
            throw new PipelineStoppedException();
        }
    }
}
