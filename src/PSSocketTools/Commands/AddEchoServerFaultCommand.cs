using System.Management.Automation;
using PSSocketTools.Binding;
using PSSocketTools.Completion;
using PSSocketTools.Resources;

namespace PSSocketTools.Commands;

/// <summary>Add-EchoServerFault: has running servers do something wrong on purpose, and says to which messages.</summary>
[Cmdlet(VerbsCommon.Add, "EchoServerFault", DefaultParameterSetName = nameof(Delay), SupportsShouldProcess = true, HelpUri = OnlinePages.Folder + "Add-EchoServerFault.md")]
[OutputType(typeof(EchoServerFault))]
public sealed class AddEchoServerFaultCommand : FaultSelectorCommand
{
    private const int DefaultFragmentDelay = 0;

    /// <summary>The servers: by name, with wildcards, by id, or the objects themselves.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(ServerNameOrIdCompleter))]
    public object[]? Server { get; set; }

    /// <summary>Waits so many milliseconds: a number, or a range as in '100-500'.</summary>
    [Parameter(ParameterSetName = nameof(Delay))]
    [DelayTransformation]
    [ValidateNotNull]
    public DelayRange? Delay { get; set; }

    /// <summary>Sends the response in fragments of so many bytes.</summary>
    [Parameter(ParameterSetName = nameof(FragmentBytes), Mandatory = true)]
    [ValidateRange(EchoServerFaultOptions.LowestFragmentBytes, EchoServerFaultOptions.HighestFragmentBytes)]
    public int FragmentBytes { get; set; }

    /// <summary>The pause between two fragments, in milliseconds: a number, or a range.</summary>
    [Parameter(ParameterSetName = nameof(FragmentBytes))]
    [DelayTransformation]
    [ValidateNotNull]
    [PSDefaultValue(Value = DefaultFragmentDelay)]
    public DelayRange FragmentDelay { get; set; } = new(DefaultFragmentDelay);

    /// <summary>Sends so many bytes of the response, and closes the connection (FIN).</summary>
    [Parameter(ParameterSetName = nameof(TruncateAfterBytes), Mandatory = true)]
    [ValidateRange(EchoServerFaultOptions.LowestTruncateAfterBytes, EchoServerFaultOptions.HighestTruncateAfterBytes)]
    public int TruncateAfterBytes { get; set; }

    /// <summary>Sends and handles nothing more, and keeps the connection open.</summary>
    [Parameter(ParameterSetName = nameof(Stall), Mandatory = true)]
    public SwitchParameter Stall { get; set; }

    /// <summary>Closes the connection (FIN).</summary>
    [Parameter(ParameterSetName = nameof(Disconnect), Mandatory = true)]
    public SwitchParameter Disconnect { get; set; }

    /// <summary>Resets the connection (RST).</summary>
    [Parameter(ParameterSetName = nameof(Reset), Mandatory = true)]
    public SwitchParameter Reset { get; set; }

    /// <summary>Inverts one byte of the response.</summary>
    [Parameter(ParameterSetName = nameof(Corrupt), Mandatory = true)]
    public SwitchParameter Corrupt { get; set; }

    /// <summary>Drops the datagram, or its response.</summary>
    [Parameter(ParameterSetName = nameof(Drop), Mandatory = true)]
    public SwitchParameter Drop { get; set; }

    /// <summary>Sends the response to a datagram twice.</summary>
    [Parameter(ParameterSetName = nameof(Duplicate), Mandatory = true)]
    public SwitchParameter Duplicate { get; set; }

    /// <summary>Where in the conversation it strikes.</summary>
    [Parameter]
    public FaultPoint At { get; set; }

    /// <summary>How many messages are spared first.</summary>
    [Parameter]
    [ValidateRange(EchoServerFaultOptions.LowestAfter, EchoServerFaultOptions.HighestAfter)]
    [PSDefaultValue(Value = EchoServerFaultOptions.DefaultAfter)]
    public long After { get; set; } = EchoServerFaultOptions.DefaultAfter;

