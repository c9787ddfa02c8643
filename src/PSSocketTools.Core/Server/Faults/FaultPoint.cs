namespace PSSocketTools;

/// <summary>Where in a conversation a fault strikes.</summary>
public enum FaultPoint
{
    /// <summary>When a client has connected, over TLS after the handshake, before it is sent anything.</summary>
    Connect,

    /// <summary>When a message has been received, before its response is made.</summary>
    Message,

    /// <summary>When the response is ready: before or while it is sent, or, for what ends or stalls the conversation, after it.</summary>
    Response,
}
