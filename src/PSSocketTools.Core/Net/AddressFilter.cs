using System.Net;
using System.Net.Sockets;

namespace PSSocketTools.Net;

/// <summary>A sorted set of address blocks; a binary search finds the block of an address, so that even a hundred thousand blocks cost a connection little.</summary>
internal sealed class AddressFilter
{
    private readonly Dictionary<long, Interval[]> _byZone;

    /// <summary>Sorts the blocks, and merges adjacent ones.</summary>
    public AddressFilter(IEnumerable<AddressBlock> blocks) => _byZone = blocks
        .GroupBy(static block => block.Zone)
        .ToDictionary(static zone => zone.Key, static zone => Merge(zone.Select(static block => new Interval(block.First, block.Last))));

    /// <summary>Whether an address is in a block that has no zone, or the zone of the address.</summary>
    public bool Contains(IPAddress address)
    {
        var key = AddressKey.Of(address);
        return Contains(0, key)
            || (address.AddressFamily == AddressFamily.InterNetworkV6 && address.ScopeId != 0 && Contains(address.ScopeId, key));
    }

    private bool Contains(long zone, AddressKey key)
    {
        if (!_byZone.TryGetValue(zone, out var intervals))
        {
            return false;
        }

        var (low, high) = (0, intervals.Length - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            if (key.CompareTo(intervals[middle].First) < 0)
            {
                high = middle - 1;
            }
            else if (key.CompareTo(intervals[middle].Last) > 0)
            {
                low = middle + 1;
            }
            else
            {
                return true;
            }
        }

        return false;
    }

    private static Interval[] Merge(IEnumerable<Interval> intervals)
    {
        var merged = new List<Interval>();
        foreach (var interval in intervals.OrderBy(static interval => interval.First))
        {
            var end = merged.Count - 1;
            if (end >= 0 && interval.First.CompareTo(merged[end].Last) <= 0)
            {
                if (interval.Last.CompareTo(merged[end].Last) > 0)
                {
                    merged[end] = new Interval(merged[end].First, interval.Last);
                }
            }
            else
            {
                merged.Add(interval);
            }
        }

        return [.. merged];
    }

    private readonly record struct Interval(AddressKey First, AddressKey Last);
}
