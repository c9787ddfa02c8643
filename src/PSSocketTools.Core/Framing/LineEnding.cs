namespace PSSocketTools;

/// <summary>What ends the lines that this side writes of its own accord. What is received may end with either.</summary>
public enum LineEnding
{
    /// <summary>LF, as most programs write.</summary>
    Lf,

    /// <summary>CRLF, as the text protocols of the Internet ask for (RFC 5321, section 2.3.8, among others).</summary>
    CrLf,
}
