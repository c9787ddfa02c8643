namespace PSSocketTools.Server.Conversations;

/// <summary>What a conversation asks its driver to do.</summary>
internal enum StepKind
{
    /// <summary>Receive bytes, or the end of the input.</summary>
    Receive,

    /// <summary>Send all of these bytes.</summary>
    Send,

    /// <summary>Wait; bytes may be received ahead.</summary>
    Delay,

    /// <summary>Wait for a task; bytes may be received ahead.</summary>
    Await,

    /// <summary>Close the connection with a FIN once everything has been sent.</summary>
    Close,

    /// <summary>Reset the connection (RST).</summary>
    Reset,
}
