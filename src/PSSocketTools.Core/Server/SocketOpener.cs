using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using PSSocketTools.Net;
using PSSocketTools.Platform;

namespace PSSocketTools.Server;

/// <summary>Opens the sockets a server listens on: the same port on each of its addresses, or none at all.</summary>
internal static class SocketOpener
{
    // With port 0 the system assigns the port of the first address, which may be in use on the others.
    private const int PortTries = 32;

    /// <summary>Binds and listens.</summary>
    /// <exception cref="SocketToolsException">PortInUse, PortAccessDenied, AddressNotAvailable and others.</exception>
    public static List<Socket> Listen(IPAddress[] addresses, int port, int backlog) =>
        OpenAll(addresses, port, SocketProtocol.Tcp, socket =>
        {
            // On Linux accepted sockets inherit it, so that a loop over epoll spends no system call on each; it is set before there can be one.
            socket.NoDelay = true;
            socket.Listen(backlog);
        });

    /// <summary>Binds sockets for datagrams.</summary>
    /// <exception cref="SocketToolsException">PortInUse, PortAccessDenied, AddressNotAvailable and others.</exception>
    public static List<Socket> BindDatagram(IPAddress[] addresses, int port) =>
        OpenAll(addresses, port, SocketProtocol.Udp, DatagramPlatform.Prepare);

    private static List<Socket> OpenAll(IPAddress[] addresses, int port, SocketProtocol protocol, Action<Socket> ready)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return OpenOnce(addresses, port, protocol, ready);
            }
            catch (SocketToolsException exception) when (
                port == 0 && (exception.Error is SocketToolsError.PortInUse or SocketToolsError.PortAccessDenied) && attempt < PortTries)
            {
                // Another port may be free on all addresses; Windows excludes ranges for each family separately.
            }
        }
    }

    private static List<Socket> OpenOnce(IPAddress[] addresses, int port, SocketProtocol protocol, Action<Socket> ready)
    {
        var sockets = new List<Socket>();
        var endPoint = new IPEndPoint(IPAddress.None, port);
        try
        {
            foreach (var address in addresses)
            {
                endPoint = new IPEndPoint(address, port);
                var socket = DescriptorReserve.ForServer(() => protocol == SocketProtocol.Udp
                    ? new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp)
                    : new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp));
                sockets.Add(socket);
                PortBinding.Bind(socket, endPoint);
                ready(socket);
                port = ((IPEndPoint)socket.LocalEndPoint!).Port;
            }

            return sockets;
        }
        catch (SocketException exception)
        {
            foreach (var socket in sockets)
            {
                socket.Dispose();
            }

            throw ToBindError(exception, endPoint, protocol);
        }
    }

    private static SocketToolsException Denied(SocketException exception, IPEndPoint endPoint, SocketProtocol protocol) =>
        new(SocketToolsError.PortAccessDenied, SocketErrors.DeniedText(endPoint, protocol), EndPointText.Of(endPoint), exception);

    /// <summary>The error of a failed bind, with the process that holds the port, where the system tells.</summary>
    private static SocketToolsException ToBindError(SocketException exception, IPEndPoint endPoint, SocketProtocol protocol)
    {
        var text = EndPointText.Of(endPoint);
        if (!PortBinding.MayBeTaken(exception.SocketErrorCode))
        {
            if (exception.SocketErrorCode == SocketError.AccessDenied)
            {
                return Denied(exception, endPoint, protocol);
            }

            // An address that this machine does not have is the problem, whatever the port.
            return SocketErrors.ToListenError(
                exception, exception.SocketErrorCode == SocketError.AddressNotAvailable ? EndPointText.Of(endPoint.Address) : text);
        }

        var conflict = BindConflict.Find(SocketTable.Read(protocol), endPoint.Address, endPoint.Port);
        if (!PortBinding.IsTaken(exception.SocketErrorCode, conflict))
        {
            return Denied(exception, endPoint, protocol);
        }

        // Advice to stop the process would be wrong for our own.
        using var own = Process.GetCurrentProcess();
        var sentence = conflict.ProcessId is not { } id ? Messages.Get("PortInUse", text)
            : SystemProcess.Explain(id) is { } why ? Messages.Get("PortInUse", text) + " " + why
            : id == own.Id ? Messages.Get("PortInUseByThis", text, conflict.ProcessName, id, endPoint.Port)
            : Messages.Get("PortInUseBy", text, conflict.ProcessName, id);
        return new SocketToolsException(SocketToolsError.PortInUse, sentence, text, exception);
    }
}
