using System.Collections.Concurrent;
using System.Management.Automation;
using PSSocketTools.Binding;
using PSSocketTools.Completion;
using PSSocketTools.Resources;

namespace PSSocketTools.Commands;

/// <summary>Measure-EchoServer: load on a server, its throughput and the latencies of its responses.</summary>
[Cmdlet(VerbsDiagnostic.Measure, "EchoServer", DefaultParameterSetName = ToServer, HelpUri = OnlinePages.Folder + "Measure-EchoServer.md")]
[OutputType(typeof(EchoMeasurement))]
public sealed class MeasureEchoServerCommand : ConnectingCommand
{
    private const double DatagramTimeoutSeconds = 1;

    /// <summary>The steps of the first connection: it connects on a thread of its own, and only the pipeline's thread may write.</summary>
    private readonly ConcurrentQueue<ConnectStep> _steps = new();

    /// <summary>The computer's name or address.</summary>
    [Parameter(ParameterSetName = ToComputer, Position = 0)]
    [TrimTransformation]
    [ValidateNotNullOrEmpty]
    [PSDefaultValue(Value = SessionOptions.DefaultComputerName)]
    public string ComputerName { get; set; } = SessionOptions.DefaultComputerName;

    /// <summary>The port.</summary>
    [Parameter(ParameterSetName = ToComputer, Position = 1)]
    [SinglePortTransformation(SuggestsOrder = true)]
    [ValidateRange(SessionOptions.LowestPort, SessionOptions.HighestPort)]
    [ArgumentCompleter(typeof(ServerPortCompleter))]
    public int Port { get; set; }

