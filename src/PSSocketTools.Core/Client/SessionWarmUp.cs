using System.Net;
using System.Net.Sockets;
using PSSocketTools.Platform;

namespace PSSocketTools.Client;

/// <summary>Sends one message through a session of its own, once in a process: the runtime compiles code as it first runs, and that time is in no session's figures.</summary>
internal static class SessionWarmUp
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(1);

    private static int _begun;

    /// <summary>Runs unless it has run before; the first call returns when it is done.</summary>
    public static void Run()
    {
        if (Interlocked.Exchange(ref _begun, 1) == 0)
        {
            // Without loopback or a descriptor the first session is measured as it is.
            BestEffort.Run(SendOneMessage);
        }
    }

    private static void SendOneMessage()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(1);
        using var session = EchoSession.Connect(new SessionOptions
        {
            ComputerName = IPAddress.Loopback.ToString(),
            Port = ((IPEndPoint)listener.LocalEndPoint!).Port,
            ConnectTimeout = Timeout,
            ResponseTimeout = Timeout,
        });
        using var server = listener.Accept();

        // A message this short waits in the socket's buffer, so that one thread can be both sides.
        using var window = new SendWindow(session, 1, Timeout, CancellationToken.None);
        window.Add("x", asBytes: false);
        server.ReceiveTimeout = Deadline.AfterLimit(Timeout).Milliseconds;
        var message = new byte[64];
        server.Send(message, server.Receive(message), SocketFlags.None);
        window.Take(out _);
        session.Close(reset: true);
    }
}
