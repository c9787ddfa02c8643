using System.Management.Automation;
using PSSocketTools.Binding;
using PSSocketTools.Completion;
using PSSocketTools.Lifetime;

namespace PSSocketTools.Commands;

/// <summary>Connect-EchoServer: a session with each server named.</summary>
[Cmdlet(VerbsCommunications.Connect, "EchoServer", DefaultParameterSetName = ToServer, HelpUri = OnlinePages.Folder + "Connect-EchoServer.md")]
[OutputType(typeof(EchoSession))]
public sealed class ConnectEchoServerCommand : ConnectingCommand
{
    /// <summary>The computers' names or addresses.</summary>
    [Parameter(ParameterSetName = ToComputer, Position = 0, ValueFromPipelineByPropertyName = true)]
    [TrimTransformation]
    [ValidateNotNullOrEmpty]
    [PSDefaultValue(Value = SessionOptions.DefaultComputerName)]
    public string[] ComputerName { get; set; } = [SessionOptions.DefaultComputerName];

    /// <summary>The ports: numbers, ranges ('7007-7009'), service names ('echo').</summary>
    [Parameter(ParameterSetName = ToComputer, Position = 1, ValueFromPipelineByPropertyName = true)]
    [PortRangesTransformation(SuggestsOrder = true)]
    [ArgumentCompleter(typeof(ServerPortCompleter))]
    public PortRange[]? Port { get; set; }

    /// <summary>Servers that run in this process.</summary>
    [Parameter(ParameterSetName = ToServer, Position = 0, ValueFromPipeline = true)]
    [ServerHereTransformation(IsBesidePort = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ServerCompleter))]
    public EchoServer[]? Server { get; set; }

    /// <summary>How long a response is waited for, in seconds; 0 is without end.</summary>
    [Parameter]
    [ValidateRange(SessionOptions.LowestResponseTimeoutSeconds, SessionOptions.HighestResponseTimeoutSeconds)]
    [PSDefaultValue(Value = SessionOptions.DefaultResponseTimeoutSeconds)]
    public double ResponseTimeoutSec { get; set; } = SessionOptions.DefaultResponseTimeoutSeconds;

    /// <summary>The session's name.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Name { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        IEnumerable<Func<SessionOptions>> targets = [];
        try
        {
            targets = Targets();
        }
        catch (SocketToolsException exception)
        {
            ThrowTerminating(exception);
        }

        foreach (var target in targets)
        {
            try
            {
                var options = target();
                var id = Running.Sessions.NextId();
                var session = Connect(options with
                {
                    Id = id,
                    Name = Name ?? "Session" + id.ToString(System.Globalization.CultureInfo.InvariantCulture),
                    ResponseTimeout = TimeSpan.FromSeconds(ResponseTimeoutSec),
                });
                Running.Add(session);
                WriteObject(session);
            }
            catch (SocketToolsException exception)
            {
                WriteError(exception);
            }
        }
    }

    /// <summary>What to connect to, each asked for its options in its turn, so that one that can't be had keeps no other from it.</summary>
    private IEnumerable<Func<SessionOptions>> Targets() => ParameterSetName switch
    {
        ToServer when Server is not null => Server.Select<EchoServer, Func<SessionOptions>>(server => () => OptionsFor(server)),
        ToSocketPath => [() => OptionsFor(SocketPath!)],
        ToComputer when Port is not null => Targets(ComputerName, Port),
        ToComputer when IsBound(nameof(ComputerName)) => Targets([SessionOptions.DefaultComputerName], LonePort.ReadSeveral(ComputerName)),
        _ => throw LonePort.TargetMissing("ConnectWhat"),
    };

    private IEnumerable<Func<SessionOptions>> Targets(string[] computers, PortRange[] ports) => computers.SelectMany(
        computer => ports.SelectMany(static range => range.Ports()).Select<int, Func<SessionOptions>>(port => () => OptionsFor(computer, port)));
}
