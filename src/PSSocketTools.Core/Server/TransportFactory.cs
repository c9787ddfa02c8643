#if NET
using System.ComponentModel;
#endif
using System.Net;
using System.Net.Sockets;
using PSSocketTools.Net;
using PSSocketTools.Server.Conversations;
using PSSocketTools.Server.Journal;
using PSSocketTools.Server.Transport;
using PSSocketTools.Server.Transport.Async;
using PSSocketTools.Tls;
#if NET
using PSSocketTools.Platform;
using PSSocketTools.Server.Transport.Epoll;
#endif

namespace PSSocketTools.Server;

/// <summary>
/// Chooses and makes the transport of a server: epoll where the system and the options allow it, .NET's sockets elsewhere. It stands
/// beside the room of the transports, which know nothing of a server's options.
/// </summary>
internal sealed class TransportFactory
{
    /// <summary>The environment variable that overrides the choice, for tests and comparisons.</summary>
    public const string Variable = "PSSOCKETTOOLS_TRANSPORT";

    private readonly EchoServerOptions _options;
    private readonly Func<IPAddress, bool>? _isAllowed;
    private readonly bool _usesEpoll;

    /// <summary>Chooses, before anything is opened.</summary>
    /// <exception cref="SocketToolsException">InvalidOption: the environment asks for a transport that can't serve, or an allowed address is none.</exception>
    public TransportFactory(EchoServerOptions options)
    {
        _options = options;
        _isAllowed = options.ToFilter();
        _usesEpoll = UsesEpoll(options);
    }

    /// <summary>Makes the transport.</summary>
    /// <param name="sockets">The sockets that listen, or receive datagrams, which the transport closes.</param>
    /// <param name="plan">What is compiled of the options.</param>
    /// <param name="record">The server's counters and journal.</param>
    /// <param name="onFailure">Called when a socket has failed, or with null when all have.</param>
    /// <exception cref="SocketToolsException">TooManyOpenFiles, or SocketFailed.</exception>
    public ServerTransport Create(List<Socket> sockets, ConversationPlan plan, ServerRecord record, Action<Exception, Socket?> onFailure)
    {
        var options = _options;
#if NET
        if (_usesEpoll)
        {
            EpollLoops? loops = null;
            try
            {
                // A log that falls behind blocks its server, and would block the others on the same loops.
                loops = EpollLoops.Join(alone: options.LogPath is not null);
                return options.ActualProtocol == SocketProtocol.Udp
                    ? new EpollDatagramTransport(sockets, plan, record, options.MaxConnections, _isAllowed, loops, onFailure)
                    : new EpollTransport(
                        sockets,
                        new ConnectionAdmission(plan, record, options.MaxConnections, _isAllowed),
                        options.BufferSize,
                        options.IsSequential,
                        ToHandshakes(options),
                        loops,
                        onFailure);
            }
            catch (Exception exception)
            {
                // The server that leaves the loops is the transport, and there is none.
                loops?.Leave(onFailure: null);
                switch (exception)
                {
                    case SocketException error:
                        throw SocketErrors.ToListenError(error, Where(options, sockets));
                    case Win32Exception error:
                        throw SocketErrors.ToListenError(new LinuxSocketException(error.NativeErrorCode), Where(options, sockets));
                    default:
                        throw;
                }
            }
        }
#endif

        if (options.ActualProtocol == SocketProtocol.Udp)
        {
            return new AsyncDatagramTransport(sockets, plan, record, options.MaxConnections, _isAllowed, onFailure);
        }

        var admission = new ConnectionAdmission(plan, record, options.MaxConnections, _isAllowed);
        return ToHandshakes(options) is { Server: var tls } handshakes
            ? new AsyncTransport<TlsChannel>(
                sockets, admission, options.IsSequential, (socket, pump) => new TlsChannel(socket, options.BufferSize, tls, pump), handshakes, onFailure)
            : new AsyncTransport<SocketChannel>(
                sockets, admission, options.IsSequential, (socket, pump) => new SocketChannel(socket, options.BufferSize, pump), handshakes: null, onFailure);
    }

    /// <summary>The handshakes of a TLS server; null for another. None lasts longer than the idle timeout.</summary>
    private static Handshakes? ToHandshakes(EchoServerOptions options) => options.Certificate is not { } certificate
        ? null
        : new Handshakes(
            new TlsServer(certificate)
            {
                ClientTrust = options.RequiresClientCertificate
                    ? new ClientTrust(options.TrustedClientCertificates, options.TrustedClientThumbprints)
                    : null,
            },
            options.IdleTimeout > TimeSpan.Zero && options.IdleTimeout < options.HandshakeTimeout ? options.IdleTimeout : options.HandshakeTimeout,
            options.MaxHandshakes);

#if NET
    private static string Where(EchoServerOptions options, List<Socket> sockets) =>
        options.SocketPath ?? EndPointText.Of((IPEndPoint)sockets[0].LocalEndPoint!);
#endif

    /// <summary>Whether to use epoll: it is used when the system and the options allow it, unless the environment overrides it.</summary>
    private static bool UsesEpoll(EchoServerOptions options)
    {
        var wanted = options.Transport ?? Environment.GetEnvironmentVariable(Variable);
        var isSupported = options.ActualProtocol == SocketProtocol.Udp ? IsEpollSupportedForDatagrams : IsEpollSupported;
        var canUseEpoll = isSupported && options.Responder is null;
        if (string.IsNullOrEmpty(wanted))
        {
            return canUseEpoll;
        }

        if (string.Equals(wanted, ServerTransport.Async, StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        return string.Equals(wanted, ServerTransport.Epoll, StringComparison.OrdinalIgnoreCase) && canUseEpoll
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
