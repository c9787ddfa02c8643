using System.Net;
using System.Net.Sockets;
using PSSocketTools.Platform;

namespace PSSocketTools.Client;

/// <summary>The connection that a <see cref="ConnectRace"/> has made.</summary>
/// <param name="Socket">Its socket, which belongs to whoever ran the race.</param>
/// <param name="Remote">The address that answered.</param>
/// <param name="Delay">How long other addresses were tried before this one was.</param>
/// <param name="Latency">How long this one's connect took.</param>
/// <param name="Deadline">When the TLS handshake times out.</param>
internal sealed record RaceWinner(Socket Socket, EndPoint Remote, TimeSpan Delay, TimeSpan Latency, Deadline Deadline);
