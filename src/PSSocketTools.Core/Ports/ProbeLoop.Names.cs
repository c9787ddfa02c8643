using System.Net;
using PSSocketTools.Net;
using PSSocketTools.Platform;

namespace PSSocketTools.Ports;

/// <content>The names of computers, and their addresses.</content>
internal sealed partial class ProbeLoop
{
    private void Resolve(Probe probe)
    {
        var resolution = probe.Host.Resolve();
        if (resolution.IsCompleted)
        {
            Continue(probe);
            return;
        }

        _timers.StartDeadline(probe, Clock.System.Timestamp);
        AwaitResolution(probe, resolution);
    }

    private void AwaitResolution(Probe probe, Task<IPAddress[]> resolution) => resolution.ContinueWith(
        _ =>
        {
            lock (_resolved)
            {
                _resolved.Enqueue(probe);
            }

            _transport.Wake();
        },
        CancellationToken.None,
        TaskContinuationOptions.ExecuteSynchronously,
        TaskScheduler.Default);

    private void TakeResolved()
    {
        while (true)
        {
            Probe probe;
            lock (_resolved)
            {
                if (_resolved.Count == 0)
                {
                    return;
                }

                probe = _resolved.Dequeue();
            }

            Continue(probe);
        }
    }

    /// <summary>Continues a probe after name resolution.</summary>
    private void Continue(Probe probe)
    {
        if (probe.IsDone)
        {
            return;
        }

        var resolution = probe.Host.Resolve();
        if (resolution.Status == TaskStatus.RanToCompletion)
        {
            probe.WhyNoAddress = null;
            SetAddresses(probe, resolution.Result);
        }
        else
        {
            var reason = resolution.Exception!.GetBaseException();
            probe.WhyNoAddress = reason is SocketToolsException ? reason.Message : Messages.Get("SocketFailed", probe.Host.Name, reason.Message);
            if (!_waits)
            {
                End(probe, ProbeResult.Create(probe, _options, isTimeUp: false));
                return;
            }
        }

        if (_waits)
        {
            var now = Clock.System.Timestamp;
            _timers.StartDeadline(probe, now);
            _timers.StartRenewal(probe, now);
        }

        Advance(probe);
    }

    /// <summary>Updates the addresses of a probe: attempts on addresses that the name no longer has are abandoned, and new addresses will be tried.</summary>
    private void SetAddresses(Probe probe, IPAddress[] addresses)
    {
        foreach (var attempt in probe.Pending?.Where(attempt => Array.IndexOf(addresses, attempt.Address) < 0).ToArray() ?? [])
        {
            _attempts.Abandon(attempt);
        }

        foreach (var retry in probe.Retries?.Where(retry => Array.IndexOf(addresses, retry.Last.Address) < 0).ToArray() ?? [])
        {
            _timers.Remove(retry);
        }

        if (_goal == PortGoal.Closed)
        {
            probe.AllAddresses = addresses;
        }

        probe.NextAddress = 0;
        probe.Addresses = probe.HasPending || probe.Retries is { Count: > 0 }
            ? Array.FindAll(addresses, address => !probe.HasAttemptOn(address))
            : addresses;
    }

    /// <summary>Resolves a name again, while a probe waits for its port.</summary>
    private void ResolveAgain(Probe probe, long now)
    {
        if (probe.IsDone)
        {
            return;
        }

        // A postponed attempt is on no list whose addresses could be compared with the new ones.
        var resolution = probe.Postponed > 0 ? null : probe.Host.Resolve(ConnectPace.NameAge);
        if (resolution is null)
        {
            _timers.StartRenewal(probe, now);
        }
        else if (resolution.IsCompleted)
        {
            Continue(probe);
        }
        else
        {
            AwaitResolution(probe, resolution);
        }
    }
}
