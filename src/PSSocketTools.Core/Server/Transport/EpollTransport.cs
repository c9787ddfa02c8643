#if NET
using System.Net;
using System.Net.Sockets;
using PSSocketTools.Platform;
using PSSocketTools.Server.Conversations;

namespace PSSocketTools.Server.Transport;

/// <summary>Serves over epoll, on a few threads for all servers: for streams without TLS, and conversations that await no task.</summary>
internal sealed class EpollTransport : StreamTransport
{
    private readonly bool _sequential;
    private readonly Action<Exception, Socket?> _onFault;
    private readonly EpollLoops _loops;
    private readonly EpollBuffers[] _buffers;

    // Accepts connections, and serves the connection of a sequential server.
    private readonly EpollLoop _home;
    private readonly List<EpollListener> _listeners = [];

    // Whether a sequential server is serving a connection. Used on the home loop only.
    private bool _isServing;

    public EpollTransport(
        IReadOnlyList<Socket> sockets, ConnectionAcceptor acceptor, int bufferSize, bool sequential, EpollLoops loops, Action<Exception, Socket?> onFault)
        : base(sockets, acceptor)
    {
        _sequential = sequential;
        _onFault = onFault;
        _loops = loops;
        _home = loops.Next();
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
        _home.Post(
            () =>
            {
                foreach (var socket in Sockets)
                {
                    Attempt.To(() => Listen(socket), exception => _onFault(exception, socket));
                }
            },
            exception => _onFault(exception, null));
        _loops.WhenFailed(LoopFailed);
    }

    private void Listen(Socket socket)
    {
        var listener = new EpollListener(this, _home, socket);
        _listeners.Add(listener);
        listener.Resume();
    }

    /// <summary>Whether it has to be told the endpoint that a client connected to.</summary>
    public bool WantsLocalEndPoint => ConnectionAcceptor.WantsLocalEndPoint;

    /// <summary>Starts to serve an accepted connection. On the home loop.</summary>
    public void Serve(LinuxDescriptor socket, IPEndPoint? remote, IPEndPoint? local)
    {
        Conversation? conversation = null;
        try
        {
            conversation = ConnectionAcceptor.TryAccept(remote, local);
        }
#pragma warning disable CA1031 // A fault of one connection is reported in the journal, and does not affect the others.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Report(exception);
        }

        if (conversation is null)
        {
            socket.Dispose();
            return;
        }

        var loop = _home;
        if (_sequential)
        {
            _isServing = true;
            _listeners.ForEach(static listener => listener.Pause());
        }
        else
        {
            loop = _loops.Next();
        }

        var channel = new EpollChannel(loop, socket, _buffers[loop.Index]);
        var connection = new Connection<EpollChannel>(this, conversation.Client, conversation, channel, loop);
        Add(connection);
        if (loop == _home)
        {
            Attempt.To(connection.Begin, connection.Fail);
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
    }

    /// <summary>Reports that accepting on a listener has failed.</summary>
    public void Fault(Exception exception, Socket listener) => _onFault(exception, listener);

    /// <inheritdoc/>
    public override void Dispose() => _loops.Leave(LoopFailed);

    /// <summary>
    /// Handles a failed loop, which has ended its connections. The server ends accepting, since it would lose every connection that
    /// is assigned to that loop.
    /// </summary>
    private void LoopFailed(Exception exception)
    {
        _onFault(exception, null);
        _home.Post(EndListeners, Report);
    }

    /// <inheritdoc/>
    protected override Task EndAcceptingAsync() => _home.PostAsync(EndListeners);

    private void EndListeners() => _listeners.ForEach(listener => Attempt.To(listener.End, Report));
}
#endif