    /// <summary>How often it strikes at most; 0 for as often as it can.</summary>
    [Parameter]
    [ValidateRange(EchoServerFaultOptions.LowestCount, EchoServerFaultOptions.HighestCount)]
    [PSDefaultValue(Value = EchoServerFaultOptions.DefaultCount)]
    public long Count { get; set; } = EchoServerFaultOptions.DefaultCount;

    /// <summary>Counts each connection by itself.</summary>
    [Parameter]
    public SwitchParameter PerConnection { get; set; }

    /// <summary>Which share of the messages it strikes.</summary>
    [Parameter]
    [ValidateRange(EchoServerFaultOptions.LowestPercent, EchoServerFaultOptions.HighestPercent)]
    [PSDefaultValue(Value = EchoServerFaultOptions.DefaultPercent)]
    public double Percent { get; set; } = EchoServerFaultOptions.DefaultPercent;

    /// <summary>What everything drawn depends on.</summary>
    [Parameter]
    [ValidateRange(EchoServerFaultOptions.LowestSeed, EchoServerFaultOptions.HighestSeed)]
    public int Seed { get; set; }

    /// <summary>The addresses and CIDR blocks whose clients it strikes; all by default.</summary>
    [Parameter]
    [TrimTransformation]
    [ValidateNotNullOrEmpty]
    public string[] From { get; set; } = [];

    /// <summary>Gives the faults out.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (Server is null)
        {
            ThrowTerminating(new SocketToolsException(SocketToolsError.InvalidOption, Messages.Get("FaultWhere"), nameof(Server)));
        }

        if (ToOptions() is not { } options)
        {
            ThrowTerminating(new SocketToolsException(SocketToolsError.InvalidOption, Messages.Get("FaultWhat"), nameof(Delay)));
            return;
        }

        foreach (var server in ResolveServers(Server!))
        {
            try
            {
                // What can't be done is told before anybody is asked, by -WhatIf too.
                server.RequireFault(options);
                if (ShouldProcess(server.ToString(), Messages.Get("ActionAddFault", ParameterSetName)) && server.AddFault(options) is var fault && PassThru)
                {
                    WriteObject(fault);
                }
            }
            catch (SocketToolsException exception)
            {
                WriteError(exception);
            }
        }
    }

    /// <summary>What was asked for; null when that is nothing.</summary>
    private EchoServerFaultOptions? ToOptions()
    {
        var options = new EchoServerFaultOptions
        {
            At = IsBound(nameof(At)) ? At : null,
            After = After,
            Count = Count,
            IsPerConnection = PerConnection,
            Percent = Percent,
            Seed = IsBound(nameof(Seed)) ? Seed : null,
            From = From,
        };
        return ParameterSetName switch
        {
            nameof(Delay) => Delay is null
                ? null
                : options with { Kind = FaultKind.Delay, MinDelayMilliseconds = Delay.Least, MaxDelayMilliseconds = Delay.Most },
            nameof(FragmentBytes) => options with
            {
                Kind = FaultKind.Fragment,
                FragmentBytes = FragmentBytes,
                MinFragmentDelayMilliseconds = FragmentDelay.Least,
                MaxFragmentDelayMilliseconds = FragmentDelay.Most,
            },
            nameof(TruncateAfterBytes) => options with { Kind = FaultKind.Truncate, TruncateAfterBytes = TruncateAfterBytes },
            nameof(Stall) => If(Stall, FaultKind.Stall),
            nameof(Disconnect) => If(Disconnect, FaultKind.Disconnect),
            nameof(Reset) => If(Reset, FaultKind.Reset),
            nameof(Corrupt) => If(Corrupt, FaultKind.Corrupt),
            nameof(Drop) => If(Drop, FaultKind.Drop),
            _ => If(Duplicate, FaultKind.Duplicate),
        };

        EchoServerFaultOptions? If(bool isWanted, FaultKind kind) => isWanted ? options with { Kind = kind } : null;
    }
}
