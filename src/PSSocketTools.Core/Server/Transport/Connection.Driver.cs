using PSSocketTools.Platform;
using PSSocketTools.Server.Conversations;
using PSSocketTools.Server.Journal;

namespace PSSocketTools.Server.Transport;

/// <summary>
/// Drives one conversation over a channel: does its steps until the system has no bytes or no room, then waits for the
/// pump. It has no thread while it waits, and allocates nothing a message.
/// </summary>
/// <typeparam name="TChannel">What moves its bytes.</typeparam>
internal sealed partial class Connection<TChannel> : Connection
    where TChannel : IChannel
{
    // How often a client is looked at that nothing is received from, where only asking tells that it was reset.
    private const int LookMilliseconds = 500;

    private readonly StreamTransport _transport;
    private readonly ServerRecord _record;
    private readonly ConnectionFacts _client;

    // Null until the client is admitted, after its handshake.
    private Conversation? _conversation;

#pragma warning disable IDE0044 // May be a value type that changes itself: read-only, a copy would change.
    private TChannel _channel;
#pragma warning restore IDE0044
    private Phase _phase;
    private Step _step;
    private int _sent;

    // Where a Send with a limit last saw something move: what it had sent, and what of it the system held for the client.
    private int _sentBefore;
    private int _queuedBefore;

    // When a Pause is over, and when the client is looked at meanwhile.
    private long _pauseEnd;
    private long _nextLook;

    // The handshake under way, and the wait for a turn after it.
    private Task? _handshake;
    private Task<bool>? _turn;
    private bool _isHandshaking;

    // Where clients are served one at a time, the turn is this one's.
    private bool _isServed;

    // There is more to do, after the other connections.
    private bool _hasYielded;
    private bool _isWaiting;
    private bool _isTimeUp;
    private bool _inputEnded;
    private bool _draining;

    /// <param name="transport">What it belongs to.</param>
    /// <param name="client">Who it is with.</param>
    /// <param name="conversation">What it is about; null for a client that is admitted after its handshake.</param>
    /// <param name="channel">What moves its bytes; the connection's own from now on.</param>
    /// <param name="pump">What runs it.</param>
    public Connection(StreamTransport transport, ConnectionFacts client, Conversation? conversation, TChannel channel, IPump pump)
        : base(pump)
    {
        _transport = transport;
        _record = transport.Record;
        _client = client;
        _conversation = conversation;
        _isServed = conversation is not null;
        _isHandshaking = conversation is null;
        _channel = channel;
    }

    private enum Phase
    {
        Conversing,
        Opening,
        EndingOutput,
        Discarding,

        // Nothing more is done; the system may still hold a buffer.
        Closing,
        Closed,
    }

    /// <inheritdoc/>
    public override void Begin()
    {
        // The server may have stopped before the pump got round to it.
        if (_phase >= Phase.Closing)
        {
            return;
        }

        _channel.Watch(this);
        if (_conversation is null)
        {
            _phase = Phase.Opening;
            Pump.SetTimer(this, (int)_transport.HandshakeTimeout.TotalMilliseconds);
            _handshake = _channel.OpenAsync();
            Open();
            return;
        }

        TakeStep(_conversation);
        Go(_conversation);
    }

    /// <inheritdoc/>
    public override void Drain()
    {
        _draining = true;
        if (_phase is Phase.Discarding)
        {
            Close();
        }
        else
        {
            GoOn();
        }
    }

    /// <inheritdoc/>
    public override void Abort()
    {
        if (_phase is Phase.Conversing or Phase.Opening)
        {
            EndConversation(ServerEventReason.ServerStopped);
        }

        Close();
    }

    /// <summary>A fault in one connection is told in the journal, and ends that connection alone.</summary>
    public override void Fail(Exception exception)
    {
        if (_phase == Phase.Closed)
        {
            return;
        }

        Report(exception);
        if (_phase == Phase.Closing)
        {
            // It may have been the word of the last thing under way.
            Finish();
            return;
        }

        if (_phase is Phase.Conversing or Phase.Opening)
        {
            Attempt.To(() => EndConversation(ServerEventReason.Fault), Report);
        }

        Close();
    }

    /// <inheritdoc/>
    public override void OnReady(int events)
    {
        // While a send waits for room, nothing is received.
        var mayHaveRoom = _channel.OnReady(events);
        if (!_hasYielded && (mayHaveRoom || _phase != Phase.Conversing || _step.Kind != StepKind.Send))
        {
            GoOn();
        }
    }

    /// <inheritdoc/>
    public override void OnTime()
    {
        _isTimeUp = true;
        if (!_hasYielded)
        {
            GoOn();
        }
    }

    /// <inheritdoc/>
    public override void OnTurn()
    {
        _hasYielded = false;
        GoOn();
    }

    private void GoOn()
    {
        switch (_phase)
        {
            case Phase.Conversing:
                Go(_conversation!);
                break;

            case Phase.Opening:
                Open();
                break;

            case Phase.EndingOutput:
                EndOutput();
                break;

            case Phase.Discarding:
                DiscardInput();
                break;

            case Phase.Closing:
                Finish();
                break;
        }
    }

    private void Report(Exception exception) =>
        Attempt.To(() => _record.Failed(_client, ServerEventReason.Fault, exception.Message));

    private void Go(Conversation conversation)
    {
        for (var steps = 0; steps < ServerTransport.StepsInARow; steps++)
        {
            switch (_step.Kind)
            {
                case StepKind.Send:
                    if (!TrySend(conversation))
                    {
                        return;
                    }

                    break;

                case StepKind.Receive:
                    if (!TryReceive(conversation))
                    {
                        return;
                    }

                    break;

                case StepKind.Pause:
                case StepKind.Await:
                    if (!TryPause(conversation))
                    {
                        return;
                    }

                    break;

                case StepKind.Reset:
                    _channel.SetResetOnClose();
                    EndConversation(conversation.EndReason);
                    Close();
                    return;

                default:
                    End(conversation.EndReason);
                    return;
            }

            TakeStep(conversation);
        }

        Yield();
    }

    private void Yield()
    {
        if (!_hasYielded)
        {
            _hasYielded = true;
            Pump.Yield(this);
        }
    }

    private void TakeStep(Conversation conversation)
    {
        _step = conversation.Next();
        _sent = 0;
        _isWaiting = false;
        _isTimeUp = false;
        _queuedBefore = -1;
        Deadline = Never;
    }

    private void WakeWhenOver(Task task)
    {
        if (!task.IsCompleted)
        {
            // Not on the thread of who ends it: that has something else to do.
            task.ContinueWith(
                static (_, state) => ((Connection)state!).Pump.Wake((Connection)state),
                this,
                CancellationToken.None,
                TaskContinuationOptions.None,
                TaskScheduler.Default);
        }
    }
}
