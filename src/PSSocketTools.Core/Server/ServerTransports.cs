#if NET
using System.ComponentModel;
using System.Net;
#endif
using System.Net.Sockets;
using PSSocketTools.Net;
using PSSocketTools.Server.Conversations;
using PSSocketTools.Server.Journal;
using PSSocketTools.Server.Transport;
using PSSocketTools.Tls;
#if NET
using PSSocketTools.Platform;
#endif

namespace PSSocketTools.Server;

/// <summary>Chooses the transport of a server.</summary>
internal static class ServerTransports
{
    /// <summary>The environment variable that overrides the choice, for tests and comparisons.</summary>
    public const string Variable = "PSSOCKETTOOLS_TRANSPORT";

    private const string Async = "Async";
    private const string Epoll = "Epoll";

    /// <summary>Throws when the environment asks for a transport that can't serve with these options.</summary>
    /// <exception cref="SocketToolsException">InvalidOption.</exception>
    public static void RequireChoice(EchoServerOptions options) => _ = UsesEpoll(options);

    /// <summary>Makes the transport of a server.</summary>
    public static ServerTransport Create(
        EchoServerOptions options, List<Socket> sockets, ConversationPlan plan, ServerRecord record, Action<Exception, Socket?> onFault)
    {
        var isAllowed = options.ToFilter();
#if NET
        if (UsesEpoll(options))
        {
            try
            {
                // A log that falls behind blocks its server, and would block the others on the same loops.
                var loops = EpollLoops.Join(alone: options.LogPath is not null);
                return options.ActualProtocol == SocketProtocol.Udp
                    ? new EpollDatagramTransport(sockets, plan, record, options.MaxConnections, isAllowed, loops, onFault)
                    : new EpollTransport(
                        sockets,
                        new ConnectionAcceptor(plan, record, options.MaxConnections, isAllowed),
                        options.BufferSize,
                        options.IsSequential,
                        loops,
                        onFault);
            }
            catch (SocketException exception)
            {
                throw SocketErrors.Listening(exception, Where(options, sockets));
            }
            catch (Win32Exception exception)
            {
                throw SocketErrors.Listening(new LinuxSocketException(exception.NativeErrorCode), Where(options, sockets));
            }
        }
#endif

        if (options.ActualProtocol == SocketProtocol.Udp)
        {
            return new AsyncDatagramTransport(sockets, plan, record, options.MaxConnections, isAllowed, onFault);
        }

        var acceptor = new ConnectionAcceptor(plan, record, options.MaxConnections, isAllowed);
        if (options.Certificate is not { } certificate)
        {
            return new AsyncTransport<SocketChannel>(
                sockets,
                acceptor,
                options.IsSequential,
                (socket, pump) => new SocketChannel(socket, options.BufferSize, pump),
                handshakeTimeout: TimeSpan.Zero,
                maxHandshakes: 0,
                onFault);
        }

        var tls = new TlsServer(certificate)
        {
            RequireClientCertificate = options.RequireClientCertificate,
            ClientCertificateCheck = options.ClientCertificateCheck,
        };
        return new AsyncTransport<TlsChannel>(
            sockets,
            acceptor,
            options.IsSequential,
            (socket, pump) => new TlsChannel(socket, options.BufferSize, tls, pump),
            HandshakeTimeout(options),
            options.MaxHandshakes,
            onFault);
    }

#if NET
    private static string Where(EchoServerOptions options, List<Socket> sockets) =>
        options.SocketPath ?? EndPointText.Of((IPEndPoint)sockets[0].LocalEndPoint!);
#endif

    /// <summary>The time limit of a handshake, which is never longer than the idle timeout.</summary>
    private static TimeSpan HandshakeTimeout(EchoServerOptions options) =>
        options.IdleTimeout > TimeSpan.Zero && options.IdleTimeout < options.HandshakeTimeout ? options.IdleTimeout : options.HandshakeTimeout;

    /// <summary>Whether to use epoll: it is used when the system and the options allow it, unless the environment overrides it.</summary>
    private static bool UsesEpoll(EchoServerOptions options)
    {
        var wanted = options.Transport ?? Environment.GetEnvironmentVariable(Variable);
        var isSupported = options.ActualProtocol == SocketProtocol.Udp ? IsEpollSupportedForDatagrams : IsEpollSupported;
        var canUseEpoll = isSupported && options is { Certificate: null, Responder: null };
        if (string.IsNullOrEmpty(wanted))
        {
            return canUseEpoll;
        }

        if (string.Equals(wanted, Async, StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        return string.Equals(wanted, Epoll, StringComparison.OrdinalIgnoreCase) && canUseEpoll
            ? true
            : throw new SocketToolsException(SocketToolsError.InvalidOption, Messages.Get("TransportRefused", Variable, wanted), wanted);
    }

#if NET
    private static bool IsEpollSupported => LinuxEpoll.IsSupported;

    private static bool IsEpollSupportedForDatagrams => LinuxDatagrams.IsSupported;
#else
    private static bool IsEpollSupported => false;

    private static bool IsEpollSupportedForDatagrams => false;
#endif
}
