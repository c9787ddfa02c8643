using System.Net.Sockets;
using System.Runtime.InteropServices;
using PSSocketTools.Net;
using PSSocketTools.Platform;
using PSSocketTools.Server.Conversations;
using PSSocketTools.Server.Transport.Datagrams;

namespace PSSocketTools.Server.Transport.Epoll;

/// <summary>Receives a socket's datagrams on a loop, as many at a time as wait, and sends the responses with one call.</summary>
/// <remarks>
/// A socket with many datagrams is read without being watched, until none waits: each send from a socket in an epoll set has the
/// kernel look whether its watcher waits for room, at a tenth of what the response costs.
/// While the socket takes no more to send nothing is received, as in a loop over sendto and recvfrom. Then the system drops what its
/// own buffer has no room for.
/// </remarks>
internal sealed class EpollReceiver(EpollDatagramTransport transport, EpollLoop loop, DatagramSocket socket) : EpollSocket(loop, socket.Socket)
{
    // A socket that always has datagrams yields to the other handlers after so many receives.
    private const int MaxReceivesPerTurn = 16;

    // From so many datagrams on, to end watching and begin again costs less than to send them from a watched socket.
    private const int ManyDatagrams = 8;

    private readonly EpollDatagramTransport _transport = transport;
    private readonly DatagramSocket _socket = socket;
    private readonly Response[] _responses = new Response[LinuxDatagrams.Capacity];

    // Whether the socket is read without being watched, until a receive finds nothing, or a single datagram.
    private bool _isReading;
    private bool _isStopped;

    // The buffers are held while the socket is read, and while responses wait: mostly one set is enough for all sockets of a loop.
    private LinuxDatagrams? _held;

    // How many of the responses are sent, or have failed.
    private int _sent;

    // Whether responses wait for the socket to be writable.
    private bool _isBlocked;

    private LinuxDatagrams Datagrams => _held ??= Rent();

    /// <summary>Begins to receive, or goes on, unless it was stopped.</summary>
    public void Resume()
    {
        if (IsHeld && !_isStopped)
        {
            Watch(Libc.EpollIn | Libc.EpollReadHangUp);
        }
    }

    /// <summary>Receives no more; responses that wait are still sent.</summary>
    public void Stop()
    {
        _isStopped = true;
        _isReading = false;
        if (!_isBlocked)
        {
            Unwatch();
        }
    }

    /// <summary>Drops responses that wait; the transport closes the socket.</summary>
    public void End()
    {
        _isStopped = true;
        _isReading = false;
        Unblock();
        Return();
        Release();
    }

    /// <inheritdoc/>
    public override void OnTime()
    {
    }

    /// <inheritdoc/>
    public override void OnResume()
    {
        if (_isReading)
        {
            ReceiveAll(NoEvents);
            Return();
        }
    }

    /// <summary>Reports what ended receiving as a failure of the server.</summary>
    public override void Fail(Exception exception)
    {
        BestEffort.Run(End);
        _transport.OnFailure(exception, Socket);
    }

    /// <inheritdoc/>
    public override void OnReady(int events)
    {
        if (!IsWatched)
        {
            return;
        }

        if (!_isBlocked)
        {
            ReceiveAll(events);
        }
        else if (TryFlush())
        {
            Unblock();
            Unwatch();
            Resume();
        }

        Return();
    }

    private void ReceiveAll(int events)
    {
        for (var i = 0; i < MaxReceivesPerTurn && (IsWatched || _isReading) && !_isStopped; i++)
        {
            var count = Datagrams.Receive(Descriptor);
            if (count < 0)
            {
                ReceiveFailed(Marshal.GetLastWin32Error(), events);
                WatchAgain();
                return;
            }

            if (count >= ManyDatagrams && IsWatched)
            {
                Unwatch();
                _isReading = true;
            }

            _sent = 0;
            for (var slot = 0; slot < count; slot++)
            {
                TryHandle(slot);
            }

            if (!TryFlush())
            {
                Block();
                return;
            }

            if (count == 1)
            {
                // The client most likely waits for its response: the next wait costs less than a receive that finds nothing.
                WatchAgain();
                return;
            }
        }

        if (_isReading)
        {
            Loop.Yield(this);
        }
    }

    private void WatchAgain()
    {
        if (_isReading)
        {
            _isReading = false;
            Resume();
        }
    }

    private void ReceiveFailed(int number, int events)
    {
        if (number == Libc.EIntr || (number == Libc.EAgain && (events & (Libc.EpollHangUp | Libc.EpollReadHangUp)) == 0))
        {
            return;
        }

        // Other code shut down or closed the socket, or the system did (ss -K).
        var error = number == Libc.EAgain || number is Libc.EBadDescriptor or Libc.ENotSocket ? SocketError.OperationAborted : LinuxErrors.ToSocketError(number);
        if (SocketErrors.EndsReceiving(error))
        {
            Fail(new SocketException((int)error));
        }
        else if (!SocketErrors.IsReset(error))
        {
            _transport.Record.Failed(null, ServerEventReason.Failure, Explain(number));
        }
    }

