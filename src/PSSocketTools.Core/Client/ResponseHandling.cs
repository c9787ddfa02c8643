namespace PSSocketTools;

/// <summary>What becomes of the response to a message.</summary>
public enum ResponseHandling
{
    /// <summary>The sender waits for it.</summary>
    Awaited,

    /// <summary>It is received as an unsolicited message.</summary>
    Received,

    /// <summary>None is expected: no later response is paired with this message.</summary>
    None,
}
