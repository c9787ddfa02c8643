namespace PSSocketTools.Interactive;

/// <summary>What a key was to a line.</summary>
internal enum KeyOutcome
{
    /// <summary>The line may look different now.</summary>
    Edited,

    /// <summary>Enter: the line is done.</summary>
    Accepted,

    /// <summary>Ctrl+D on an empty line.</summary>
    EndOfInput,

    /// <summary>Ctrl+C, where the terminal gives it as a key.</summary>
    Interrupted,

    /// <summary>Ctrl+L: the screen is to be cleared.</summary>
    ClearScreen,
}
