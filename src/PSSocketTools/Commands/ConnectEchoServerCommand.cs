using System.Diagnostics;
using System.Management.Automation;
using PSSocketTools.Binding;
using PSSocketTools.Completion;
using PSSocketTools.Resources;

namespace PSSocketTools.Commands;

/// <summary>Connect-EchoServer: a session with each server named.</summary>
[Cmdlet(VerbsCommunications.Connect, "EchoServer", DefaultParameterSetName = ToServer)]
[OutputType(typeof(EchoSession))]
public sealed class ConnectEchoServerCommand : ConnectingCommand
{
    private const int RetryMilliseconds = 100;
    private static readonly TimeSpan ShortestAttempt = TimeSpan.FromMilliseconds(50);

    /// <summary>The computers' names or addresses; localhost by default.</summary>
    [Parameter(ParameterSetName = ToComputer, Position = 0, ValueFromPipelineByPropertyName = true)]
    [TrimTransformation]
    [ValidateNotNullOrEmpty]
    public string[] ComputerName { get; set; } = [Localhost];

    /// <summary>The ports: numbers, ranges ('7000-7002'), service names ('echo').</summary>
    [Parameter(ParameterSetName = ToComputer, Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true)]
    [PortTransformation]
    [ArgumentCompleter(typeof(ServerPortCompleter))]
    public PortRange[]? Port { get; set; }

    /// <summary>Servers that run in this process.</summary>
    [Parameter(ParameterSetName = ToServer, Mandatory = true, ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    public EchoServer[]? Server { get; set; }

    /// <summary>How long to keep trying until the server is up, in seconds, 0 to 86,400; 0 (the default) tries once.</summary>
    [Parameter]
    [ValidateRange(0, 86400)]
    public double WaitSec { get; set; }

    /// <summary>How long an answer is waited for, in seconds, 0 to 86,400; 30 by default, 0 is without end.</summary>
    [Parameter]
    [ValidateRange(0, 86400)]
    public double ResponseTimeoutSec { get; set; } = 30;

    /// <summary>The session's name.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Name { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var target in Targets())
        {
            try
            {
                var options = target();
                var id = Running.Sessions.NextId();
                var session = ConnectOrWait(options with
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
        ToServer => Server!.Select<EchoServer, Func<SessionOptions>>(server => () => OptionsFor(server)),
        ToSocketPath => [() => OptionsFor(SocketPath!)],
        _ => ComputerName.SelectMany(computer => Port!.SelectMany(static range => range.Ports()).Select<int, Func<SessionOptions>>(port => () => OptionsFor(computer, port))),
    };

    private EchoSession ConnectOrWait(SessionOptions options)
    {
        if (WaitSec <= 0)
        {
            return Connect(options);
        }

        var clock = Stopwatch.StartNew();
        var progress = new ProgressRecord(1, Messages.Get("WaitingForServer", options.EndPointName), Messages.Get("NotTriedYet"));
        try
        {
            while (true)
            {
                try
                {
                    // No attempt outlasts the wait.
                    var left = TimeSpan.FromSeconds(WaitSec) - clock.Elapsed;
                    return Connect(left > options.ConnectTimeout ? options : options with { ConnectTimeout = Longer(left, ShortestAttempt) });
                }
                catch (SocketToolsException exception) when (exception.MayPass && clock.Elapsed.TotalSeconds < WaitSec)
                {
                    progress.StatusDescription = exception.Message;
                    progress.PercentComplete = (int)(100 * clock.Elapsed.TotalSeconds / WaitSec);
                    progress.SecondsRemaining = (int)(WaitSec - clock.Elapsed.TotalSeconds);
                    WriteProgress(progress);
                }
                catch (SocketToolsException exception) when (exception.Error == SocketToolsError.ConnectTimeout)
                {
                    // The last attempt had but the rest of the time, which would say little.
                    throw new SocketToolsException(
                        exception.Error, Messages.Get("WaitedForServer", options.EndPointName, WaitSec), exception.Target, exception);
                }

                // No event tells when another machine begins to listen.
                if (StopToken.WaitHandle.WaitOne(RetryMilliseconds))
                {
                    throw new PipelineStoppedException();
                }
            }
        }
        finally
        {
            if (!StopToken.IsCancellationRequested)
            {
                progress.RecordType = ProgressRecordType.Completed;
                WriteProgress(progress);
            }
        }
    }

    private static TimeSpan Longer(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
