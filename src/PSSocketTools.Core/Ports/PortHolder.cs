using PSSocketTools.Net;

namespace PSSocketTools;

/// <summary>A process that holds a port of this machine, by one of its sockets.</summary>
public sealed class PortHolder
{
    private readonly SocketEntry _socket;

    internal PortHolder(SocketEntry socket)
    {
        _socket = socket;
        Service = ServiceNames.Of(socket.LocalPort, socket.Protocol);
    }

    /// <summary>Tcp or Udp: the name of a <see cref="SocketProtocol"/>.</summary>
    public string Protocol => _socket.Protocol.ToString();

    /// <summary>The address the socket is bound to; <c>0.0.0.0</c> and <c>::</c> are all addresses.</summary>
    public string LocalAddress => EndPointText.Of(_socket.LocalAddress);

    /// <summary>The port, 1 to 65535.</summary>
    public int Port => _socket.LocalPort;

    /// <summary>The service registered for the port; null where there is none.</summary>
    public string? Service { get; }

    /// <summary>The socket's state: the name of a <see cref="PortHolderState"/>.</summary>
    public string State => _socket.State.ToString();

    /// <summary>The peer's address and port; null where the socket has no peer.</summary>
    public string? RemoteEndPoint => _socket.RemotePort == 0 ? null : SocketTable.RemoteOf(_socket);

    /// <summary>The process; null where it can't be known, and Detail says why.</summary>
    public int? ProcessId { get; internal init; }

    /// <summary>The process's name, without control characters; null where it can't be known.</summary>
    public string? ProcessName { get; internal init; }

    /// <summary>The path of the process's program; null where it is not known.</summary>
    public string? ProcessPath { get; internal init; }

    /// <summary>The user the process runs as, or where the process is not known, the socket's; null where neither is known.</summary>
    public string? UserName { get; internal init; }

    /// <summary>When the process started, in local time; null where it is not known.</summary>
    public DateTime? StartTime { get; internal init; }

    /// <summary>The services that the process runs, between commas, on Windows; null where it runs none.</summary>
    public string? ServiceName { get; internal init; }

    /// <summary>What can't be known, and why, or for whom the process holds the port; null when the other members are enough.</summary>
    public string? Detail { get; internal init; }

    /// <summary>The socket's state, as an enumeration.</summary>
    public PortHolderState GetState() => _socket.State;

    /// <summary>Tcp or Udp, as an enumeration.</summary>
    public SocketProtocol GetProtocol() => _socket.Protocol;

    /// <summary>The endpoint and who holds it, for a debugger or a string.</summary>
    public override string ToString() => ProcessId is null ? $"{Protocol} {EndPointText.Of(LocalAddress, Port)}" : $"{Protocol} {EndPointText.Of(LocalAddress, Port)}, {ProcessName} ({ProcessId})";
}
