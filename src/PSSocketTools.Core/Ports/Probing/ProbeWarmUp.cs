using System.Net;
using System.Net.Sockets;
using PSSocketTools.Platform;

namespace PSSocketTools.Ports.Probing;

/// <summary>Runs an attempt that is answered, and one that is refused, once in a process: the runtime compiles code as it first runs, and that time is in no result.</summary>
internal static class ProbeWarmUp
{
    private const int TimeoutMilliseconds = 1000;

    private static readonly HashSet<SocketProtocol> Warm = [];

    /// <summary>Runs a transport of a protocol against sockets of this process on loopback, unless one has run before.</summary>
    public static void Run(SocketProtocol protocol, Func<ProbeTransport> open)
    {
        lock (Warm)
        {
            if (Warm.Add(protocol))
            {
                // Without loopback or a descriptor the first result is measured as it is.
                BestEffort.Run(() =>
                {
                    using var transport = open();
                    Begin(transport, protocol);
                });
            }
        }
    }

    private static void Begin(ProbeTransport transport, SocketProtocol protocol)
    {
        var isTcp = protocol == SocketProtocol.Tcp;
        using var answering = Open(isTcp);
        if (isTcp)
        {
            answering.Listen(1);
        }

        Run(transport, answering, () => Answer(answering, isTcp));
        if (isTcp)
        {
            // It is bound and does not listen, so that the system refuses.
            using var refusing = Open(isTcp);
            Run(transport, refusing, static () => { });
        }
    }

    private static void Run(ProbeTransport transport, Socket target, Action answer)
    {
        var endPoint = (IPEndPoint)target.LocalEndPoint!;
        var attempt = new ProbeAttempt(endPoint.Address, endPoint.Port, target);
        var ended = new List<ProbeAttempt>();
        if (transport.Begin(attempt))
        {
            return;
        }

        answer();
        transport.Wait(TimeoutMilliseconds, ended);
        if (ended.Count == 0)
        {
            transport.Abandon(attempt);
        }
    }

    private static void Answer(Socket answering, bool isTcp)
    {
        if (isTcp || !answering.Poll(TimeoutMilliseconds * 1000, SelectMode.SelectRead))
        {
            return;
        }

        EndPoint sender = new IPEndPoint(IPAddress.Any, 0);
        answering.ReceiveFrom(new byte[64], ref sender);
        answering.SendTo([0], sender);
    }

    private static Socket Open(bool isTcp)
    {
        var socket = new Socket(AddressFamily.InterNetwork, isTcp ? SocketType.Stream : SocketType.Dgram, isTcp ? ProtocolType.Tcp : ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return socket;
    }
}
