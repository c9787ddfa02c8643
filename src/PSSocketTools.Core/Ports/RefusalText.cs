using PSSocketTools.Net;
using PSSocketTools.Platform;
using PSSocketTools.Ports.Probing;

namespace PSSocketTools.Ports;

/// <summary>Explains who refused an attempt, and why, as far as an ICMP message shows.</summary>
internal static class RefusalText
{
    private enum Meaning
    {
        Other,
        NoRoute,
        NoHost,
        NoProtocol,
        NoPort,
        Prohibited,
    }

    /// <summary>The sentence for an attempt; null where no message was received, or the status says all of it.</summary>
    public static string? Explain(ProbeAttempt attempt, SocketProtocol protocol)
    {
        if (attempt.Icmp is not { } icmp)
        {
            return null;
        }

        var sender = icmp.Sender is null ? "?" : EndPointText.Of(icmp.Sender);
        var isHost = icmp.Sender?.Equals(attempt.Address) is true;
        return MeaningOf(icmp) switch
        {
            // The host's own answer to a datagram for a port that nobody has.
            Meaning.NoPort when protocol == SocketProtocol.Udp && isHost => null,
            Meaning.NoPort when protocol == SocketProtocol.Tcp => Messages.Get("RefusedPort", sender, icmp.Type, icmp.Code),
            Meaning.Prohibited => Messages.Get("RefusedProhibited", sender, icmp.Type, icmp.Code),
            Meaning.NoHost when icmp.Sender is { } own && own.Equals(attempt.Source) => Messages.Get("RefusedNoNeighbour"),
            Meaning.NoHost => Messages.Get("RefusedNoHost", sender, icmp.Type, icmp.Code),
            Meaning.NoRoute => Messages.Get("RefusedNoRoute", sender, icmp.Type, icmp.Code),
            Meaning.NoProtocol => Messages.Get("RefusedProtocol", sender, icmp.Type, icmp.Code),
            _ => Messages.Get("RefusedOther", sender, icmp.Type, icmp.Code),
        };
    }

    // RFC 792 and RFC 1812, section 5.2.7.1; RFC 4443, section 3.1.
    private static Meaning MeaningOf(IcmpError icmp) => (icmp.IsIPv6, icmp.Type, icmp.Code) switch
    {
        (false, 3, 0 or 5 or 6 or 11) or (true, 1, 0 or 2) => Meaning.NoRoute,
        (false, 3, 1 or 7 or 8 or 12) or (true, 1, 3) => Meaning.NoHost,
        (false, 3, 2) => Meaning.NoProtocol,
        (false, 3, 3) or (true, 1, 4) => Meaning.NoPort,
        (false, 3, 9 or 10 or 13 or 14 or 15) or (true, 1, 1 or 5 or 6) => Meaning.Prohibited,
        _ => Meaning.Other,
    };
}