    /// <summary>Handles a datagram; a failure is reported in the journal, and does not affect the others.</summary>
    private void TryHandle(int slot)
    {
        try
        {
            Handle(slot);
        }
#pragma warning disable CA1031 // Reported, as the summary says.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _transport.Report(exception);
        }
    }

    private void Handle(int slot)
    {
        if (Datagrams.IsTruncated(slot))
        {
            _transport.Record.Failed(null, ServerEventReason.Failure, new SocketException((int)SocketError.MessageSize).Message);
            return;
        }

        var key = Datagrams.KeyOf(slot);
        if (_transport.Clients.Find(key) is not { } client)
        {
            if (Datagrams.EndPointOf(slot) is not { } endPoint)
            {
                return;
            }

            client = _transport.Clients.FindOrAdd(key, endPoint);
        }

        if (!_transport.Admits(client))
        {
            return;
        }

        var plan = _transport.Plan;
        if (plan.WritesLocalAddress)
        {
            client.Record.LocalAddress = EndPointText.Of(Datagrams.LocalOf(slot).Address ?? _socket.LocalAddress);
        }

        var (bytes, offset, count) = (Datagrams.Bytes, Datagrams.OffsetOf(slot), Datagrams.LengthOf(slot));
        var request = _transport.Received(client, bytes, offset, count);
        if (request.IsDropped)
        {
            return;
        }

        if (request.IsInBackground)
        {
            // The responses to what came earlier come first, also those to the same client.
            _ = TryFlush();
            _transport.RespondInBackground(_socket, Datagrams.LocalOf(slot), client, request);
        }
        else if (plan.Options.IsRaw)
        {
            if (!plan.Options.IsDiscarding && _transport.Fits(client, count))
            {
                Add(slot, client, count, new BufferedMessage(0, count, request.JournalOffset));
            }
        }
        else
        {
            Respond(slot, client, request);
        }
    }

    /// <summary>Makes the response, which takes the datagram's place.</summary>
    private void Respond(int slot, DatagramClient client, in DatagramRequest request)
    {
        var output = _transport.Output;
        try
        {
            _transport.WriteResponse(client, request, output);
            if (output.Messages.Count > 0 && _transport.Fits(client, output.Count))
            {
                Buffer.BlockCopy(output.Buffer, 0, Datagrams.Bytes, Datagrams.OffsetOf(slot), output.Count);
                Add(slot, client, output.Count, output.Messages[0]);
            }
        }
        finally
        {
            output.Clear();
        }
    }

    private void Add(int slot, DatagramClient client, int count, BufferedMessage response)
    {
        _responses[Datagrams.Count] = new Response(client, count, response with { Offset = Datagrams.OffsetOf(slot) + response.Offset });
        Datagrams.Add(slot, count);
    }

    /// <summary>Sends the responses that are not sent yet.</summary>
    /// <returns>False when the socket takes no more for now.</returns>
    private bool TryFlush()
    {
        while (_sent < Datagrams.Count)
        {
            var count = Datagrams.Send(Descriptor, _sent);
            if (count >= 0)
            {
                for (var end = _sent + count; _sent < end; _sent++)
                {
                    TrySent(_responses[_sent]);
                }

                continue;
            }

            // The error is that of the first: those before it would have been reported as sent.
            var number = Marshal.GetLastWin32Error();
            if (number == Libc.EAgain)
            {
                return false;
            }

            if (number != Libc.EIntr && !Datagrams.TryDropSource(_sent))
            {
                _transport.Record.Failed(_responses[_sent++].Client.Record, ServerEventReason.Failure, Explain(number));
            }
        }

        return true;
    }

    private void TrySent(in Response response)
    {
        try
        {
            _transport.Sent(response.Client, response.Count, Datagrams.Bytes, response.Content);
        }
#pragma warning disable CA1031 // Reported: the responses after it were sent as well, and are recorded too.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _transport.Report(exception);
        }
    }

    /// <summary>Waits until the socket is writable. A stop waits for that too.</summary>
    private void Block()
    {
        _isBlocked = true;
        _isReading = false;
        _ = _transport.BeginResponse();
        Unwatch();
        Watch(Libc.EpollOut);
    }

    private void Unblock()
    {
        if (_isBlocked)
        {
            _isBlocked = false;
            _transport.EndResponse();
        }
    }

    private LinuxDatagrams Rent()
    {
        var free = Loop.FreeDatagrams ?? new LinuxDatagrams();
        Loop.FreeDatagrams = null;
        return free;
    }

    private void Return()
    {
        if (_held is { } datagrams && !_isBlocked)
        {
            _held = null;
            Loop.FreeDatagrams = datagrams;
        }
    }

    private static string Explain(int number) => new LinuxSocketException(number).Message;

    private readonly record struct Response(DatagramClient Client, int Count, BufferedMessage Content);
}
