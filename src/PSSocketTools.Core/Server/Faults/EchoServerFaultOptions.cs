using PSSocketTools.Net;

namespace PSSocketTools;

/// <summary>What a fault does and when it strikes: immutable, and validated when a server gets it.</summary>
public sealed record EchoServerFaultOptions
{
    /// <summary>What it does.</summary>
    public FaultKind Kind { get; init; }

    /// <summary>The range of <see cref="MinDelayMilliseconds"/>, <see cref="MaxDelayMilliseconds"/> and the delay of fragments.</summary>
    public const int LowestDelayMilliseconds = 0, HighestDelayMilliseconds = 600_000;

    /// <summary>For Delay: the minimum, in milliseconds.</summary>
    public int MinDelayMilliseconds { get; init; }

    /// <summary>For Delay: the maximum, in milliseconds; not less than the minimum.</summary>
    public int MaxDelayMilliseconds { get; init; }

    /// <summary>The range of <see cref="FragmentBytes"/>.</summary>
    public const int LowestFragmentBytes = 0, HighestFragmentBytes = int.MaxValue;

    /// <summary>For Fragment: how many bytes a fragment has; 0 for whole responses.</summary>
    public int FragmentBytes { get; init; }

    /// <summary>For Fragment: the minimum pause between fragments, in milliseconds.</summary>
    public int MinFragmentDelayMilliseconds { get; init; }

    /// <summary>For Fragment: the maximum pause between fragments, in milliseconds; not less than the minimum.</summary>
    public int MaxFragmentDelayMilliseconds { get; init; }

    /// <summary>The range of <see cref="TruncateAfterBytes"/>.</summary>
    public const int LowestTruncateAfterBytes = 0, HighestTruncateAfterBytes = int.MaxValue;

    /// <summary>For Truncate: how many bytes of the response are sent, framing included; 0 for none.</summary>
    public int TruncateAfterBytes { get; init; }

    /// <summary>Where it strikes; null for where its kind usually does.</summary>
    public FaultPoint? At { get; init; }

    /// <summary>The default and the range of <see cref="After"/>.</summary>
    public const long DefaultAfter = 0, LowestAfter = 0, HighestAfter = long.MaxValue;

    /// <summary>How many messages, at Connect connections, are spared first.</summary>
    public long After { get; init; } = DefaultAfter;

    /// <summary>The default and the range of <see cref="Count"/>.</summary>
    public const long DefaultCount = 0, LowestCount = 0, HighestCount = long.MaxValue;

    /// <summary>How often it strikes at most; 0 for no limit.</summary>
    public long Count { get; init; } = DefaultCount;

    /// <summary>Whether each connection, or sender of datagrams, is counted by itself.</summary>
    public bool IsPerConnection { get; init; }

    /// <summary>The default and the range of <see cref="Percent"/>.</summary>
    public const double DefaultPercent = 100, LowestPercent = 0, HighestPercent = 100;

    /// <summary>Which share of them it strikes, to four decimals.</summary>
    public double Percent { get; init; } = DefaultPercent;

    /// <summary>The range of <see cref="Seed"/>.</summary>
    public const int LowestSeed = 0, HighestSeed = int.MaxValue;

    /// <summary>What everything drawn depends on, together with the number of the message: the same seed strikes the same ones; null to draw one.</summary>
    public int? Seed { get; init; }

    /// <summary>The addresses and CIDR blocks whose clients it strikes; empty for all.</summary>
    public IReadOnlyList<string> From { get; init; } = [];

    /// <summary>The reason that the end of a connection has in the journal.</summary>
    internal ServerEventReason EndReason { get; init; } = ServerEventReason.FaultStruck;

    /// <summary>Where it strikes.</summary>
    internal FaultPoint Point => At ?? (Kind is FaultKind.Stall or FaultKind.Disconnect or FaultKind.Reset or FaultKind.Drop ? FaultPoint.Message : FaultPoint.Response);

    /// <summary>Whether it can strike at all: its share, its delay or the size of its fragments is not 0.</summary>
    internal bool CanStrike => Percent > 0 && Kind switch
    {
        FaultKind.Delay => MaxDelayMilliseconds > 0,
        FaultKind.Fragment => FragmentBytes > 0,
        _ => true,
    };

