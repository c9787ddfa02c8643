#if NET
using System.Net;
using System.Net.Sockets;
using PSSocketTools.Platform;
using PSSocketTools.Server.Conversations;
using PSSocketTools.Server.Journal;

namespace PSSocketTools.Server.Transport;

/// <summary>Linux's own event queue, on a few threads for all servers: for plain streams, with conversations that wait for no task.</summary>
internal sealed class EpollTransport : ServerTransport
{
    private readonly IReadOnlyList<Socket> _sockets;
    private readonly Reception _reception;
    private readonly bool _sequential;
    private readonly Action<Exception, Socket?> _onFault;
    private readonly EpollLoops _loops;
    private readonly EpollBuffers[] _buffers;

    // Accepts, and serves the one client of a server that has one at a time.
    private readonly EpollLoop _home;
    private readonly List<EpollListener> _listeners = [];
    private readonly HashSet<EpollConnection> _connections = [];
    private readonly TaskCompletionSource _empty = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _stopped;

    // Of the home loop: whether the one client a sequential server serves is there.
    private bool _isTaken;

    public EpollTransport(
        IReadOnlyList<Socket> sockets, Reception reception, int bufferSize, bool sequential, EpollLoops loops, Action<Exception, Socket?> onFault)
    {
        _sockets = sockets;
        _reception = reception;
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
    public override int? WaitingConnections => ListenBacklog.Waiting(_sockets);

    /// <summary>What the server knows of its doings.</summary>
    public ServerRecord Record => _reception.Record;

    /// <inheritdoc/>
    public override void Start()
    {
        Warmth.Touch();
        _home.Post(
            () =>
            {
                foreach (var socket in _sockets)
                {
                    var listener = new EpollListener(this, _home, socket);
                    _listeners.Add(listener);
                    listener.Resume();
                }
            },
            exception => _onFault(exception, null));
        _loops.WhenFailed(LoopFailed);
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken patienceEnded)
    {
        await _home.PostAsync(() => _listeners.ForEach(listener => Attempt.To(listener.End, Report))).ConfigureAwait(false);
        foreach (var socket in _sockets)
        {
            Attempt.To(socket.Dispose, Report);
        }

        lock (_connections)
        {
            _stopped = true;
            if (_connections.Count == 0)
            {
                _empty.TrySetResult();
            }
        }

        ForAll(static connection => connection.Drain());
        await WhenAnyAsync(_empty.Task, patienceEnded).ConfigureAwait(false);
        ForAll(static connection => connection.Abort());
        await _empty.Task.ConfigureAwait(false);
    }

    /// <summary>Begins to serve a client that was accepted. On the home loop.</summary>
    public void Serve(LinuxDescriptor socket, IPEndPoint? remote)
    {
        Conversation? conversation = null;
        try
        {
            conversation = _reception.Admit(remote);
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

        var connection = new EpollConnection(this, loop, conversation, socket, _buffers[loop.Index]);
        lock (_connections)
        {
            _connections.Add(connection);
        }

        if (loop == _home)
        {
            Attempt.To(connection.Begin, connection.Fail);
        }
        else
        {
            loop.Post(connection.Begin, connection.Fail);
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

    /// <summary>A conversation is over; its socket may still be closing.</summary>
    public void ConversationEnded(ConnectionFacts connection, ServerEventReason reason)
    {
        try
        {
            Record.Disconnected(connection, reason);
        }
        finally
        {
            if (_isTaken)
            {
                _isTaken = false;
                _listeners.ForEach(static listener => listener.Resume());
            }
        }
    }

    /// <summary>A connection holds nothing any more.</summary>
    public void Closed(EpollConnection connection)
    {
        lock (_connections)
        {
            _connections.Remove(connection);
            if (_stopped && _connections.Count == 0)
            {
                _empty.TrySetResult();
            }
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
        _home.Post(() => _listeners.ForEach(listener => Attempt.To(listener.End, Report)), Report);
    }

    private void ForAll(Action<EpollConnection> action) => _loops.PostToAll(
        loop =>
        {
            EpollConnection[] connections;
            lock (_connections)
            {
                connections = [.. _connections.Where(connection => connection.Loop == loop)];
            }

            foreach (var connection in connections)
            {
                Attempt.To(() => action(connection), connection.Fail);
            }
        },
        Report);

    private void Report(Exception exception) =>
        Attempt.To(() => Record.Failed(null, ServerEventReason.Fault, exception.Message));
}
#endif
