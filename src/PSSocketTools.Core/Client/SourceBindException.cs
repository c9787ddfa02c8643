using System.Net.Sockets;

namespace PSSocketTools.Client;

/// <summary>A socket could not be bound to the address and port that it was to connect from.</summary>
internal sealed class SourceBindException(SocketError error) : SocketException((int)error);
