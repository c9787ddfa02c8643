namespace PSSocketTools;

/// <summary>How an echo server transforms a message's text before it sends it back.</summary>
public enum ResponseTransform
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Capital letters, by the invariant culture's rules.</summary>
    Upper,

    /// <summary>Small letters, by the invariant culture's rules.</summary>
    Lower,

    /// <summary>Last to first by text element (UAX #29), so that an accent stays with its letter and an emoji whole.</summary>
    Reverse,
}
