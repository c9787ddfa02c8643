using System.Net;
using System.Net.Sockets;
using PSSocketTools.Platform;

namespace PSSocketTools.Server.Transport.Epoll;

/// <summary>Serves over epoll, on a few threads for all servers: for conversations that await no task.</summary>
internal sealed class EpollTransport : StreamTransport
{
    // Whether connections are accepted one at a time. Those that begin with a handshake are accepted, and wait for the slot after it.
    private readonly bool _acceptsSequentially;
    private readonly EpollLoops _loops;
    private readonly EpollBuffers[] _buffers;

    // Accepts connections, and serves the connection of a sequential server.
    private readonly EpollLoop _acceptLoop;
    private readonly List<EpollListener> _listeners = [];

    // Whether a sequential server is serving a connection. Used on the accept loop only.
    private bool _isServing;

    public EpollTransport(
        IReadOnlyList<Socket> sockets,
        ConnectionAdmission admission,
        int bufferSize,
        bool sequential,
        Handshakes? handshakes,
        EpollLoops loops,
        Action<Exception, Socket?> onFailure)
        : base(sockets, admission, handshakes, sequential && handshakes is not null, onFailure)
    {
        _acceptsSequentially = sequential && handshakes is null;
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

    /// <summary>Begins to serve an accepted connection. On the accept loop.</summary>
    public void Serve(UnixDescriptor socket, IPEndPoint? remote, IPEndPoint? local)
    {
        var loop = _acceptsSequentially ? _acceptLoop : _loops.Next();
        var buffers = _buffers[loop.Index];
        var connection = TryConnect(remote, local, (client, conversation) => Handshakes is { Server: var tls }
            ? new Connection<EpollTlsChannel>(this, client, conversation, new EpollTlsChannel(loop, socket, buffers, tls), loop)
            : new Connection<EpollChannel>(this, client, conversation, new EpollChannel(loop, socket, buffers), loop));
        if (connection is null)
        {
            socket.Dispose();
            return;
        }

        if (_acceptsSequentially)
        {
            _isServing = true;
            _listeners.ForEach(static listener => listener.Pause());
        }

        if (loop == _acceptLoop)
        {
            BestEffort.Run(connection.Begin, connection.Fail);
        }
        else
        {
            loop.Post(connection, ConnectionSignal.Begin);
        }
    }

    /// <summary>Resumes a listener after its back-off. On the accept loop.</summary>
    public void ResumeAccepting(EpollListener listener)
    {
        if (!_isServing)
        {
            listener.Resume();
        }
    }

    /// <inheritdoc/>
    public override void ReleaseSlot()
    {
        if (_isServing)
        {
            _isServing = false;
            _listeners.ForEach(static listener => listener.Resume());
        }

        base.ReleaseSlot();
    }

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
        OnFailure(exception, null);
        _acceptLoop.Post(EndListeners, Report);
    }

    /// <inheritdoc/>
    protected override void BeginAccepting()
    {
        _acceptLoop.Post(
            () =>
            {
                foreach (var socket in Sockets)
                {
                    BestEffort.Run(() => BeginAccepting(socket), exception => OnFailure(exception, socket));
                }
            },
            exception => OnFailure(exception, null));
        _loops.OnFailed(LoopFailed);
    }

    private void BeginAccepting(Socket socket)
    {
        var listener = new EpollListener(this, _acceptLoop, socket);
        _listeners.Add(listener);
        listener.Resume();
    }

    /// <inheritdoc/>
    protected override Task EndAcceptingAsync() => _acceptLoop.PostAsync(EndListeners);

    private void EndListeners() => _listeners.ForEach(listener => BestEffort.Run(listener.End, Report));
}
