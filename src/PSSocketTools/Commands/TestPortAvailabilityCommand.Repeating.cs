using PSSocketTools.Resources;

namespace PSSocketTools.Commands;

/// <content>Tests that are repeated: in rounds, once all that the pipeline brings is known.</content>
public sealed partial class TestPortAvailabilityCommand
{
    // The name of the view with times and changes, in the module's format file.
    private const string Repeated = "PSSocketTools.PortAvailability#Repeated";

    private readonly List<Action> _round = [];
    private PortWatch? _watch;

    private void BeginRepeating()
    {
        if (IsBound(nameof(Count)) && Repeat)
        {
            throw Excluded(nameof(Count), nameof(Repeat));
        }

        var isRepeated = IsBound(nameof(Count)) || Repeat;
        if (!isRepeated)
        {
            if (new[] { nameof(IntervalSec), nameof(ChangesOnly), nameof(Summary) }.FirstOrDefault(IsBound) is { } vain)
            {
                throw new SocketToolsException(SocketToolsError.InvalidOption, Messages.Get("NeedsRepeat", vain), vain);
            }

            return;
        }

        if (new[] { nameof(Wait), nameof(WaitSec), nameof(Until) }.FirstOrDefault(IsBound) is { } wait)
        {
            throw Excluded(Repeat ? nameof(Repeat) : nameof(Count), wait);
        }

        if (Summary && Repeat)
        {
            throw Excluded(nameof(Summary), nameof(Repeat));
        }

        _watch = new PortWatch(TimeSpan.FromSeconds(IntervalSec), AllAddresses);
    }

    private static SocketToolsException Excluded(string one, string other) =>
        new(SocketToolsError.InvalidOption, Messages.Get("ParametersExclude", one, other), other);

    private void Run(string address, PortRange[] ports)
    {
        // Parameters that come down the pipeline have other values when the round begins.
        var protocol = Protocol;
        RunOrKeep(() => TestLocal(address, ports, protocol));
    }

    private void Run(string[] computers, PortRange[] ports, SocketProtocol protocol, TimeSpan patience) =>
        RunOrKeep(() => Scan(computers, ports, protocol, _watch is null ? patience : TimeSpan.Zero));

    private void RunOrKeep(Action test)
    {
        if (_watch is null)
        {
            test();
        }
        else
        {
            _round.Add(test);
        }
    }

    private void RunRounds()
    {
        if (_watch is null || _round.Count == 0)
        {
            return;
        }

        while ((Repeat || _watch.Round < Count) && (!Quiet || _areAllAvailable))
        {
            _watch.BeginRound(StopToken);
            _round.ForEach(static test => test());
            FinishScan();
        }

        if (Summary && !Quiet)
        {
            WriteObject(_watch.ToHistories(), enumerateCollection: true);
        }
    }

    private void WriteRepeated(PortAvailability result)
    {
        if (!Summary && IsWanted(result) && (!ChangesOnly || result.IsChange()))
        {
            WriteObject(Named(result, Repeated));
        }
    }
}
