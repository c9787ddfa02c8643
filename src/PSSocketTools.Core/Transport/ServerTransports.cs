using System.Net.Sockets;
using PSSocketTools.Echo;

namespace PSSocketTools.Transport;

/// <summary>Chooses what moves a server's bytes.</summary>
internal static class ServerTransports
{
    public static ServerTransport Create(
        EchoServerOptions options, List<Socket> sockets, ConversationPlan plan, ServerRecord record, Action<Exception> onFault)
    {
        var isAllowed = options.ToFilter();
        if (options.ActualProtocol == SocketProtocol.Udp)
        {
            return new DatagramTransport(sockets, plan, record, options.MaxConnections, isAllowed, onFault);
        }

        var reception = new Reception(plan, record, options.MaxConnections, isAllowed);
        var tls = options.Certificate is { } certificate ? new TlsServer(certificate, options.RequireClientCertificate) : null;
        return new AsyncTransport(sockets, reception, options.BufferSize, options.IsSequential, tls, onFault);
    }
}
