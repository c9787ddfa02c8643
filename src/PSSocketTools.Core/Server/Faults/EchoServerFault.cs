using System.Globalization;
using System.Net;
using PSSocketTools.Net;
using PSSocketTools.Server.Faults;

namespace PSSocketTools;

/// <summary>A fault that an echo server has on purpose. Its members may be used from any thread.</summary>
public sealed class EchoServerFault
{
    private static int _lastId;

    private readonly object _gate = new();
    private readonly FaultList _list;
    private readonly FaultCount _count = new();
    private readonly AddressFilter? _from;
    private readonly int _seed;
    private long _struck;
    private volatile bool _isRemoved;

    internal EchoServerFault(EchoServerFaultOptions options, FaultList list)
    {
        Options = options;
        _list = list;
        _from = options.From.Count > 0 ? new AddressFilter(options.From.Select(AddressBlock.Parse)) : null;
        _seed = options.Seed ?? (options.UsesSeed ? FaultDraw.NewSeed() : 0);
        Id = Interlocked.Increment(ref _lastId);
        Settings = DescribeSettings();
        When = DescribeWhen();
    }

    /// <summary>Its number among the faults of all servers of this process, from 1 on.</summary>
    public int Id { get; }

    /// <summary>The server's id.</summary>
    public int ServerId => _list.ServerId;

    /// <summary>What it does: the name of a <see cref="FaultKind"/>.</summary>
    public string Kind => Options.Kind.ToString();

    /// <summary>How it does it, by the names of the options; empty where there is nothing to set.</summary>
    public string Settings { get; }

    /// <summary>When it strikes, by the names of the options, with the seed of what is drawn.</summary>
    public string When { get; }

    /// <summary>How often it has struck.</summary>
    public long Struck => Interlocked.Read(ref _struck);

    internal EchoServerFaultOptions Options { get; }

    /// <summary>Whether it was removed from its server, and holds up nothing any more.</summary>
    internal bool IsRemoved
    {
        get => _isRemoved;
        set => _isRemoved = value;
    }

    /// <summary>Removes it from its server; what it stalls or delays goes on at once.</summary>
    /// <returns>False when it had been removed before.</returns>
    public bool Remove() => _list.Remove(this);

    /// <summary>Its settings, or its kind where it has none, and its number.</summary>
    public override string ToString() =>
        string.Format(CultureInfo.InvariantCulture, "{0} #{1}", Settings.Length > 0 ? Settings : Kind, Id);

    /// <summary>Whether it concerns a client at an address; null for one without.</summary>
    internal bool Concerns(IPAddress? address) => _from is null || (address is not null && _from.Contains(address));

    /// <summary>Counts a message, or a connection, and decides whether it strikes it.</summary>
    /// <param name="ofConnection">The count of the connection, where each is counted by itself.</param>
    /// <param name="hasEffect">Whether it would change anything; otherwise it is only counted.</param>
    /// <param name="number">The number of the message, from 1 on.</param>
    internal bool TryStrike(FaultCount? ofConnection, bool hasEffect, out long number)
    {
        var count = ofConnection ?? _count;
        bool isOver;
        lock (_gate)
        {
            number = ++count.Seen;
            if (!hasEffect || _isRemoved || number <= Options.After || (Options.Count > 0 && count.Struck >= Options.Count)
                || (Options.Percent < EchoServerFaultOptions.HighestPercent && !FaultDraw.IsAmong(Options.Percent, _seed, number)))
            {
                return false;
            }

            count.Struck++;
            isOver = ofConnection is null && count.Struck == Options.Count;
        }

        Interlocked.Increment(ref _struck);
        if (isOver)
        {
            _list.Retire(this);
        }

        return true;
    }

    /// <summary>Draws a number for a message that it strikes.</summary>
    internal int Draw(int lowest, int highest, long number, int part = 1) =>
        lowest == highest ? lowest : FaultDraw.Between(lowest, highest, _seed, number, part);

    /// <summary>Inverts one byte of a response.</summary>
    internal void Corrupt(byte[] buffer, int offset, int count, long number) => buffer[offset + Draw(0, count - 1, number)] ^= 0xFF;

    private string DescribeSettings() => Options.Kind switch
    {
        FaultKind.Delay => "Delay " + Range(Options.MinDelayMilliseconds, Options.MaxDelayMilliseconds),
        FaultKind.Fragment when Options.MaxFragmentDelayMilliseconds > 0 => Text(
            "FragmentBytes {0}, FragmentDelay {1}", Options.FragmentBytes, Range(Options.MinFragmentDelayMilliseconds, Options.MaxFragmentDelayMilliseconds)),
        FaultKind.Fragment => Text("FragmentBytes {0}", Options.FragmentBytes),
        FaultKind.Truncate => Text("TruncateAfterBytes {0}", Options.TruncateAfterBytes),
        _ => string.Empty,
    };

    private string DescribeWhen()
    {
        var parts = new List<string> { "At " + Options.Point };
        if (Options.After > 0)
        {
            parts.Add(Text("After {0}", Options.After));
        }

        if (Options.Count > 0)
        {
            parts.Add(Text("Count {0}", Options.Count));
        }

        if (Options.IsPerConnection)
        {
            parts.Add("PerConnection");
        }

        if (Options.Percent < EchoServerFaultOptions.HighestPercent)
        {
            parts.Add(Text("Percent {0}", Options.Percent));
        }

        if (Options.UsesSeed)
        {
            parts.Add(Text("Seed {0}", _seed));
        }

        if (Options.From.Count > 0)
        {
            parts.Add("From " + string.Join(", ", Options.From));
        }

        return string.Join(", ", parts);
    }

    private static string Range(int lowest, int highest) => lowest == highest ? Text("{0}", lowest) : Text("{0}-{1}", lowest, highest);

    private static string Text(string format, params object[] values) => string.Format(CultureInfo.InvariantCulture, format, values);
}
