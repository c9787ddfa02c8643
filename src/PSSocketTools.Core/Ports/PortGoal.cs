namespace PSSocketTools;

/// <summary>What a wait for a port waits for.</summary>
public enum PortGoal
{
    /// <summary>Remote: the port is open and, where that is asked, verified.</summary>
    Open,

    /// <summary>Remote: no address accepts a connection any more, whether it refuses, is silent or can't be reached.</summary>
    Closed,

    /// <summary>Local: a server may listen on the port.</summary>
    Free,

    /// <summary>Local: another socket uses the port.</summary>
    InUse,
}
