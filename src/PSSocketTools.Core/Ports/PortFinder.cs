using System.Globalization;
using PSSocketTools.Net;

namespace PSSocketTools;

/// <summary>Finds ports that a server may listen on, and returns no port twice within a few seconds.</summary>
public static class PortFinder
{
    /// <summary>The range from which the system assigns ephemeral ports.</summary>
    public static PortRange EphemeralRange()
    {
        const string LinuxSetting = "/proc/sys/net/ipv4/ip_local_port_range";
        try
        {
            if (File.Exists(LinuxSetting))
            {
                var limits = File.ReadAllText(LinuxSetting).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
                return new PortRange(int.Parse(limits[0], CultureInfo.InvariantCulture), int.Parse(limits[1], CultureInfo.InvariantCulture));
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // When no descriptor is left to read it, the first test of a port reports that.
        }

        // The dynamic ports of IANA (RFC 6335, section 6), which Windows and macOS use.
        return new PortRange(49152, PortRange.MaxPort);
    }

    /// <summary>Finds free ports: all that were asked for, or none.</summary>
    /// <param name="test">How a port is tested.</param>
    /// <param name="ranges">The ranges to search, in order; null for the system's ephemeral range, from a random port on.</param>
    /// <param name="count">How many to find, at least 1.</param>
    /// <param name="reservations">The ports that are reserved already, to which these are added.</param>
    /// <param name="isRandom">Whether to search in random order, so that processes that search at the same time seldom find the same port.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <exception cref="SocketToolsException">NoFreePort: the ranges have too few; AddressNotAvailable: the address is another machine's; NameNotFound: the name has no address; TooManyOpenFiles.</exception>
    /// <exception cref="OperationCanceledException">The search was cancelled.</exception>
    public static IReadOnlyList<PortAvailability> Find(
        LocalPortTest test,
        IReadOnlyList<PortRange>? ranges,
        int count,
        PortReservations reservations,
        bool isRandom = false,
        CancellationToken cancellationToken = default)
    {
        if (test is null || reservations is null)
        {
            throw new ArgumentNullException(test is null ? nameof(test) : nameof(reservations));
        }

        var found = new List<PortAvailability>();
        string? denied = null;
        var isEnough = false;
        try
        {
            var ports = (ranges ?? FromRandomPort(EphemeralRange())).SelectMany(range => range.Ports()).Distinct();
            foreach (var port in isRandom ? Shuffled([.. ports]) : ports)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (!reservations.TryTake(port, test.Protocol))
                {
                    continue;
                }

                var result = test.Test(port, cancellationToken);
                if (!result.Available)
                {
                    reservations.Release(port, test.Protocol);
                    if (result.GetStatus() == PortStatus.AddressNotAvailable)
                    {
                        // No port of that address can be bound, although none is in use.
                        throw new SocketToolsException(SocketToolsError.AddressNotAvailable, result.Detail!, result.Address);
                    }

                    denied ??= result.GetStatus() == PortStatus.AccessDenied ? result.Detail : null;
                    continue;
                }

                found.Add(result);
                if (found.Count >= count)
                {
                    isEnough = true;
                    return found;
                }
            }
        }
        finally
        {
            if (!isEnough)
            {
                found.ForEach(result => reservations.Release(result.Port, test.Protocol));
            }
        }

        var text = string.Join(", ", ranges ?? [EphemeralRange()]);
        var sentence = Messages.Get("NoFreePort", count, text, found.Count);
        throw new SocketToolsException(SocketToolsError.NoFreePort, denied is null ? sentence : sentence + " " + denied, text);
    }

    // The start is random, so that another process that searches at the same time most likely begins elsewhere.
    private static IReadOnlyList<PortRange> FromRandomPort(PortRange range)
    {
        var start = range.First + new Random(Seed()).Next(range.Count);
        return start == range.First ? [range] : [new PortRange(start, range.Last), new PortRange(range.First, start - 1)];
    }

    private static int[] Shuffled(int[] ports)
    {
        var random = new Random(Seed());
        for (var i = ports.Length - 1; i > 0; i--)
        {
            var other = random.Next(i + 1);
            (ports[i], ports[other]) = (ports[other], ports[i]);
        }

        return ports;
    }

    // The seed of .NET Framework is the time, which processes that start together have in common.
    private static int Seed() => Guid.NewGuid().GetHashCode();
}
