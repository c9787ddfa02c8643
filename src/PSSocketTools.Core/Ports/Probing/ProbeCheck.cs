using System.Text;
using PSSocketTools.Platform;

namespace PSSocketTools.Ports.Probing;

/// <summary>What one attempt verifies of the server that it has reached. It opens no socket: a transport sends its request, once, and fills its buffer.</summary>
internal sealed class ProbeCheck
{
    private const int BannerBytes = 256;

    private static readonly char[] LineEnds = ['\r', '\n'];

    private readonly PortVerification _kind;
    private readonly bool _isDatagrams;

    public ProbeCheck(PortVerification kind, bool isDatagrams)
    {
        _kind = kind;
        _isDatagrams = isDatagrams;
        Request = kind == PortVerification.Echoes ? RandomLine() : [];

        // One byte more than the request, so that a datagram that is longer than it shows.
        Buffer = new byte[kind == PortVerification.Echoes ? Request.Length + 1 : BannerBytes];
    }

    /// <summary>How long a connection has to stay open.</summary>
    public static TimeSpan StayTime { get; } = TimeSpan.FromMilliseconds(200);

    /// <summary>What is sent once the connection is there; empty for nothing.</summary>
    public byte[] Request { get; }

    /// <summary>What is received, from <see cref="Count"/> on.</summary>
    public byte[] Buffer { get; }

    /// <summary>How many bytes were received.</summary>
    public int Count { get; private set; }

    /// <summary>Whether received bytes matter; otherwise only the end of the connection does.</summary>
    public bool Reads => _kind != PortVerification.Stays;

    public ProbeVerdict Verdict { get; private set; }

    /// <summary>Whether some of what was sent was received back, and nothing else.</summary>
    public bool IsPart => Count > 0 && Count < Request.Length && IsSame;

    /// <summary>Whether all of what was sent was received back, and more behind it.</summary>
    public bool IsMore => Request.Length > 0 && Count > Request.Length && Request.SequenceEqual(Buffer.Take(Request.Length));

    /// <summary>The first line of what came, as text whose control characters are replaced.</summary>
    public string FirstLine => OutsideText.Clean(Encoding.UTF8.GetString(Buffer, 0, Count).TrimStart(LineEnds).Split(LineEnds)[0])!;

    private bool IsSame => Count <= Request.Length && Request.Take(Count).SequenceEqual(Buffer.Take(Count));

    /// <summary>The first bytes that were received unsolicited, as text; null for none.</summary>
    public string? Banner { get; private set; }

    /// <summary>Bytes were received into the buffer.</summary>
    public void Received(int count)
    {
        Count += count;
        if (_kind == PortVerification.Greets)
        {
            Banner = OutsideText.Clean(Encoding.UTF8.GetString(Buffer, 0, Count).TrimEnd(LineEnds));
            Verdict = ProbeVerdict.Passed;
        }
        else if (_kind == PortVerification.Echoes)
        {
            Verdict = !IsSame || (_isDatagrams && Count < Request.Length) ? ProbeVerdict.NotEcho
                : Count == Request.Length ? ProbeVerdict.Passed
                : ProbeVerdict.Pending;
        }
    }

    /// <summary>The server has closed or reset the connection.</summary>
    public void Ended() => Verdict = Count > 0 ? ProbeVerdict.NotEcho : ProbeVerdict.ClosedAtOnce;

    /// <summary>The time is up.</summary>
    public void TimeUp() => Verdict = _kind switch
    {
        PortVerification.Stays => ProbeVerdict.Passed,
        PortVerification.Greets => ProbeVerdict.Silent,
        _ => ProbeVerdict.NotEcho,
    };

    // Nothing else can send it back by chance.
    private static byte[] RandomLine() => Encoding.ASCII.GetBytes($"PSSocketTools {Guid.NewGuid():N}\n");
}
