namespace PSSocketTools.Interactive;

/// <summary>What a line of a conversation by hand can ask for here, instead of being sent.</summary>
internal enum PromptCommand
{
    /// <summary>Nothing: the line is sent.</summary>
    None,

    /// <summary>End the conversation.</summary>
    Quit,

    /// <summary>List the commands.</summary>
    Help,

    /// <summary>Send the end of this side's bytes (half-close), and go on to show what the server sends.</summary>
    Close,

    /// <summary>Throw the connection away (RST).</summary>
    Reset,

    /// <summary>Show what was sent and received.</summary>
    Stats,
}
