#if NET
using System.Net;
using System.Net.Sockets;
using PSSocketTools.Platform;
using PSSocketTools.Server.Conversations;
using PSSocketTools.Server.Journal;

namespace PSSocketTools.Server.Transport;

/// <summary>Serves over epoll, on a few threads for all servers: for conversations that await no task.</summary>
internal sealed class EpollTransport : StreamTransport
{
    // Whether connections are accepted one at a time. Those that begin with a handshake wait for their turn after it.
    private readonly bool _acceptsSequentially;
    private readonly Action<Exception, Socket?> _onFailure;
    private readonly EpollLoops _loops;
    private readonly EpollBuffers[] _buffers;

    // Accepts connections, and serves the connection of a sequential server.
    private readonly EpollLoop _acceptLoop;
    private readonly List<EpollListener> _listeners = [];

    // Whether a sequential server is serving a connection. Used on the home loop only.
    private bool _isServing;

    public EpollTransport(
        IReadOnlyList<Socket> sockets,
        ConnectionAdmission acceptor,
        int bufferSize,
        bool sequential,
        Handshakes? handshakes,
        EpollLoops loops,
        Action<Exception, Socket?> onFailure)
        : base(sockets, acceptor, handshakes, sequential && handshakes is not null)
    {
        _acceptsSequentially = sequential && handshakes is null;
        _onFailure = onFailure;
        _loops = loops;
        _acceptLoop = loops.Next();
        _buffers = new EpollBuffers[loops.Count];
        for (var i = 0; i < _buffers.Length; i++)
        {
            _buffers[i] = new EpollBuffers(bufferSize);
        }
    }

    /// <inheritdoc/>
    public override string Name => Epoll;

    /// <inheritdoc/>
    public override void Start()
    {
        Preloading.Run();
        _acceptLoop.Post(
            () =>
            {
                foreach (var socket in Sockets)
                {
                    BestEffort.Run(() => Listen(socket), exception => _onFailure(exception, socket));
                }
            },
            exception => _onFailure(exception, null));
        _loops.WhenFailed(LoopFailed);
    }

    private void Listen(Socket socket)
    {
        var listener = new EpollListener(this, _acceptLoop, socket);
        _listeners.Add(listener);
        listener.Resume();
    }

    /// <summary>Whether it has to be told the endpoint that a client connected to.</summary>
    public bool WantsLocalEndPoint => ConnectionAdmission.WantsLocalEndPoint;

    /// <summary>Starts to serve an accepted connection. On the home loop.</summary>
    public void Serve(LinuxDescriptor socket, IPEndPoint? remote, IPEndPoint? local)
    {
        ClientFacts? client = null;
        Conversation? conversation = null;
        var isHandshaking = false;
        try
        {
            client = ConnectionAdmission.TryIdentify(remote, local);
            if (client is not null && Handshakes is null)
            {
                conversation = ConnectionAdmission.TryAccept(client);
            }
            else if (client is not null)
            {
                isHandshaking = Handshakes!.TryBegin(client, Record);
            }
        }
#pragma warning disable CA1031 // A fault of one connection is reported in the journal, and does not affect the others.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Report(exception);
        }

        if (conversation is null && !isHandshaking)
        {
            socket.Dispose();
            return;
        }

        var loop = _acceptLoop;
        if (_acceptsSequentially)
        {
            _isServing = true;
            _listeners.ForEach(static listener => listener.Pause());
        }
        else
        {
            loop = _loops.Next();
        }

        var buffers = _buffers[loop.Index];
        Connection connection = Handshakes is { Server: var tls }
            ? new Connection<EpollTlsChannel>(this, client!, conversation, new EpollTlsChannel(loop, socket, buffers, tls), loop)
            : new Connection<EpollChannel>(this, client!, conversation, new EpollChannel(loop, socket, buffers), loop);
        Add(connection);
        if (loop == _acceptLoop)
        {
            BestEffort.Run(connection.Begin, connection.Fail);
        }
        else
        {
            loop.Post(connection, ConnectionSignal.Begin);
        }
    }

    /// <summary>Resumes a listener after its back-off. On the home loop.</summary>
    public void ResumeAccepting(EpollListener listener)
    {
        if (!_isServing)
        {
            listener.Resume();
        }
    }

    /// <inheritdoc/>
    public override void ConversationEnded()
    {
        if (_isServing)
        {
            _isServing = false;
            _listeners.ForEach(static listener => listener.Resume());
        }

        base.ConversationEnded();
    }

    /// <summary>Reports that accepting on a listener has failed.</summary>
    public void Fault(Exception exception, Socket listener) => _onFailure(exception, listener);

    /// <inheritdoc/>
    public override void Dispose()
    {
        _loops.Leave(LoopFailed);
        base.Dispose();
    }

    /// <summary>
    /// Handles a failed loop, which has ended its connections. The server ends accepting, since it would lose every connection that
    /// is assigned to that loop.
    /// </summary>
    private void LoopFailed(Exception exception)
    {
        _onFailure(exception, null);
        _acceptLoop.Post(EndListeners, Report);
    }

    /// <inheritdoc/>
    protected override Task EndAcceptingAsync() => _acceptLoop.PostAsync(EndListeners);

    private void EndListeners() => _listeners.ForEach(listener => BestEffort.Run(listener.End, Report));
}
#endif
