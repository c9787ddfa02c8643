#if NET
using System.Net.Sockets;
using System.Runtime.InteropServices;
using PSSocketTools.Net;
using PSSocketTools.Platform;
using PSSocketTools.Server.Conversations;

namespace PSSocketTools.Server.Transport;

/// <summary>Drives one conversation from a loop's events: goes on until the kernel has no bytes or no room, then waits to be told of some.</summary>
/// <remarks>
/// The descriptor is watched once and for all for both directions, edge-triggered: the kernel tells of a change once,
/// so what it told is remembered here, and neither waiting for room nor not reading costs a system call.
/// </remarks>
internal sealed unsafe class EpollConnection : EpollSource
{
    private const int Watched = Libc.EpollIn | Libc.EpollOut | Libc.EpollUrgent | Libc.EpollReadHangUp | Libc.EpollEdge;

    private readonly EpollTransport _transport;
    private readonly Conversation _conversation;
    private readonly LinuxDescriptor _socket;
    private readonly EpollBuffers _buffers;
    private Phase _phase;
    private Step _step;
    private int _sent;

    // Where a Send with a limit last saw something move: what it had sent, and what of it the kernel held for the client.
    private int _sentBefore;
    private int _queuedBefore;

    // Lent to the conversation from a receive until it asks for the next.
    private byte[]? _buffer;

    // Whether a receive is worth a try: the kernel told of bytes, and no receive has run out of them since.
    private bool _isReadable;

    // There is more than bytes to come (the end, an error, urgent data), after which a short receive proves nothing.
    private bool _isSpecial;

    // Nothing can be sent to the client any more.
    private bool _isGone;

    // It has more to do, and lets the others go first.
    private bool _hasTurn;

    private bool _isWaiting;
    private bool _isTimeUp;
    private bool _inputEnded;
    private bool _draining;

    public EpollConnection(EpollTransport transport, EpollLoop loop, Conversation conversation, LinuxDescriptor socket, EpollBuffers buffers)
    {
        _transport = transport;
        Loop = loop;
        _conversation = conversation;
        _socket = socket;
        _buffers = buffers;
    }

    private enum Phase
    {
        Conversing,
        Discarding,
        Closed,
    }

    /// <summary>The loop that looks after it.</summary>
    public EpollLoop Loop { get; }

    /// <summary>Begins the conversation.</summary>
    public void Begin()
    {
        // The server may have stopped before the loop got round to it.
        if (_phase != Phase.Closed)
        {
            Loop.Watch(_socket.Number, Watched, this);
            TakeStep();
            Go();
        }
    }

    /// <summary>Ends the conversation once nothing is owed.</summary>
    public void Drain()
    {
        _draining = true;
        if (_phase == Phase.Conversing)
        {
            Go();
        }
        else
        {
            Close();
        }
    }

    /// <summary>Ends the connection whatever is under way.</summary>
    public void Abort()
    {
        if (_phase == Phase.Conversing)
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
        if (_phase == Phase.Conversing)
        {
            Attempt.To(() => EndConversation(ServerEventReason.Fault), Report);
        }

        Close();
    }

    /// <inheritdoc/>
    public override void OnReady(int events)
    {
        const int BytesOrRoom = Libc.EpollIn | Libc.EpollOut;
        if ((events & ~Libc.EpollOut) != 0)
        {
            _isReadable = true;
            _isSpecial = (events & ~BytesOrRoom) != 0;
            _isGone |= (events & (Libc.EpollError | Libc.EpollHangUp)) != 0;
        }

        // With bytes and no room yet for what is owed there is nothing to do: nothing is read before.
        if (!_hasTurn && (_phase != Phase.Conversing || _step.Kind != StepKind.Send || (events & ~Libc.EpollIn) != 0))
        {
            GoOn();
        }
    }

    /// <inheritdoc/>
    public override void OnTime()
    {
        _isTimeUp = true;
        if (!_hasTurn)
        {
            GoOn();
        }
    }

    /// <inheritdoc/>
    public override void OnTurn()
    {
        _hasTurn = false;
        GoOn();
    }

    private void GoOn()
    {
        if (_phase == Phase.Conversing)
        {
            Go();
        }
        else if (_phase == Phase.Discarding)
        {
            DiscardInput();
        }
    }

