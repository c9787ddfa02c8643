using PSSocketTools.Platform;

namespace PSSocketTools.Server.Journal;

/// <summary>
/// A connection, or a sender of datagrams, as the journal and others know it: its identity, to which its events refer, its counters
/// and how far it has ended. Its driver alone writes them, and any thread reads them.
/// </summary>
internal sealed class ClientRecord(int id, string remoteAddress, int remotePort, long startedAt)
{
    private long _messagesReceived;
    private long _bytesReceived;
    private long _bytesSent;
    private long _lastActivity = Clock.CoarseMilliseconds;
    private volatile bool _isInputEnded;
    private volatile bool _hasEnded;

    /// <summary>The connection's number on its server, from 1 on.</summary>
    public int Id { get; } = id;

    /// <summary>The client's address; empty where the protocol has none.</summary>
    public string RemoteAddress { get; } = remoteAddress;

    /// <summary>The client's port; 0 where the protocol has none.</summary>
    public int RemotePort { get; } = remotePort;

    /// <summary>The address that the client connected to, where a format writes it; otherwise, and where the protocol has none, empty.</summary>
    public string LocalAddress { get; set; } = string.Empty;

    /// <summary>The clock's timestamp when the connection was accepted.</summary>
    public long StartedAt { get; } = startedAt;

    /// <summary>The TLS protocol; null without TLS.</summary>
    public string? TlsProtocol { get; set; }

    /// <summary>Whom the client's certificate is for; null where none was asked for.</summary>
    public string? CertificateSubject { get; set; }

    /// <summary>The SHA-256 thumbprint of the client's certificate; null where none was asked for.</summary>
    public string? CertificateThumbprint { get; set; }

    /// <summary>Whether the client has ended its output (FIN).</summary>
    public bool IsInputEnded => _isInputEnded;

    /// <summary>Whether the conversation has ended.</summary>
    public bool HasEnded => _hasEnded;

    /// <summary>The messages received; on a plain echo, the receives.</summary>
    public long MessagesReceived => Volatile.Read(ref _messagesReceived);

    /// <summary>The bytes received, framing included.</summary>
    public long BytesReceived => Volatile.Read(ref _bytesReceived);

    /// <summary>The bytes sent, framing included.</summary>
    public long BytesSent => Volatile.Read(ref _bytesSent);

    /// <summary>The time since bytes were last received or sent, or since the connection was accepted, in milliseconds.</summary>
    public long IdleMilliseconds => Clock.CoarseSince(Volatile.Read(ref _lastActivity));

    public void CountMessage() => Volatile.Write(ref _messagesReceived, _messagesReceived + 1);

    public void CountReceived(int bytes)
    {
        Volatile.Write(ref _bytesReceived, _bytesReceived + bytes);
        Volatile.Write(ref _lastActivity, Clock.CoarseMilliseconds);
    }

    public void CountSent(int bytes)
    {
        Volatile.Write(ref _bytesSent, _bytesSent + bytes);
        Volatile.Write(ref _lastActivity, Clock.CoarseMilliseconds);
    }

    public void EndInput() => _isInputEnded = true;

    public void End() => _hasEnded = true;
}
