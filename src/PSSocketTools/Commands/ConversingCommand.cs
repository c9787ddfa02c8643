using System.Management.Automation;
using PSSocketTools.Binding;
using PSSocketTools.Completion;

namespace PSSocketTools.Commands;

/// <summary>What the cmdlets share that speak through sessions they are given, or through one of their own that ends with them.</summary>
public abstract class ConversingCommand : ConnectingCommand
{
    private EchoSession? _ownSession;

    /// <summary>The computer's name or address, for a session that ends with the command.</summary>
    [Parameter(ParameterSetName = ToComputer, Position = 1)]
    [TrimTransformation]
    [ValidateNotNullOrEmpty]
    [PSDefaultValue(Value = SessionOptions.DefaultComputerName)]
    public string ComputerName { get; set; } = SessionOptions.DefaultComputerName;

    /// <summary>The port.</summary>
    [Parameter(ParameterSetName = ToComputer, Position = 2)]
    [SinglePortTransformation(SuggestsOrder = true)]
    [ValidateRange(SessionOptions.LowestPort, SessionOptions.HighestPort)]
    [ArgumentCompleter(typeof(ServerPortCompleter))]
    public int Port { get; set; }

    /// <summary>A server that runs in this process, for a session that ends with the command.</summary>
    [Parameter(ParameterSetName = ToServer, Mandatory = true, Position = 1, ValueFromPipeline = true)]
    [ServerHereTransformation]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(ServerCompleter))]
    public EchoServer? Server { get; set; }

    /// <summary>Opens the session that ends with the command.</summary>
    /// <param name="responseTimeout">How long a response is waited for; null: what sessions have by default.</param>
    /// <exception cref="SocketToolsException">The server could not be reached; InvalidOption when it was not said which.</exception>
    protected EchoSession OpenOwnSession(TimeSpan? responseTimeout)
    {
        var options = ParameterSetName switch
        {
            ToServer => OptionsFor(Server!),
            ToSocketPath => OptionsFor(SocketPath!),
            ToComputer when IsBound(nameof(Port)) => OptionsFor(ComputerName, Port),
            ToComputer when IsBound(nameof(ComputerName)) => OptionsFor(SessionOptions.DefaultComputerName, LonePort.Read(ComputerName)),
            _ => throw LonePort.TargetMissing("TargetMissing"),
        };
        // Servers that come down the pipeline have a session each, one after the other.
        _ownSession?.Dispose();
        return _ownSession = Connect(options with { ResponseTimeout = responseTimeout ?? options.ResponseTimeout });
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _ownSession?.Dispose();
        }

        base.Dispose(disposing);
    }
}
