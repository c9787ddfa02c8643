namespace PSSocketTools;

/// <summary>What becomes of the response to a message.</summary>
public enum ResponseHandling
{
    /// <summary>The sender waits for it.</summary>
    Awaited,

    /// <summary>It comes, and is received as an unsolicited message.</summary>
    Received,

    /// <summary>None comes: no later response is paired with this message.</summary>
    None,
}
