using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace PSSocketTools.Tests.Client;

/// <summary>A server that knows nothing of ours: it takes one connection and plays a script on it with a bare socket.</summary>
internal sealed class BareServer : IDisposable
{
    private readonly Socket _listener;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private BareServer(Action<Peer> script)
    {
        _listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(10);
        Port = ((IPEndPoint)_listener.LocalEndPoint!).Port;
        Done = Task.Factory.StartNew(
            () =>
            {
                using var socket = _listener.Accept();
                socket.NoDelay = true;
                socket.ReceiveTimeout = socket.SendTimeout = 30000;
                script(new Peer(socket, _ended.Task));
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
    }

    public int Port { get; }

    /// <summary>Ends with the script, and says what went wrong in it.</summary>
    public Task Done { get; }

    public static BareServer Play(Action<Peer> script) => new(script);

    /// <summary>Echoes over TLS with a certificate, which the client may refuse.</summary>
    public static BareServer EchoOverTls(X509Certificate2 certificate) => Play(peer =>
    {
        using var stream = new SslStream(new NetworkStream(peer.Socket));
        try
        {
            stream.AuthenticateAsServer(certificate, false, SslProtocols.None, false);
            var buffer = new byte[65536];
            int count;
            while ((count = stream.Read(buffer)) > 0)
            {
                stream.Write(buffer, 0, count);
            }
        }
        catch (Exception exception) when (exception is IOException or AuthenticationException)
        {
            // The client did not like the certificate.
        }
    });

    public EchoSession Connect(Func<SessionOptions, SessionOptions>? change = null)
    {
        var options = new SessionOptions { Id = 7, Name = "test", ComputerName = "127.0.0.1", Port = Port };
        return EchoSession.Connect(change is null ? options : change(options));
    }

    public void Dispose()
    {
        _ended.TrySetResult();
        _listener.Dispose();
    }

    internal sealed class Peer(Socket socket, Task ended)
    {
        public Socket Socket { get; } = socket;

        public void Send(string text) => Socket.Send(Encoding.UTF8.GetBytes(text));

        public void Send(byte[] bytes) => Socket.Send(bytes);

        public string Receive()
        {
            var buffer = new byte[65536];
            return Encoding.UTF8.GetString(buffer, 0, Socket.Receive(buffer));
        }

        /// <summary>Reads until so many line ends have come.</summary>
        public string ReceiveLines(int count)
        {
            var text = new StringBuilder();
            while (text.ToString().Count(c => c == '\n') < count)
            {
                var piece = Receive();
                if (piece.Length == 0)
                {
                    break;
                }

                text.Append(piece);
            }

            return text.ToString();
        }

        public void EchoUntilEnd()
        {
            var buffer = new byte[65536];
            int count;
            while ((count = Socket.Receive(buffer)) > 0)
            {
                // One that stops reading while it owes: the send blocks until the client has read.
                Socket.Send(buffer, count, SocketFlags.None);
            }
        }

        public void Reset()
        {
            Socket.LingerState = new LingerOption(true, 0);
            Socket.Close();
        }

        /// <summary>Does nothing until the test is over.</summary>
        public void StayUntilTheEnd() => ended.Wait();
    }
}
