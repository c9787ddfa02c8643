using System.Net.Sockets;
using PSSocketTools.Net;
using PSSocketTools.Platform;
using PSSocketTools.Server.Conversations;
using PSSocketTools.Server.Journal;

namespace PSSocketTools.Server.Transport;

/// <summary>.NET's asynchronous sockets: everywhere, for everything.</summary>
/// <typeparam name="TChannel">What moves the clients' bytes.</typeparam>
internal sealed class AsyncTransport<TChannel> : StreamTransport
    where TChannel : IChannel
{
    private readonly Func<Socket, AsyncPump, TChannel> _toChannel;
    private readonly Action<Exception, Socket?> _onFault;
    private readonly CancellationTokenSource _stopping = new();

    // One at a time: whoever has the turn is served. Null when all are served at once.
    private readonly SemaphoreSlim? _turn;
    private readonly int _mostHandshakes;
    private readonly DescriptorReserve _reserve = new();
    private int _handshakes;
    private Task _accepting = Task.CompletedTask;

    /// <param name="listeners">The sockets that listen.</param>
    /// <param name="reception">Decides who comes in.</param>
    /// <param name="sequential">Whether clients are served one at a time.</param>
    /// <param name="toChannel">Makes the channel of an accepted socket, which it owns from then on.</param>
    /// <param name="handshakeTimeout">How long a client may take until it is ready for bytes.</param>
    /// <param name="mostHandshakes">How many clients may be getting ready at once; 0 for channels that are ready at once.</param>
    /// <param name="onFault">Is told what ended accepting, and on which of the listeners; null for all of them.</param>
    public AsyncTransport(
        IReadOnlyList<Socket> listeners,
        Reception reception,
        bool sequential,
        Func<Socket, AsyncPump, TChannel> toChannel,
        TimeSpan handshakeTimeout,
        int mostHandshakes,
        Action<Exception, Socket?> onFault)
        : base(listeners, reception)
    {
        _toChannel = toChannel;
        HandshakeTimeout = handshakeTimeout;
        _mostHandshakes = mostHandshakes;
        _onFault = onFault;
        _turn = sequential ? new SemaphoreSlim(1) : null;
    }

    /// <inheritdoc/>
    public override string Name => "Async";

    /// <inheritdoc/>
    public override TimeSpan HandshakeTimeout { get; }

    /// <inheritdoc/>
    public override void Start()
    {
        Warmth.Touch();
        _accepting = _turn is null || _mostHandshakes > 0
            ? Task.WhenAll(Sockets.Select(listener => AcceptAsync(() => AcceptAllAsync(listener), listener)))
            : AcceptAsync(() => AcceptInTurnAsync(_turn), null);
    }

    /// <inheritdoc/>
    public override async Task<bool> TakeTurnAsync()
    {
        try
        {
            await (_turn?.WaitAsync(_stopping.Token) ?? Task.CompletedTask).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public override void HandshakeEnded() => Interlocked.Decrement(ref _handshakes);

    /// <inheritdoc/>
    public override void ConversationEnded() => _turn?.Release();

    /// <inheritdoc/>
    public override void Dispose()
    {
        _stopping.Dispose();
        _turn?.Dispose();
    }

    /// <inheritdoc/>
    protected override Task EndAcceptingAsync()
    {
        Attempt.To(_stopping.Cancel, Report);
        foreach (var listener in Sockets)
        {
            Attempt.To(listener.Dispose, Report);
        }

        return _accepting;
    }

    private async Task AcceptAsync(Func<Task> accept, Socket? listener)
    {
        try
        {
            await accept().ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
        catch (ObjectDisposedException) when (_stopping.IsCancellationRequested)
        {
            // The same, met in the middle of beginning to accept.
        }
#pragma warning disable CA1031 // Whatever else ends accepting is the server's fault, and is told as such.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _onFault(exception, listener);
        }
    }

    private async Task AcceptAllAsync(Socket listener)
    {
        var backoff = new AcceptBackoff();
        using var accepting = new AcceptOperation(listener);
        while (!_stopping.IsCancellationRequested)
        {
            await WhenRoomAsync(backoff).ConfigureAwait(false);
            if (await accepting.AcceptAsync().ConfigureAwait(false) is { } socket)
            {
                backoff.Reset();
                Serve(socket);
            }
            else if (!await CanGoOnAsync(accepting.Error, backoff).ConfigureAwait(false))
            {
                return;
            }
        }
    }

    /// <summary>Accepts only while nobody is served, so that the others wait in the system's backlog, in their order.</summary>
    private async Task AcceptInTurnAsync(SemaphoreSlim turn)
    {
        var listeners = Sockets.Select(static listener => new ListenerInTurn(listener)).ToList();
        try
        {
            while (!_stopping.IsCancellationRequested)
            {
                await turn.WaitAsync(_stopping.Token).ConfigureAwait(false);
                if (await AcceptFirstAsync(listeners).ConfigureAwait(false) is not { } socket)
                {
                    return;
                }

                Serve(socket);
            }
        }
        finally
        {
            listeners.ForEach(static listener => listener.Dispose());
        }
    }

    /// <summary>The first client that comes to any listener; null when none will any more.</summary>
    /// <param name="listeners">Those that accept. One that fails is told as lost and taken from them, and the others go on.</param>
    private async Task<Socket?> AcceptFirstAsync(List<ListenerInTurn> listeners)
    {
        var backoff = new AcceptBackoff();
        await WhenRoomAsync(backoff).ConfigureAwait(false);
        using var hasCome = new CancellationTokenSource();
        while (listeners.Count > 0)
        {
            listeners.ForEach(listener => listener.Pending ??= listener.Accepting.AcceptAsync(hasCome.Token));
            var first = await Task.WhenAny(listeners.Select(static listener => listener.Pending!)).ConfigureAwait(false);
            var listener = listeners.Find(listener => listener.Pending == first)!;
            listener.Pending = null;
            try
            {
                if (await first.ConfigureAwait(false) is { } socket)
                {
                    hasCome.Cancel();
                    return socket;
                }

                var error = listener.Accepting.Error;
                if (error != SocketError.WouldBlock && !await CanGoOnAsync(error, backoff).ConfigureAwait(false))
                {
                    return null;
                }
            }
#pragma warning disable CA1031 // Whatever ends one listener leaves the others, and is told as that one's.
            catch (Exception exception) when (!_stopping.IsCancellationRequested)
#pragma warning restore CA1031
            {
                listeners.Remove(listener);
                listener.Dispose();
                _onFault(exception, listener.Socket);
            }
        }

        return null;
    }

    /// <summary>Leaves clients in the system's backlog while descriptors are short.</summary>
    private async Task WhenRoomAsync(AcceptBackoff backoff)
    {
        while (!_reserve.HasRoom())
        {
            Record.Failed(null, ServerEventReason.AcceptFailed, Messages.Get("DescriptorsShort", _reserve.Limit));
            await Task.Delay(backoff.Next(), _stopping.Token).ConfigureAwait(false);
        }
    }

    /// <summary>Deals with an accept that gave no client; false when none will.</summary>
    private async Task<bool> CanGoOnAsync(SocketError error, AcceptBackoff backoff)
    {
        if (_stopping.IsCancellationRequested)
        {
            return false;
        }

        // Somebody else closed the socket.
        if (SocketErrors.EndsListening(error))
        {
            throw new SocketException((int)error);
        }

        // A client that left before it was accepted is nobody's failure.
        if (!SocketErrors.IsReset(error))
        {
            Record.Failed(null, ServerEventReason.AcceptFailed, new SocketException((int)error).Message);
            await Task.Delay(backoff.Next(), _stopping.Token).ConfigureAwait(false);
        }

        return true;
    }

    /// <summary>Begins to serve a client that was accepted; what goes wrong with it is told in the journal, and the others come in all the same.</summary>
    private void Serve(Socket socket)
    {
        Conversation? conversation = null;
        var isShaking = false;
        try
        {
            _reserve.Took(socket.Handle);
            socket.Blocking = false;
            if (socket.ProtocolType == ProtocolType.Tcp)
            {
                socket.NoDelay = true;
            }

            var client = Reception.Meet(socket.RemoteEndPoint);
            if (client is not null && _mostHandshakes == 0)
            {
                conversation = Reception.Admit(client);
            }
            else if (client is not null)
            {
                isShaking = TryBeginHandshake(client);
            }

            if (conversation is not null || isShaking)
            {
                var pump = new AsyncPump();
                pump.Connection = new Connection<TChannel>(this, client!, conversation, _toChannel(socket, pump), pump);
                Add(pump.Connection);
                pump.Post(pump.Connection, ConnectionSignal.Begin);
                return;
            }
        }
        catch (SocketException)
        {
            // It was reset while it waited: no client came.
        }
#pragma warning disable CA1031 // A fault with one client is told in the journal, and costs the others nothing.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Report(exception);
            if (conversation is not null)
            {
                Attempt.To(() => Record.Disconnected(conversation.Connection, ServerEventReason.Fault), Report);
                Attempt.To(conversation.Dispose, Report);
            }
        }

        Attempt.To(socket.Dispose, Report);
        if (isShaking)
        {
            HandshakeEnded();
        }
        else if (_mostHandshakes == 0)
        {
            _turn?.Release();
        }
    }

    /// <summary>Lets a client begin its handshake, or says in the journal why not: those who never finish theirs fill a place of their own.</summary>
    private bool TryBeginHandshake(ConnectionFacts client)
    {
        if (Interlocked.Increment(ref _handshakes) <= _mostHandshakes)
        {
            return true;
        }

        HandshakeEnded();
        Record.Rejected(client, ServerEventReason.TooManyConnections);
        return false;
    }

    /// <summary>A listener of a server that serves a client at a time.</summary>
    private sealed class ListenerInTurn(Socket socket) : IDisposable
    {
        public Socket Socket { get; } = socket;

        public AcceptOperation Accepting { get; } = new(socket);

        /// <summary>The accept under way: after a client has come, only one that came at the same time, or that could not be taken back.</summary>
        public Task<Socket?>? Pending { get; set; }

        public void Dispose()
        {
            // Who came in at the same time as another has not had a turn.
            Pending?.ContinueWith(
                static left => left.Result?.Dispose(), CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
            Accepting.Dispose();
        }
    }
}
