using System.Net;
using System.Net.Sockets;
using Xunit;

namespace PSSocketTools.Tests.Client;

/// <summary>A listener whose queue is full, so that the system drops what else knocks.</summary>
internal sealed class FullListener : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly List<Socket> _waiting = [];

    public FullListener()
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(0);
        Port = ((IPEndPoint)_listener.LocalEndPoint!).Port;
        for (var count = 0; count < 4; count++)
        {
            var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { Blocking = false };
            _waiting.Add(client);
            try
            {
                client.Connect(_listener.LocalEndPoint!);
            }
            catch (SocketException exception) when (exception.SocketErrorCode == SocketError.WouldBlock)
            {
                // Under way, and it stays so.
            }
        }

        // Until the listener has one in its backlog, another may slip in.
        Assert.True(_listener.Poll(Patience.Long, SelectMode.SelectRead));
    }

    public int Port { get; }

    public void Dispose()
    {
        _waiting.ForEach(client => client.Dispose());
        _listener.Dispose();
    }
}
