using System.Net;
using System.Net.Sockets;
using PSSocketTools.Net;
using PSSocketTools.Server.Conversations;
using PSSocketTools.Server.Journal;
using PSSocketTools.Server.Transport.Datagrams;

namespace PSSocketTools.Server.Transport.Async;

/// <summary>Serves datagrams over .NET's sockets, one after the other on each socket.</summary>
internal sealed class AsyncDatagramTransport(
    IReadOnlyList<Socket> sockets,
    ConversationPlan plan,
    ServerRecord record,
    int maxPendingResponses,
    Func<IPAddress, bool>? isAllowed,
    Action<Exception, Socket?> onFailure)
    : DatagramTransport(sockets, plan, record, maxPendingResponses, isAllowed, onFailure)
{
    private readonly DatagramClients<IPEndPoint> _clients = new(record);
    private Task[] _loops = [];

    /// <inheritdoc/>
    public override string Name => Async;

    /// <inheritdoc/>
    public override void Start() => _loops = [.. Sockets.Select(socket => Task.Run(() => ReceiveAllAsync(socket)))];

    /// <inheritdoc/>
    protected override Task WhenReceivingEndedAsync() => Task.WhenAll(_loops);

    private async Task ReceiveAllAsync(DatagramSocket socket)
    {
        using var output = MakeOutput();
        using var operation = new DatagramOperation(socket);
        var buffer = new byte[ushort.MaxValue];
        try
        {
            while (!IsStopping)
            {
                var count = await operation.ReceiveAsync(buffer).ConfigureAwait(false);
                if (operation.Error == SocketError.Success)
                {
                    await TryHandleAsync(operation, socket, buffer, count, output).ConfigureAwait(false);
                }
                else if (SocketErrors.EndsReceiving(operation.Error))
                {
                    // Unless the server stops, the socket failed or other code closed it.
                    throw IsStopping ? new ObjectDisposedException(nameof(DatagramSocket)) : new SocketException((int)operation.Error);
                }
                else if (!SocketErrors.IsReset(operation.Error))
                {
                    // A reset is an ICMP "port unreachable" for a response to a client that has gone; other errors are reported.
                    Record.Failed(null, ServerEventReason.Failure, new SocketException((int)operation.Error).Message);
                }
            }
        }
        catch (ObjectDisposedException) when (IsStopping)
        {
            // The server stops.
        }
#pragma warning disable CA1031 // Any other exception that ends receiving is a failure of the server.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            OnFailure(exception, socket.Socket);
        }
    }

    /// <summary>Handles a datagram; a failure is reported in the journal, and does not affect the next datagrams.</summary>
    private async Task TryHandleAsync(DatagramOperation operation, DatagramSocket socket, byte[] buffer, int count, OutputBuffer output)
    {
        try
        {
            await HandleAsync(operation, socket, buffer, count, output).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Reported, as the summary says.
        catch (Exception exception) when (!IsStopping)
#pragma warning restore CA1031
        {
            output.Clear();
            Report(exception);
        }
    }

    private async Task HandleAsync(DatagramOperation operation, DatagramSocket socket, byte[] buffer, int count, OutputBuffer output)
    {
        var remote = (IPEndPoint)operation.Remote;
        var client = _clients.FindOrAdd(remote, remote);
        if (!Admits(client))
        {
            return;
        }

        if (Plan.WritesLocalAddress)
        {
            client.Record.LocalAddress = EndPointText.Of(operation.Local.Address ?? socket.LocalAddress);
        }

        var request = Received(client, buffer, 0, count);
        if (request.IsDropped)
        {
            return;
        }

        if (request.IsInBackground)
        {
            RespondInBackground(socket, operation.Local, client, request);
            return;
        }

        if (Plan.Options.IsRaw)
        {
            if (!Plan.Options.IsDiscarding)
            {
                await SendAsync(operation, operation.Local, client, buffer, count, new BufferedMessage(0, count, request.JournalOffset)).ConfigureAwait(false);
            }

            return;
        }

        WriteResponse(client, request, output);
        await SendAsync(operation, operation.Local, client, output).ConfigureAwait(false);
        output.Clear();
    }
}