    private void Report(Exception exception) =>
        Attempt.To(() => _transport.Record.Failed(_conversation.Connection, ServerEventReason.Fault, exception.Message));

    private void Go()
    {
        for (var steps = 0; steps < ServerTransport.StepsInARow; steps++)
        {
            switch (_step.Kind)
            {
                case StepKind.Send:
                    if (!TrySend())
                    {
                        return;
                    }

                    break;

                case StepKind.Receive:
                    if (!TryReceive())
                    {
                        return;
                    }

                    break;

                case StepKind.Pause:
                    if (!TryPause())
                    {
                        return;
                    }

                    _conversation.Elapsed();
                    break;

                case StepKind.Close:
                    End(_conversation.EndReason);
                    return;

                case StepKind.Reset:
                    SetResetOnClose();
                    EndConversation(_conversation.EndReason);
                    Close();
                    return;

                default:
                    throw new NotSupportedException();
            }

            TakeStep();
        }

        TakeTurns();
    }

    private void TakeTurns()
    {
        if (!_hasTurn)
        {
            _hasTurn = true;
            Loop.TakeTurns(this);
        }
    }

    private void TakeStep()
    {
        _step = _conversation.Next();
        _sent = 0;
        _isWaiting = false;
        _isTimeUp = false;
        _queuedBefore = -1;
        Deadline = Never;
        if (_step.Kind == StepKind.Receive)
        {
            GiveBackBuffer();
        }
    }

    /// <summary>Sends what the kernel has room for, or learns that time is up; false when there is something left, or the connection broke.</summary>
    private bool TrySend()
    {
        fixed (byte* bytes = _step.Buffer)
        {
            for (var sends = 0; _sent < _step.Count; sends++)
            {
                if (sends == ServerTransport.StepsInARow)
                {
                    TakeTurns();
                    return false;
                }

                var count = (int)Libc.Send(_socket.Number, bytes + _step.Offset + _sent, _step.Count - _sent, Libc.MessageNoSignal);
                if (count < 0)
                {
                    var error = Marshal.GetLastWin32Error();
                    if (error == Libc.EAgain)
                    {
                        return HasStalled();
                    }

                    if (error != Libc.EIntr)
                    {
                        Break(error);
                        return false;
                    }

                    continue;
                }

                _sent += count;
                _transport.Record.BytesLeft(count);
            }
        }

        _conversation.Sent();
        return true;
    }

    /// <summary>Waits for the kernel to have room; true when nothing has moved for as long as the step allows.</summary>
    private bool HasStalled()
    {
        if (_step.Milliseconds == Step.Forever)
        {
            return false;
        }

        var queued = SendQueue.Bytes(_socket.Number);
        if (_isWaiting && _sent == _sentBefore && queued == _queuedBefore)
        {
            if (_isTimeUp)
            {
                _conversation.Stalled();
            }

            return _isTimeUp;
        }

        (_sentBefore, _queuedBefore) = (_sent, queued);
        _isTimeUp = false;
        _isWaiting = true;
        Loop.SetTimer(this, _step.Milliseconds);
        return false;
    }

    /// <summary>Receives what is there, or learns that time is up; false when there is nothing yet, or the connection is over.</summary>
    private bool TryReceive()
    {
        if (_isReadable || _isTimeUp || _draining)
        {
            _buffer ??= _buffers.Take();
            var count = Receive(_buffer, out var error);
            if (count > 0)
            {
                _conversation.Received(_buffer, 0, count);
                return true;
            }

            if (count == 0)
            {
                _inputEnded = true;
                _conversation.InputEnded();
                return true;
            }

            GiveBackBuffer();
            if (error != Libc.EAgain)
            {
                Break(error);
                return false;
            }
        }

        if (_draining && !_step.IsOwing)
        {
            End(ServerEventReason.ServerStopped);
            return false;
        }

        if (!_isTimeUp)
        {
            Await(_step.Milliseconds);
            return false;
        }

        if (TakesIn())
        {
            return false;
        }

        _conversation.Elapsed();
        return true;
    }

