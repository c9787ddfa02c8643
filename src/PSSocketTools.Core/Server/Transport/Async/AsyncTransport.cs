using System.Net.Sockets;
using PSSocketTools.Net;
using PSSocketTools.Platform;

namespace PSSocketTools.Server.Transport.Async;

/// <summary>
/// Serves over .NET's sockets, which support every system and option: connections wait by asynchronous operations, and for bytes also
/// in loops over select, where those are faster (<see cref="SelectLoop"/>).
/// </summary>
/// <typeparam name="TChannel">The channel that moves the bytes.</typeparam>
internal sealed class AsyncTransport<TChannel> : StreamTransport
    where TChannel : IChannel
{
    private readonly Func<Socket, AsyncPump, TChannel> _toChannel;
    private readonly DescriptorReserve _reserve = new();

    // Empty on Windows, and for a server that runs its user's code, which may block the thread it runs on.
    private readonly SelectLoop[] _loops;
    private int _nextLoop;
    private Task _accepting = Task.CompletedTask;

    /// <param name="listeners">The sockets that listen.</param>
    /// <param name="admission">Admits or rejects clients.</param>
    /// <param name="sequential">Whether clients are served one at a time.</param>
    /// <param name="toChannel">Creates the channel of an accepted socket, which the channel owns.</param>
    /// <param name="handshakes">The handshakes of the channels; null for channels without.</param>
    /// <param name="onFailure">Called when accepting has failed, with the listener, or null for all.</param>
    public AsyncTransport(
        IReadOnlyList<Socket> listeners,
        ConnectionAdmission admission,
        bool sequential,
        Func<Socket, AsyncPump, TChannel> toChannel,
        Handshakes? handshakes,
        Action<Exception, Socket?> onFailure)
        : base(listeners, admission, handshakes, sequential, onFailure)
    {
        _toChannel = toChannel;

        // As many as epoll's server has: half of the processors. None on Windows, where a completed receive takes fewer threads, and a
        // selection costs more for each socket.
        _loops = admission.RunsUserCode || HostSystem.IsWindows ? [] : [.. Enumerable.Range(0, Math.Max(1, Environment.ProcessorCount / 2)).Select(_ => new SelectLoop(Report))];
    }

    /// <inheritdoc/>
    public override string Name => Async;

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();
        foreach (var loop in _loops)
        {
            BestEffort.Run(loop.Dispose, Report);
        }
    }

    /// <inheritdoc/>
    protected override void BeginAccepting() => _accepting = Slot is null || Handshakes is not null
        ? Task.WhenAll(Sockets.Select(listener => AcceptAsync(() => AcceptAllAsync(listener), listener)))
        : AcceptAsync(() => AcceptSequentiallyAsync(Slot), null);

    /// <inheritdoc/>
    protected override Task EndAcceptingAsync()
    {
        foreach (var listener in Sockets)
        {
            BestEffort.Run(listener.Dispose, Report);
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
        catch (ObjectDisposedException) when (Stopping.IsCancellationRequested)
        {
            // The server stops while an accept is being started.
        }
#pragma warning disable CA1031 // Any other exception that ends accepting is a failure of the server.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            OnFailure(exception, listener);
        }
    }

    private async Task AcceptAllAsync(Socket listener)
    {
        var backoff = new AcceptBackoff();
        using var accepting = new AcceptOperation(listener);
        while (!Stopping.IsCancellationRequested)
        {
            await WaitForDescriptorsAsync(backoff).ConfigureAwait(false);
            if (await accepting.AcceptAsync().ConfigureAwait(false) is { } socket)
            {
                backoff.Reset();
                Serve(socket);
            }
            else if (!await TryRecoverAsync(accepting.Error, backoff).ConfigureAwait(false))
            {
                return;
            }
        }
    }

    /// <summary>Accepts only while no connection is served, so that the others wait in order in the system's backlog.</summary>
    private async Task AcceptSequentiallyAsync(SemaphoreSlim slot)
    {
        var listeners = Sockets.Select(static listener => new SequentialListener(listener)).ToList();
        try
        {
            while (!Stopping.IsCancellationRequested)
            {
                await slot.WaitAsync(Stopping.Token).ConfigureAwait(false);
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

    /// <summary>Accepts the first connection of any listener; null when no more can be accepted.</summary>
    /// <param name="listeners">The listeners. One that fails is reported and removed, and the others continue.</param>
    private async Task<Socket?> AcceptFirstAsync(List<SequentialListener> listeners)
    {
        var backoff = new AcceptBackoff();
        await WaitForDescriptorsAsync(backoff).ConfigureAwait(false);
        using var hasAccepted = new CancellationTokenSource();
        while (listeners.Count > 0)
        {
            listeners.ForEach(listener => listener.Pending ??= listener.Accepting.AcceptAsync(hasAccepted.Token));
            var first = await Task.WhenAny(listeners.Select(static listener => listener.Pending!)).ConfigureAwait(false);
            var listener = listeners.Find(listener => listener.Pending == first)!;
            listener.Pending = null;
            try
            {
                if (await first.ConfigureAwait(false) is { } socket)
                {
                    hasAccepted.Cancel();
                    return socket;
                }

                var error = listener.Accepting.Error;
                if (error != SocketError.WouldBlock && !await TryRecoverAsync(error, backoff).ConfigureAwait(false))
                {
                    return null;
                }
            }
#pragma warning disable CA1031 // A failure of one listener is reported as such, and the others continue.
            catch (Exception exception) when (!Stopping.IsCancellationRequested)
#pragma warning restore CA1031
            {
                listeners.Remove(listener);
                listener.Dispose();
                OnFailure(exception, listener.Socket);
            }
        }

        return null;
    }

    /// <summary>Leaves connections in the system's backlog while too few descriptors are left.</summary>
    private async Task WaitForDescriptorsAsync(AcceptBackoff backoff)
    {
        while (!_reserve.HasRoom())
        {
            Record.Failed(null, ServerEventReason.AcceptFailed, Messages.Get("DescriptorsShort", _reserve.Limit));
            await Task.Delay(backoff.Next(), Stopping.Token).ConfigureAwait(false);
        }
    }

    /// <summary>Handles a failed accept; false when the server stops.</summary>
    private async Task<bool> TryRecoverAsync(SocketError error, AcceptBackoff backoff)
    {
        if (Stopping.IsCancellationRequested)
        {
            return false;
        }

        // Other code closed the socket.
        if (SocketErrors.EndsListening(error))
        {
            throw new SocketException((int)error);
        }

        // A connection that was reset before it was accepted is no failure.
        if (!SocketErrors.IsReset(error))
        {
            Record.Failed(null, ServerEventReason.AcceptFailed, new SocketException((int)error).Message);
            await Task.Delay(backoff.Next(), Stopping.Token).ConfigureAwait(false);
        }

        return true;
    }

    /// <summary>Begins to serve an accepted connection.</summary>
    private void Serve(Socket socket)
    {
        Connection? connection = null;
        try
        {
            _reserve.Opened(socket.Handle);
            if (socket.ProtocolType == ProtocolType.Tcp)
            {
                socket.NoDelay = true;
            }

            connection = TryConnect(socket.RemoteEndPoint, Admission.NeedsLocalEndPoint ? socket.LocalEndPoint : null, (client, conversation) =>
            {
                var pump = new AsyncPump(NextLoop());
                return pump.Connection = new Connection<TChannel>(this, client, conversation, _toChannel(socket, pump), pump);
            });
        }
        catch (SocketException)
        {
            // The connection was reset while it waited.
        }
#pragma warning disable CA1031 // A failure of one connection is reported in the journal, and does not affect the others.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Report(exception);
        }

        if (connection is not null)
        {
            connection.Pump.Post(connection, ConnectionSignal.Begin);
            return;
        }

        BestEffort.Run(socket.Dispose, Report);
        if (Handshakes is null)
        {
            Slot?.Release();
        }
    }

    private SelectLoop? NextLoop() =>
        _loops.Length == 0 ? null : _loops[(int)((uint)Interlocked.Increment(ref _nextLoop) % (uint)_loops.Length)];

    /// <summary>A listener of a sequential server.</summary>
    private sealed class SequentialListener(Socket socket) : IDisposable
    {
        public Socket Socket { get; } = socket;

        public AcceptOperation Accepting { get; } = new(socket);

        /// <summary>The pending accept: after another listener has accepted, one that completed at the same time, or could not be cancelled.</summary>
        public Task<Socket?>? Pending { get; set; }

        public void Dispose()
        {
            // A connection that was accepted at the same time as another is closed unserved.
            Pending?.ContinueWith(
                static late => late.Result?.Dispose(), CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
            Accepting.Dispose();
        }
    }
}
