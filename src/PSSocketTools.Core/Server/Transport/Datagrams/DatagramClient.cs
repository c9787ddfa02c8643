using System.Net;
using PSSocketTools.Platform;
using PSSocketTools.Server.Conversations;
using PSSocketTools.Server.Faults;
using PSSocketTools.Server.Journal;

namespace PSSocketTools.Server.Transport.Datagrams;

/// <summary>A client of a UDP server, which has no connection: it sends datagrams, and gets the responses.</summary>
internal sealed class DatagramClient(IPEndPoint endPoint, ClientRecord record)
{
    private FaultClient? _faults;

    public IPEndPoint EndPoint { get; } = endPoint;

    /// <summary>The endpoint in native form.</summary>
    public byte[] NativeEndPoint { get; } = PacketInfoSender.ToNative(endPoint);

    public ClientRecord Record { get; } = record;

    /// <summary>Completes with the last background response; never fails.</summary>
    public Task LastResponse { get; set; } = Task.CompletedTask;

    /// <summary>The client as the responder knows it; null before it is asked.</summary>
    public ResponderContext? Context { get; set; }

    /// <summary>The client as faults see it. Only for the thread that receives from it.</summary>
    public FaultClient Faults(ServerRecord record) => _faults ??= new FaultClient(Record, record);
}
