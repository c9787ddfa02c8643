using System.Net;
using System.Net.Sockets;

namespace PSSocketTools.Client;

/// <summary>A channel over a stream: TCP or a Unix domain socket.</summary>
internal sealed class BlockingStreamChannel(Socket socket, EndPoint remote) : BlockingSocketChannel(socket, remote)
{
    public override void Write(byte[] buffer, int offset, int count)
    {
        for (var end = offset + count; offset < end;)
        {
            offset += Socket.Send(buffer, offset, end - offset, SocketFlags.None);
        }
    }

    protected override int Receive(byte[] buffer)
    {
        var count = Socket.Receive(buffer, 0, buffer.Length, SocketFlags.None);
        return count == 0 ? EndOfStream : count;
    }
}
