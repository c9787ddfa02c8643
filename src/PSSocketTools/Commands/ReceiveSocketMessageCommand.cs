using System.Diagnostics;
using System.Management.Automation;
using PSSocketTools.Binding;
using PSSocketTools.Completion;
using PSSocketTools.Resources;

namespace PSSocketTools.Commands;

/// <summary>Receive-SocketMessage: what servers send unsolicited, and responses that were not waited for.</summary>
[Cmdlet(VerbsCommunications.Receive, "SocketMessage", DefaultParameterSetName = ByCount, HelpUri = OnlinePages.Folder + "Receive-SocketMessage.md")]
[OutputType(typeof(SocketMessage))]
public sealed class ReceiveSocketMessageCommand : SocketCommand
{
    private const string ByCount = "Count";
    private const string ByAll = "All";
    private const int DefaultCount = 1;

    /// <summary>The sessions to receive from.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true)]
    [SessionTransformation]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(SessionCompleter))]
    public EchoSession[]? Session { get; set; }

    /// <summary>How many messages to wait for.</summary>
    [Parameter(ParameterSetName = ByCount)]
    [ValidateRange(1, int.MaxValue)]
    [PSDefaultValue(Value = DefaultCount)]
    public int Count { get; set; } = DefaultCount;

    /// <summary>Takes what is there now, and waits for nothing.</summary>
    [Parameter(ParameterSetName = ByAll, Mandatory = true)]
    public SwitchParameter All { get; set; }

    /// <summary>How long to wait for all of them, in seconds; without it, the session's response timeout for each. 0 is without end.</summary>
    [Parameter(ParameterSetName = ByCount)]
    [ValidateRange(0.0, TimeLimit.HighestSeconds)]
    public double? TimeoutSec { get; set; }

    /// <summary>Gives messages as bytes.</summary>
    [Parameter]
    public SwitchParameter AsBytes { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (Session is null)
        {
            ThrowTerminating(new SocketToolsException(SocketToolsError.InvalidOption, Messages.Get("ReceiveWhat"), nameof(Session)));
        }

        foreach (var session in Session!)
        {
            try
            {
                if (All)
                {
                    ReceiveAll(session);
                }
                else
                {
                    ReceiveCount(session);
                }
            }
            catch (SocketToolsException exception)
            {
                WriteError(exception);
            }
            catch (OperationCanceledException)
            {
                throw new PipelineStoppedException();
            }
        }
    }

    private void ReceiveAll(EchoSession session)
    {
        while (session.TryReceive(AsBytes) is { } message)
        {
            WriteObject(message);
        }
    }

    private void ReceiveCount(EchoSession session)
    {
        var clock = Stopwatch.StartNew();
        for (var received = 0; received < Count; received++)
        {
            WriteObject(session.Receive(Left(clock.Elapsed), AsBytes, StopToken));
        }
    }

    private TimeSpan? Left(TimeSpan elapsed)
    {
        if (TimeoutSec is not > 0)
        {
            return TimeoutSec is null ? null : TimeSpan.Zero;
        }

        var left = TimeSpan.FromSeconds(TimeoutSec.Value) - elapsed;
        // Zero would mean without end.
        return left > TimeSpan.Zero ? left : TimeSpan.FromTicks(1);
    }
}
