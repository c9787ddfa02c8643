namespace PSSocketTools;

/// <summary>What a port test found.</summary>
public enum PortStatus
{
    /// <summary>Local: a server may listen here.</summary>
    Available,

    /// <summary>Local: another socket uses the port on a conflicting address.</summary>
    InUse,

    /// <summary>Local: the system does not let this user listen here: below 1024 without the right, or excluded.</summary>
    AccessDenied,

    /// <summary>Local: the address is not one of this machine's.</summary>
    AddressNotAvailable,

    /// <summary>Remote: a connection was established; of UDP, an answer was received.</summary>
    Open,

    /// <summary>Remote: the host refused, so that nothing listens there; of UDP, by an ICMP message.</summary>
    Closed,

    /// <summary>Remote, verified: the connection was accepted, and closed or reset at once without a byte: a proxy without its server, or a server that rejects this machine.</summary>
    ClosedAtOnce,

    /// <summary>Remote, verified: the connection was accepted, and no byte was received in the time allowed.</summary>
    Silent,

    /// <summary>Remote, verified: what was sent was not received back, or something else was.</summary>
    NotEcho,

    /// <summary>Remote: no answer in the time allowed: a firewall drops the packets, or the host is down.</summary>
    TimedOut,

    /// <summary>Remote, UDP: no answer in the time allowed, and silence says nothing of UDP.</summary>
    OpenOrFiltered,

    /// <summary>Remote: no route to the host or its network.</summary>
    Unreachable,

    /// <summary>Remote: the name does not resolve to an address.</summary>
    NameNotFound,

    /// <summary>The system reported another error; Detail has its message.</summary>
    Failed,
}
