using PSSocketTools.Platform;
using PSSocketTools.Server.Conversations;
using PSSocketTools.Server.Journal;

namespace PSSocketTools.Server.Transport;

/// <summary>
/// Drives one conversation over a channel: does its steps until an operation would block, then waits for the pump. It holds no
/// thread while it waits, and allocates nothing for a message.
/// </summary>
/// <typeparam name="TChannel">The channel that moves its bytes.</typeparam>
internal sealed partial class Connection<TChannel> : Connection
    where TChannel : IChannel
{
    // How often to check for a reset while nothing is received, on channels that do not report it.
    private const int ResetCheckMilliseconds = 500;

    private readonly StreamTransport _transport;
    private readonly ServerRecord _record;
    private readonly ClientRecord _client;

    // There is none until the connection is accepted, which comes after its handshake.
    private Conversation? _conversation;

#pragma warning disable IDE0044 // It may be a mutable value type, of which a read-only field would change a copy.
    private TChannel _channel;
#pragma warning restore IDE0044
    private Phase _phase;
    private Step _step;
    private int _sent;

    // The progress of a Send with an idle timeout when its timer was last started: bytes sent, and bytes in the send queue.
    private int _sentBefore;
    private int _queuedBefore;

    // When a Delay is over, and when to check for a reset meanwhile.
    private Deadline _pauseEnd;
    private Deadline _nextResetCheck;

    // The pending handshake, and the wait for the sequential server's slot after it.
    private Task? _handshake;
    private Task<bool>? _slotWait;

    // Whether this connection has the slot of a sequential server, which another server does not count.
    private bool _holdsSlot;

    // Whether this connection continues after the other ready ones.
    private bool _hasYielded;
    private bool _isWaiting;
    private bool _isTimeUp;
    private bool _inputEnded;
    private bool _draining;

    // Whether the server was told to end this connection.
    private bool _isEndRequested;

    /// <param name="transport">The transport it belongs to.</param>
    /// <param name="client">The identity of the connection.</param>
    /// <param name="conversation">The conversation; null for a connection that is accepted after its handshake.</param>
    /// <param name="channel">The channel that moves its bytes; owned by the connection.</param>
    /// <param name="pump">The pump that runs it.</param>
    public Connection(StreamTransport transport, ClientRecord client, Conversation? conversation, TChannel channel, IPump pump)
        : base(pump)
    {
        _transport = transport;
        _record = transport.Record;
        _client = client;
        _conversation = conversation;
        _holdsSlot = conversation is not null;
        _channel = channel;
    }

    // Each connection goes through these in order. Opening is for a channel with a handshake, and Conversing for a connection that was
    // admitted. After an error it goes from any of them to Closing.
    private enum Phase
    {
        // The pump has not begun it yet, but a stop may end it.
        Created,

        // The handshake, and then the wait for the slot of a sequential server.
        Opening,

        // The conversation's steps.
        Conversing,

        // Its last bytes are sent, and its output is shut down (FIN).
        EndingOutput,

        // What is still received is discarded, until the client has shut down its side too.
        DiscardingInput,

        // The channel is closed, and pending operations may still hold a buffer.
        Closing,
        Closed,
    }

    /// <inheritdoc/>
    public override void Begin()
    {
        // The server may have stopped before the pump ran this.
        if (_phase >= Phase.Closing)
        {
            return;
        }

        _channel.Watch(this);
        if (_conversation is null)
        {
            _phase = Phase.Opening;
            Pump.SetTimer(this, Deadline.AfterLimit(_transport.HandshakeTimeout));
            _handshake = _channel.OpenAsync();
            WakeOnCompletion(_handshake);
            Open();
            return;
        }

        _phase = Phase.Conversing;
        Converse(_conversation);
    }

    /// <inheritdoc/>
    public override void EndOnRequest(bool reset)
    {
        if (_phase != Phase.Conversing)
        {
            return;
        }

        _isEndRequested = true;
        if (reset)
        {
            _channel.SetResetOnClose();
            EndConversation(_conversation!.Mailbox.IsTooSlow ? ServerEventReason.TooSlow : ServerEventReason.ServerClosed);
            Close();
            return;
        }

        Continue();
    }

    /// <inheritdoc/>
    public override void Drain()
    {
        _draining = true;
        Continue();
    }

    /// <inheritdoc/>
    public override void Abort()
    {
        if (_phase <= Phase.Conversing)
        {
            EndConversation(ServerEventReason.ServerStopped);
        }

        Close();
    }

    /// <summary>Reports an exception in the journal, and ends this connection alone.</summary>
    public override void Fail(Exception exception)
    {
        if (_phase == Phase.Closed)
        {
            return;
        }

        Report(exception);
        if (_phase == Phase.Closing)
        {
            // The exception may be that of the last pending operation.
            Finish();
            return;
        }

        if (_phase <= Phase.Conversing)
        {
            BestEffort.Run(() => EndConversation(ServerEventReason.Failure), Report);
        }

        Close();
    }

    /// <inheritdoc/>
    public override void OnReady(int events)
    {
        // Nothing is received while a send is blocked.
        var mayHaveRoom = _channel.OnReady(events);
        if (!_hasYielded && (mayHaveRoom || _phase != Phase.Conversing || _step.Kind != StepKind.Send))
        {
            Continue();
        }
    }

    /// <inheritdoc/>
    public override void OnTime()
    {
        _isTimeUp = true;
        if (!_hasYielded)
        {
            Continue();
        }
    }

    /// <inheritdoc/>
    public override void OnResume()
    {
        _hasYielded = false;
        Continue();
    }

    private void Continue()
    {
        switch (_phase)
        {
            case Phase.Created:
                break;

            case Phase.Conversing:
                RunSteps(_conversation!);
                break;

            case Phase.Opening:
                Open();
                break;

            case Phase.EndingOutput:
                EndOutput();
                break;

            case Phase.DiscardingInput:
                DiscardInput();
                break;

            case Phase.Closing:
                Finish();
                break;
        }
    }

    /// <summary>Begins the conversation.</summary>
    private void Converse(Conversation conversation)
    {
        conversation.Mailbox.Attach(this);
        conversation.Begin();
        BeginNextStep(conversation);
        RunSteps(conversation);
    }

    private void Report(Exception exception) => _record.TryReport(exception, _client);

    private void RunSteps(Conversation conversation)
    {
        for (var steps = 0; steps < ServerTransport.MaxStepsPerTurn; steps++)
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

                case StepKind.Delay:
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

            BeginNextStep(conversation);
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

    private void BeginNextStep(Conversation conversation)
    {
        _step = conversation.Next();
        if (_inputEnded && _step.Kind is not (StepKind.Close or StepKind.Reset))
        {
            ReportHalfClose();
        }

        _sent = 0;
        _isWaiting = false;
        _isTimeUp = false;
        _queuedBefore = -1;
        StopTimer();
    }

    /// <summary>Reports once that the client has ended its side while it still gets responses.</summary>
    private void ReportHalfClose()
    {
        if (_client.IsInputEnded)
        {
            return;
        }

        // A client of a Unix socket that has closed both directions gets no more responses.
        _client.EndInput();
        if (!_channel.HasClientReset)
        {
            _record.HalfClosed(_client);
        }
    }

    private void WakeOnCompletion(Task task)
    {
        if (!task.IsCompleted)
        {
            // A wake is only queued, so that the thread that completes the task is not delayed.
            task.ContinueWith(
                static (_, state) => ((Connection)state!).Wake(),
                this,
                CancellationToken.None,
                TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default);
        }
    }
}