    /// <summary>Whether a client that sends nothing may still be reading what the kernel holds for it: then it has as long once more.</summary>
    private bool TakesIn()
    {
        var before = _queuedBefore;
        if (_step.IsOwing || (_queuedBefore = SendQueue.Bytes(_socket.Number)) <= 0 || _queuedBefore == before)
        {
            return false;
        }

        _isTimeUp = false;
        Loop.SetTimer(this, _step.Milliseconds);
        return true;
    }

    private bool TryPause()
    {
        if (_isGone)
        {
            Break(Libc.EConnReset);
            return false;
        }

        if (!_isTimeUp)
        {
            Await(_step.Milliseconds);
        }

        return _isTimeUp;
    }

    private void Await(int milliseconds)
    {
        if (!_isWaiting && milliseconds != Step.Forever)
        {
            Loop.SetTimer(this, milliseconds);
        }

        _isWaiting = true;
    }

    private int Receive(byte[] buffer, out int error)
    {
        fixed (byte* bytes = buffer)
        {
            int count;
            do
            {
                count = (int)Libc.Receive(_socket.Number, bytes, _buffers.Size, 0);
                error = count < 0 ? Marshal.GetLastWin32Error() : 0;
            }
            while (error == Libc.EIntr);

            // The kernel tells again only of what comes after it had no more.
            _isReadable = error == 0 && (count == _buffers.Size || _isSpecial);
            return count;
        }
    }

    private void Break(int number)
    {
        var error = LinuxErrors.ToSocketError(number);
        if (SocketErrors.IsReset(error))
        {
            End(ServerEventReason.Reset);
            return;
        }

        var what = error == SocketError.SocketError ? Marshal.GetPInvokeErrorMessage(number) : new SocketException((int)error).Message;
        _transport.Record.Failed(_conversation.Connection, ServerEventReason.Fault, what);
        End(ServerEventReason.Fault);
    }

    /// <summary>
    /// Ends the connection so that what was sent arrives: closing a socket with bytes unread would reset it, and a reset
    /// can overtake the last answer (RFC 1122, section 4.2.2.13), so what still comes is read and dropped for a while.
    /// </summary>
    private void End(ServerEventReason reason)
    {
        EndConversation(reason);
        if (reason is ServerEventReason.Reset or ServerEventReason.Fault
            || Libc.Shutdown(_socket.Number, Libc.ShutWrite) != 0
            || _inputEnded
            || _draining)
        {
            Close();
            return;
        }

        Loop.SetTimer(this, ServerTransport.LingerMilliseconds);
        _isReadable = true;
        DiscardInput();
    }

    private void EndConversation(ServerEventReason reason)
    {
        _phase = Phase.Discarding;
        _isTimeUp = false;
        Deadline = Never;
        GiveBackBuffer();
        _transport.ConversationEnded(_conversation.Connection, reason);
    }

    private void DiscardInput()
    {
        if (_isTimeUp)
        {
            Close();
            return;
        }

        var buffer = _buffers.Take();
        for (var receives = 0; _isReadable; receives++)
        {
            if (receives == ServerTransport.StepsInARow)
            {
                TakeTurns();
                break;
            }

            if (Receive(buffer, out var error) <= 0 && error != Libc.EAgain)
            {
                Close();
                break;
            }
        }

        _buffers.GiveBack(buffer);
    }

    private void SetResetOnClose()
    {
        // struct linger: on, and no time at all.
        var linger = stackalloc int[] { 1, 0 };
        _ = Libc.SetSocketOption(_socket.Number, Libc.SolSocket, Libc.SoLinger, linger, 2 * sizeof(int));
    }

    private void GiveBackBuffer()
    {
        if (_buffer is { } buffer)
        {
            _buffer = null;
            _buffers.GiveBack(buffer);
        }
    }

    private void Close()
    {
        if (_phase == Phase.Closed)
        {
            return;
        }

        // Whatever becomes of one of these, the server must learn that the connection is gone.
        _phase = Phase.Closed;
        Attempt.To(() => Loop.Forget(_socket.Number, this), Report);
        Attempt.To(_socket.Dispose, Report);
        Attempt.To(_conversation.Dispose, Report);
        _transport.Closed(this);
    }
}
#endif
