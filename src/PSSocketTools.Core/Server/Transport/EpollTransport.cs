#if NET
using System.Net;
using System.Net.Sockets;
using PSSocketTools.Platform;
using PSSocketTools.Server.Conversations;

namespace PSSocketTools.Server.Transport;

/// <summary>Linux's own event queue, on a few threads for all servers: for plain streams, with conversations that wait for no task.</summary>
internal sealed class EpollTransport : StreamTransport
{
    private readonly bool _sequential;
    private readonly Action<Exception, Socket?> _onFault;
    private readonly EpollLoops _loops;
    private readonly EpollBuffers[] _buffers;

    // Accepts, and serves the one client of a server that has one at a time.
    private readonly EpollLoop _home;
    private readonly List<EpollListener> _listeners = [];

    // Of the home loop: whether the one client a sequential server serves is there.
    private bool _isTaken;

    public EpollTransport(
        IReadOnlyList<Socket> sockets, Reception reception, int bufferSize, bool sequential, EpollLoops loops, Action<Exception, Socket?> onFault)
        : base(sockets, reception)
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
    public override string Name => "Epoll";

    /// <inheritdoc/>
    public override void Start()
    {
        Warmth.Touch();
        _home.Post(
            () =>
            {
                foreach (var socket in Sockets)
                {
                    var listener = new EpollListener(this, _home, socket);
                    _listeners.Add(listener);
                    listener.Resume();
                }
            },
            exception => _onFault(exception, null));
        _loops.WhenFailed(LoopFailed);
    }

    /// <summary>Begins to serve a client that was accepted. On the home loop.</summary>
    public void Serve(LinuxDescriptor socket, IPEndPoint? remote)
    {
        Conversation? conversation = null;
        try
        {
            conversation = Reception.Admit(remote);
        }
#pragma warning disable CA1031 // A fault with one client is told in the journal, and costs the others nothing.
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
            _isTaken = true;
            _listeners.ForEach(static listener => listener.Pause());
        }
        else
        {
            loop = _loops.Next();
        }

        var channel = new EpollChannel(loop, socket, _buffers[loop.Index]);
        var connection = new Connection<EpollChannel>(this, conversation.Connection, conversation, channel, loop);
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

    /// <summary>Lets a listener go on that had to wait. On the home loop.</summary>
    public void ResumeAccepting(EpollListener listener)
    {
        if (!_isTaken)
        {
            listener.Resume();
        }
    }

    /// <inheritdoc/>
    public override void ConversationEnded()
    {
        if (_isTaken)
        {
            _isTaken = false;
            _listeners.ForEach(static listener => listener.Resume());
        }
    }

    /// <summary>Accepting has ended for a reason that is not the server's.</summary>
    public void Fault(Exception exception, Socket listener) => _onFault(exception, listener);

    /// <inheritdoc/>
    public override void Dispose() => _loops.Leave(LoopFailed);

    /// <summary>
    /// A loop of its can wait for nothing any more, and ends the connections it had. Without it the server would lose every
    /// client that falls to it, so that it accepts no more.
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
