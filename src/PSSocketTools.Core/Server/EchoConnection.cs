using PSSocketTools.Net;
using PSSocketTools.Platform;
using PSSocketTools.Server.Conversations;
using PSSocketTools.Server.Journal;

namespace PSSocketTools;

/// <summary>A client's connection to an echo server. Its members may be used from any thread.</summary>
public sealed class EchoConnection
{
    private readonly EchoServer _server;
    private readonly Conversation _conversation;
    private readonly ClientRecord _client;

    internal EchoConnection(EchoServer server, Conversation conversation, DateTimeOffset connectedAt)
    {
        _server = server;
        _conversation = conversation;
        _client = conversation.Client;
        ConnectedAt = connectedAt.LocalDateTime;
    }

    /// <summary>The <see cref="EchoServer.Id"/> of the server.</summary>
    public int ServerId => _server.Id;

    /// <summary>The connection's number on its server, from 1 on.</summary>
    public int ConnectionId => _client.Id;

    /// <summary>The client's address; null over a Unix socket.</summary>
    public string? RemoteAddress => _client.RemoteAddress.Length > 0 ? _client.RemoteAddress : null;

    /// <summary>The client's port; null over a Unix socket.</summary>
    public int? RemotePort => RemoteAddress is null ? null : _client.RemotePort;

    /// <summary>When the client connected, in local time.</summary>
    public DateTime ConnectedAt { get; }

    /// <summary>The time since bytes were last received or sent, in milliseconds, to some milliseconds; null when the connection has ended.</summary>
    public double? IdleMilliseconds => _client.HasEnded ? null : _client.IdleMilliseconds;

    /// <summary>The messages received; on a plain echo, the receives.</summary>
    public long MessagesReceived => _client.MessagesReceived;

    /// <summary>The bytes received, framing included.</summary>
    public long BytesReceived => _client.BytesReceived;

    /// <summary>The bytes sent, framing included.</summary>
    public long BytesSent => _client.BytesSent;

    /// <summary>Whether the client talks through TLS.</summary>
    public bool IsEncrypted => _server.IsEncrypted;

    /// <summary>The TLS protocol, such as Tls13; null without TLS.</summary>
    public string? TlsProtocol => _client.TlsProtocol;

    /// <summary>Whom the client's certificate is for, as a distinguished name; null where the server asked for none.</summary>
    public string? ClientCertificateSubject => _client.CertificateSubject;

    /// <summary>The SHA-256 thumbprint of the client's certificate, in hexadecimal; null where the server asked for none.</summary>
    public string? ClientCertificateThumbprint => _client.CertificateThumbprint;

    /// <summary>Open; HalfClosed, when the client has ended its output (FIN) and responses are pending; or Closed.</summary>
    public string State => _client.HasEnded ? "Closed" : _client.IsInputEnded ? "HalfClosed" : "Open";

    /// <summary>
    /// Sends the client a message unsolicited, in the server's encoding and framing. It is queued, and sent between two responses, with
    /// a ResponseSent event.
    /// </summary>
    /// <exception cref="SocketToolsException">
    /// ConnectionEnded; ClientTooSlow, when more than 1 MiB would be pending; MessageNotCarried or MessageTooLarge.
    /// </exception>
    public void Send(string message) => Send(
        _conversation.Plan.Encoding.GetBytes(message ?? throw new ArgumentNullException(nameof(message))), message);

    /// <inheritdoc cref="Send(string)"/>
    public void Send(byte[] message) => Send(message ?? throw new ArgumentNullException(nameof(message)), message);

    /// <summary>
    /// Ends the connection in order (FIN), once the responses that are pending and the messages that are queued have been sent; resets it (RST)
    /// when that takes too long.
    /// </summary>
    /// <param name="timeout">How long it may take, up to 2^31 - 1 milliseconds; zero resets it at once.</param>
    /// <returns>Completes when the conversation has ended, also when it had ended before.</returns>
    public async Task CloseAsync(TimeSpan timeout)
    {
        var ended = _conversation.Mailbox.WhenEnded;
        if (timeout > TimeSpan.Zero)
        {
            _conversation.Mailbox.RequestEnd(reset: false);
            using var stopWaiting = new CancellationTokenSource();
            if (await Task.WhenAny(ended, Task.Delay(timeout, stopWaiting.Token)).ConfigureAwait(false) == ended)
            {
                stopWaiting.Cancel();
                return;
            }
        }

        _conversation.Mailbox.RequestEnd(reset: true);
        await ended.ConfigureAwait(false);
    }

    /// <summary>The server, the connection's number and the client's endpoint.</summary>
    public override string ToString() => OutsideText.Clean(
        RemotePort is { } port ? $"{_server.Name} #{ConnectionId} ({EndPointText.Of(RemoteAddress!, port)})" : $"{_server.Name} #{ConnectionId}")!;

    private void Send(byte[] content, object target)
    {
        _conversation.Plan.RequireCarried(content, target);
        switch (_conversation.Mailbox.Add(content, out var pendingBytes))
        {
            case QueueResult.Ended:
                throw new SocketToolsException(SocketToolsError.ConnectionEnded, Messages.Get("ConnectionEnded", this), this);

            case QueueResult.Full:
                throw new SocketToolsException(
                    SocketToolsError.ClientTooSlow, Messages.Get("ClientTooSlow", this, pendingBytes, Mailbox.MaxPendingBytes), this);
        }
    }
}
