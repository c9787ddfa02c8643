using System.Net;
using System.Net.Sockets;
using PSSocketTools.Platform;
using PSSocketTools.Server.Conversations;
using PSSocketTools.Server.Journal;
using PSSocketTools.Server.Transport.Datagrams;

namespace PSSocketTools.Server.Transport.Epoll;

/// <summary>Serves datagrams over epoll, on one of the loops for all servers, several with each system call.</summary>
internal sealed class EpollDatagramTransport : DatagramTransport
{
    private readonly EpollLoops _loops;
    private readonly EpollLoop _loop;
    private readonly List<EpollReceiver> _receivers = [];

    public EpollDatagramTransport(
        IReadOnlyList<Socket> sockets,
        ConversationPlan plan,
        ServerRecord record,
        int maxPendingResponses,
        Func<IPAddress, bool>? isAllowed,
        EpollLoops loops,
        Action<Exception, Socket?> onFailure)
        : base(sockets, plan, record, maxPendingResponses, isAllowed, onFailure)
    {
        _loops = loops;
        _loop = loops.Next();
        Clients = new DatagramClients<LinuxEndPointKey>(record);
        Output = MakeOutput();
    }

    /// <inheritdoc/>
    public override string Name => Epoll;

    /// <summary>The clients, whichever socket they send to.</summary>
    public DatagramClients<LinuxEndPointKey> Clients { get; }

    /// <summary>Where responses are made. Only for the loop.</summary>
    public OutputBuffer Output { get; }

    /// <inheritdoc/>
    public override void Start() => _loop.Post(
        () =>
        {
            foreach (var socket in Sockets)
            {
                BestEffort.Run(() => BeginReceiving(socket), exception => OnFailure(exception, socket.Socket));
            }
        },
        exception => OnFailure(exception, null));

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();
        Output.Dispose();
        _loops.Leave(null);
    }

    /// <inheritdoc/>
    protected override Task PauseAsync() => _loop.PostAsync(() => _receivers.ForEach(receiver => BestEffort.Run(receiver.Stop, Report)));

    /// <inheritdoc/>
    protected override Task ReleaseAsync() => _loop.PostAsync(() => _receivers.ForEach(receiver => BestEffort.Run(receiver.End, Report)));

    private void BeginReceiving(DatagramSocket socket)
    {
        var receiver = new EpollReceiver(this, _loop, socket);
        _receivers.Add(receiver);
        receiver.Resume();
    }
}
