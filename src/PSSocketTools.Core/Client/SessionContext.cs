using System.Text;
using PSSocketTools.Framing;
using PSSocketTools.Net;
using PSSocketTools.Tls;

namespace PSSocketTools.Client;

/// <summary>What the parts of a session know of it: its options, and what its errors name.</summary>
internal sealed class SessionContext(SessionOptions options, object target)
{
    public SessionOptions Options => options;

    /// <summary>The target of the session's errors, which is the session itself.</summary>
    public object Target => target;

    /// <summary>What the TLS handshake agreed on; null without TLS.</summary>
    public TlsFacts? Tls { get; init; }

    /// <summary>The server, as the user would write it.</summary>
    public string EndPointName { get; } = options.EndPointName;

    /// <summary>The encoding, which gives text for bytes that are not valid in it, too.</summary>
    public Encoding Encoding { get; } = TextEncoding.ReplacingInvalid(options.Encoding);

    /// <summary>Whether one write, and one read, is one message on its own.</summary>
    public bool IsDatagrams { get; } = options.Protocol == SocketProtocol.Udp;

    /// <inheritdoc cref="SessionOptions.EndsByPause"/>
    public bool EndsByPause { get; } = options.EndsByPause;

    /// <summary>Frames the messages that are sent; for datagrams, whose framing is None, it adds nothing.</summary>
    public FrameWriter Writer { get; } = new(options.Framing, options.LineEnding ?? SessionOptions.DefaultLineEnding, options.Delimiter);
}
