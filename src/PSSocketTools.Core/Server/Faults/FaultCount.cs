namespace PSSocketTools.Server.Faults;

/// <summary>What a fault has seen and struck, on the server or on one connection.</summary>
internal sealed class FaultCount
{
    /// <summary>The messages, or connections, that it could have struck.</summary>
    public long Seen { get; set; }

    /// <summary>Those that it struck.</summary>
    public long Struck { get; set; }
}
