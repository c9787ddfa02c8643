using System.Net;

namespace PSSocketTools.Ports.Probing;

/// <summary>What all the attempts of a transport have in common.</summary>
/// <param name="Protocol">Tcp or Udp.</param>
/// <param name="Source">The source address; null for the system's choice.</param>
/// <param name="ResetsConnections">Whether connections end with a reset (RST), which leaves no TIME_WAIT behind, instead of in order (FIN).</param>
internal sealed record ProbeSetup(SocketProtocol Protocol, IPAddress? Source = null, bool ResetsConnections = false);