    /// <summary>Servers that run in this process.</summary>
    [Parameter(ParameterSetName = ToServer, Position = 0, ValueFromPipeline = true)]
    [ServerHereTransformation]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ServerCompleter))]
    public EchoServer[]? Server { get; set; }

    /// <summary>Sessions to use as they are, each for a measurement of its own.</summary>
    [Parameter(ParameterSetName = BySession, Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(SessionCompleter))]
    public EchoSession[]? Session { get; set; }

    /// <summary>Connections at once.</summary>
    [Parameter(ParameterSetName = ToComputer)]
    [Parameter(ParameterSetName = ToSocketPath)]
    [Parameter(ParameterSetName = ToServer)]
    [ValidateRange(EchoLoadOptions.LowestConnections, EchoLoadOptions.HighestConnections)]
    [PSDefaultValue(Value = EchoLoadOptions.DefaultConnections)]
    public int Connections { get; set; } = EchoLoadOptions.DefaultConnections;

    /// <summary>Messages in flight on each connection.</summary>
    [Parameter]
    [ValidateRange(EchoLoadOptions.LowestWindow, EchoLoadOptions.HighestWindow)]
    [PSDefaultValue(Value = EchoLoadOptions.DefaultWindow)]
    public int Window { get; set; } = EchoLoadOptions.DefaultWindow;

    /// <summary>Bytes of each message.</summary>
    [Parameter]
    [ValidateRange(EchoLoadOptions.LowestMessageSize, EchoLoadOptions.HighestMessageSize)]
    [PSDefaultValue(Value = EchoLoadOptions.DefaultMessageSize)]
    public int MessageSize { get; set; } = EchoLoadOptions.DefaultMessageSize;

    /// <summary>How long to measure, in seconds.</summary>
    [Parameter]
    [ValidateRange(EchoLoadOptions.LowestDurationSeconds, EchoLoadOptions.HighestDurationSeconds)]
    [PSDefaultValue(Value = EchoLoadOptions.DefaultDurationSeconds)]
    public double DurationSec { get; set; } = EchoLoadOptions.DefaultDurationSeconds;

    /// <summary>How many messages to send in all, in place of a duration.</summary>
    [Parameter]
    [Alias("Messages")]
    [ValidateRange(EchoLoadOptions.LowestCount, EchoLoadOptions.HighestCount)]
    public long Count { get; set; }

    /// <summary>How many messages a second to send over all connections, each at its moment.</summary>
    [Parameter]
    [ValidateRange(EchoLoadOptions.LowestRate, EchoLoadOptions.HighestRate)]
    public double Rate { get; set; }

    /// <summary>How long to run before anything counts, in seconds.</summary>
    [Parameter]
    [ValidateRange(EchoLoadOptions.LowestWarmupSeconds, EchoLoadOptions.HighestWarmupSeconds)]
    [PSDefaultValue(Value = EchoLoadOptions.DefaultWarmupSeconds)]
    public double WarmupSec { get; set; } = EchoLoadOptions.DefaultWarmupSeconds;

    /// <summary>How often to give out what was measured since the last time, in seconds.</summary>
    [Parameter]
    [ValidateRange(EchoLoadOptions.LowestIntervalSeconds, EchoLoadOptions.HighestIntervalSeconds)]
    public double IntervalSec { get; set; }

    /// <summary>How long a response is waited for, in seconds; 0 is without end.</summary>
    [Parameter]
    [ValidateRange(SessionOptions.LowestResponseTimeoutSeconds, SessionOptions.HighestResponseTimeoutSeconds)]
    [PSDefaultValue(Value = SessionOptions.DefaultResponseTimeoutSeconds)]
    public double ResponseTimeoutSec { get; set; } = SessionOptions.DefaultResponseTimeoutSeconds;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (IsBound(nameof(Count)) && IsBound(nameof(DurationSec)))
        {
            ThrowTerminating(new SocketToolsException(SocketToolsError.InvalidOption, Messages.Get("CountOrDuration")));
        }

        IEnumerable<Func<EchoLoadOptions>> loads = [];
        try
        {
            loads = Loads();
        }
        catch (SocketToolsException exception)
        {
            ThrowTerminating(exception);
        }

        foreach (var load in loads)
        {
            try
            {
                Measure(Complete(load()));
            }
            catch (SocketToolsException exception)
            {
                WriteError(exception);
            }
        }
    }

    private EchoLoadOptions Complete(EchoLoadOptions options) => options with
    {
        Window = IsBound(nameof(Window)) || !IsBound(nameof(Rate)) || !EchoLoadOptions.TakesWindow(options.Target) ? Window : EchoLoadOptions.DefaultWindowAtRate,
        MessageSize = MessageSize,
        Duration = TimeSpan.FromSeconds(DurationSec),
        Count = IsBound(nameof(Count)) ? Count : null,
        Rate = IsBound(nameof(Rate)) ? Rate : null,
        Warmup = TimeSpan.FromSeconds(WarmupSec),
        Interval = IsBound(nameof(IntervalSec)) ? TimeSpan.FromSeconds(IntervalSec) : null,
    };

    /// <summary>What to measure, each asked for its options in its turn, so that one that can't be had keeps no other from it.</summary>
    private IEnumerable<Func<EchoLoadOptions>> Loads() => ParameterSetName switch
    {
        BySession => Session!.Select<EchoSession, Func<EchoLoadOptions>>(session => () => LoadOn(session)),
        ToServer when Server is not null => Server.Select<EchoServer, Func<EchoLoadOptions>>(server => () => LoadOn(OptionsFor(server))),
        ToSocketPath => [() => LoadOn(OptionsFor(SocketPath!))],
        ToComputer when IsBound(nameof(Port)) => [() => LoadOn(OptionsFor(ComputerName, Port))],
        ToComputer when IsBound(nameof(ComputerName)) && LonePort.Read(ComputerName) is var port => [() => LoadOn(OptionsFor(SessionOptions.DefaultComputerName, port))],
        _ => throw LonePort.TargetMissing("TargetMissing"),
    };

    private EchoLoadOptions LoadOn(EchoSession session)
    {
        var target = session.ToOptions();
        return new EchoLoadOptions
        {
            Session = session,
            Target = IsBound(nameof(ResponseTimeoutSec)) ? target with { ResponseTimeout = TimeSpan.FromSeconds(ResponseTimeoutSec) } : target,
        };
    }

    private EchoLoadOptions LoadOn(SessionOptions target)
    {
        // A datagram that is lost holds up a closed loop for as long as its response is waited for.
        var seconds = target.Protocol == SocketProtocol.Udp && !IsBound(nameof(ResponseTimeoutSec)) ? DatagramTimeoutSeconds : ResponseTimeoutSec;
        target = target with { ResponseTimeout = TimeSpan.FromSeconds(seconds) };
        return new EchoLoadOptions
        {
            Target = target with { WaitFor = TimeSpan.Zero },
            // One connection waits for the server, and the others need not any more.
            FirstSession = WaitSec > 0 ? Connect(target with { Id = 1 }) : null,
            Connections = Connections,
            Step = IsVerbose ? _steps.Enqueue : null,
        };
    }

    private void Measure(EchoLoadOptions options)
    {
        using var first = options.FirstSession;
        using var load = EchoLoad.Start(options, StopToken);
        var progress = new ProgressRecord(2, Messages.Get("Measuring", options.Target.EndPointName), " ");
        while (!load.Wait(ProgressInterval))
        {
            if (!StopToken.IsCancellationRequested)
            {
                TellSteps();
                TellInterval(load);
                Show(progress, load);
            }
        }

        var measurement = load.ToMeasurement();
        if (StopToken.IsCancellationRequested)
        {
            // A pipeline that is being stopped takes no objects any more; the user sees the figures all the same.
            Host.UI.WriteLine(measurement.Draw());
            if (measurement.Messages == 0 && measurement.Error is { } error)
            {
                Host.UI.WriteWarningLine(Messages.Get("NothingMeasured", error));
            }

            throw new PipelineStoppedException();
        }

        TellSteps();
        TellInterval(load);
        progress.RecordType = ProgressRecordType.Completed;
        WriteProgress(progress);
        if (measurement.Messages == 0)
        {
            WriteWarning(measurement.Error is not { } reason ? Messages.Get("NothingAnswered", measurement.Unanswered)
                : Messages.Get(IsSilent(measurement, options.Target.ResponseTimeout) ? "NothingResponded" : "NothingMeasured", reason));
        }

        if (measurement.IsSaturated && measurement.Messages > 0)
        {
            WriteWarning(Messages.Get(measurement.Unsent > 0 ? "RateNotHeld" : "RateNotHeldAllSent", measurement.AchievedRate, measurement.Rate, measurement.Unsent));
        }

        WriteObject(measurement);
    }

    /// <summary>Whether responses were waited for in vain: datagrams are lost then, and a connection ends with its first timeout.</summary>
    private static bool IsSilent(EchoMeasurement measurement, TimeSpan timeout) => measurement.Lost is { } lost
        ? lost > 0
        : timeout > TimeSpan.Zero && measurement.DurationMilliseconds >= timeout.TotalMilliseconds
            && measurement.Errors <= (long)measurement.Connections * measurement.Window;

    private void TellInterval(EchoLoad load)
    {
        if (load.TryInterval() is { } interval)
        {
            WriteObject(interval);
        }
    }

    private void TellSteps()
    {
        while (_steps.TryDequeue(out var step))
        {
            WriteVerbose(step.Message);
        }
    }

    private void Show(ProgressRecord progress, EchoLoad load)
    {
        var seconds = Math.Max(load.Elapsed.TotalSeconds, 0.001);
        progress.StatusDescription = Messages.Get("MeasuredSoFar", load.Messages, load.Messages / seconds, load.Errors);
        progress.PercentComplete = (int)(100 * load.Progress);
        WriteProgress(progress);
    }
}