    private string KindName => Messages.Name($"{nameof(FaultKind)}.{Kind}");

    /// <summary>Whether it draws something at random.</summary>
    internal bool UsesSeed => Percent is > 0 and < 100 || Kind == FaultKind.Corrupt
        || (Kind == FaultKind.Delay && MinDelayMilliseconds < MaxDelayMilliseconds)
        || (Kind == FaultKind.Fragment && MinFragmentDelayMilliseconds < MaxFragmentDelayMilliseconds);

    /// <summary>Throws for options that are out of range, or do not go together or with the server.</summary>
    /// <exception cref="SocketToolsException">InvalidOption, with the option's name.</exception>
    internal void Validate(SocketProtocol protocol, bool isDiscarding, bool isBroadcasting)
    {
        RequireRange(nameof(FaultKind.Delay), MinDelayMilliseconds, MaxDelayMilliseconds);
        OptionRange.Require(FragmentBytes, LowestFragmentBytes, HighestFragmentBytes);
        RequireRange("FragmentDelay", MinFragmentDelayMilliseconds, MaxFragmentDelayMilliseconds);
        OptionRange.Require(TruncateAfterBytes, LowestTruncateAfterBytes, HighestTruncateAfterBytes);
        OptionRange.Require(After, LowestAfter, HighestAfter);
        OptionRange.Require(Count, LowestCount, HighestCount);
        OptionRange.Require(Percent, LowestPercent, HighestPercent);
        if (Seed is { } seed)
        {
            OptionRange.Require(seed, LowestSeed, HighestSeed, nameof(Seed));
            if (!UsesSeed)
            {
                throw OptionRules.Invalid(nameof(Seed), "FaultSeedNeedsDraw");
            }
        }

        RequirePoint();
        RequireServer(protocol);
        RequireResponses(isDiscarding, isBroadcasting);
    }

    private static void RequireRange(string option, int lowest, int highest)
    {
        OptionRange.Require(lowest, LowestDelayMilliseconds, HighestDelayMilliseconds, option);
        OptionRange.Require(highest, lowest, HighestDelayMilliseconds, option);
    }

    private void RequirePoint()
    {
        FaultPoint[] points = Kind switch
        {
            FaultKind.Fragment or FaultKind.Truncate or FaultKind.Corrupt or FaultKind.Duplicate => [FaultPoint.Response],
            FaultKind.Drop => [FaultPoint.Message, FaultPoint.Response],
            _ => [FaultPoint.Connect, FaultPoint.Message, FaultPoint.Response],
        };
        if (Array.IndexOf(points, Point) < 0)
        {
            throw OptionRules.Invalid(nameof(At), "FaultNotAt", KindName, Point.ToString(), string.Join(", ", points));
        }

        OptionRules.RefuseTogether(nameof(IsPerConnection), IsPerConnection && Point == FaultPoint.Connect, nameof(At) + " " + FaultPoint.Connect);
    }

    private void RequireServer(SocketProtocol protocol)
    {
        var isUdp = protocol == SocketProtocol.Udp;
        var fits = Kind switch
        {
            FaultKind.Delay or FaultKind.Corrupt => true,
            FaultKind.Drop or FaultKind.Duplicate => isUdp,
            _ => !isUdp,
        };
        if (!fits)
        {
            throw OptionRules.Invalid(Kind.ToString(), isUdp ? "FaultNeedsStream" : "FaultNeedsDatagrams", KindName, protocol.ToString());
        }

        if (isUdp && Point == FaultPoint.Connect)
        {
            throw OptionRules.Invalid(nameof(At), "FaultNeedsConnections");
        }

        if (protocol == SocketProtocol.Unix && From.Count > 0)
        {
            throw OptionRules.Invalid(nameof(From), "FaultNeedsAddresses");
        }
    }

    /// <summary>A discarding server has no responses; a broadcasting one has none either, but an end may come after a message.</summary>
    private void RequireResponses(bool isDiscarding, bool isBroadcasting)
    {
        var isEnd = Kind is FaultKind.Stall or FaultKind.Disconnect or FaultKind.Reset;
        if (Point == FaultPoint.Response && (isDiscarding || (isBroadcasting && !isEnd)))
        {
            throw OptionRules.Invalid(nameof(At), "FaultNeedsResponses", KindName);
        }
    }
}
