using System.Net;

namespace PSSocketTools.Net;

/// <summary>A socket of the system's table.</summary>
/// <param name="Protocol">Tcp or Udp.</param>
/// <param name="LocalAddress">The address it is bound to.</param>
/// <param name="LocalPort">The port it is bound to.</param>
/// <param name="RemoteAddress">Its peer's address; the wildcard where it has none.</param>
/// <param name="RemotePort">Its peer's port; 0 where it has none.</param>
/// <param name="State">Its state.</param>
/// <param name="Key">The key of its owner: the inode on Linux, the process id elsewhere; 0 where the system does not report it.</param>
/// <param name="UserId">The user it belongs to; -1 where the system does not report it.</param>
internal sealed record SocketEntry(
    SocketProtocol Protocol, IPAddress LocalAddress, int LocalPort, IPAddress RemoteAddress, int RemotePort, PortHolderState State, long Key, long UserId = -1)
{
    /// <summary>Whether it is what others connect or send to, and no connection's own.</summary>
    public bool IsServer => State is PortHolderState.Listen || (State is PortHolderState.Bound && Protocol == SocketProtocol.Udp);
}
