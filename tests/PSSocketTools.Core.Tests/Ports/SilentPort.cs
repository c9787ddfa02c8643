using System.Net;
using System.Net.Sockets;

namespace PSSocketTools.Tests.Ports;

/// <summary>A port of loopback that neither accepts nor refuses: Linux drops a SYN when the backlog is full.</summary>
internal sealed class SilentPort : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly Socket _client = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public SilentPort()
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(0);
        Port = ((IPEndPoint)_listener.LocalEndPoint!).Port;
        _client.Connect(IPAddress.Loopback, Port);

        // The client is connected before the listener has it in its backlog: until then another may be accepted.
        if (!_listener.Poll(Patience.Long, SelectMode.SelectRead))
        {
            throw new TimeoutException("The listener's backlog stays empty.");
        }
    }

    public int Port { get; }

    public void Dispose()
    {
        _client.Dispose();
        _listener.Dispose();
    }
}
