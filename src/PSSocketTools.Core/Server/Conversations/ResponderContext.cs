using System.Collections;
using PSSocketTools.Net;
using PSSocketTools.Server.Journal;

namespace PSSocketTools.Server.Conversations;

/// <summary>A client as the responder knows it through its messages: what it keeps of it, and what it asks for. From any thread.</summary>
/// <param name="client">The identity of the client.</param>
/// <param name="record">Gets the events of the responder.</param>
/// <param name="mailbox">Ends the conversation; null for a sender of datagrams, which has none.</param>
internal sealed class ResponderContext(ClientRecord client, ServerRecord record, Mailbox? mailbox)
{
    private Hashtable? _state;
    private volatile bool _isClosing;
    private volatile bool _isResetting;

    public ClientRecord Client { get; } = client;

    public Hashtable State =>
        LazyInitializer.EnsureInitialized(ref _state, static () => Hashtable.Synchronized(new Hashtable(StringComparer.OrdinalIgnoreCase)))!;

    /// <summary>Whether the connection is to be closed after the response.</summary>
    public bool IsClosing => _isClosing;

    /// <summary>Whether the connection is to be reset without a response.</summary>
    public bool IsResetting => _isResetting;

    public void Close()
    {
        var conversation = RequireConversation();
        _isClosing = true;

        // The flag ends the conversation before the next message; this, one that waits for its client already.
        conversation.RequestEnd(reset: false);
    }

    public void Reset()
    {
        var conversation = RequireConversation();
        _isResetting = true;
        conversation.RequestEnd(reset: true);
    }

    public void Trace(string text)
    {
        // A responder that is cancelled may still run, but the last event of a connection is its end.
        if (!Client.HasEnded)
        {
            record.Trace(Client, text);
        }
    }

    public void ReportError(string text)
    {
        if (!Client.HasEnded)
        {
            record.Failed(Client, ServerEventReason.ResponderError, text);
        }
    }

    private Mailbox RequireConversation() => mailbox
        ?? throw new SocketToolsException(SocketToolsError.InvalidOption, Messages.Get("DatagramsAreNotClosed"), Client.RemoteAddress);
}
