#if NET
using System.Net;
using System.Net.Sockets;
using PSSocketTools.Platform;
using PSSocketTools.Server.Conversations;
using PSSocketTools.Server.Journal;

namespace PSSocketTools.Server.Transport;

/// <summary>Serves datagrams over epoll, on one of the loops for all servers, several with each system call.</summary>
internal sealed class EpollDatagramTransport : DatagramTransport
{
    private readonly EpollLoops _loops;
    private readonly EpollLoop _loop;
    private readonly Action<Exception, Socket?> _onFailure;
    private readonly List<EpollReceiver> _receivers = [];

    public EpollDatagramTransport(
        IReadOnlyList<Socket> sockets,
        ConversationPlan plan,
        ServerRecord record,
        int maxPendingResponses,
        Func<IPAddress, bool>? isAllowed,
        EpollLoops loops,
        Action<Exception, Socket?> onFailure)
        : base(sockets, plan, record, maxPendingResponses, isAllowed)
    {
        _loops = loops;
        _loop = loops.Next();
        _onFailure = onFailure;
        Peers = new DatagramPeers<LinuxSender>(record);
        Output = new ResponseBuffer(plan.Writer, carriesEmpty: true);
    }

    /// <inheritdoc/>
    public override string Name => Epoll;

    /// <summary>The senders, whichever socket they send to.</summary>
    public DatagramPeers<LinuxSender> Peers { get; }

    /// <summary>Where responses are made. Only for the loop.</summary>
    public ResponseBuffer Output { get; }

    /// <inheritdoc/>
    public override void Start() => _loop.Post(
        () =>
        {
            foreach (var socket in Sockets)
            {
                BestEffort.Run(() => Begin(socket), exception => Fault(exception, socket.Socket));
            }
        },
        exception => _onFailure(exception, null));

    private void Begin(DatagramSocket socket)
    {
        var receiver = new EpollReceiver(this, _loop, socket);
        _receivers.Add(receiver);
        BestEffort.Run(receiver.Begin, receiver.Fail);
    }

    /// <summary>Reports that a socket can't receive any more.</summary>
    public void Fault(Exception exception, Socket socket) => _onFailure(exception, socket);

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
}
#endif
