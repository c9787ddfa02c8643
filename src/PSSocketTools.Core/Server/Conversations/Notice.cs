using System.Text;
using PSSocketTools.Framing;
using PSSocketTools.Platform;
using PSSocketTools.Server.Journal;

namespace PSSocketTools.Server.Conversations;

/// <summary>The greeting or the farewell of a server, with the fields of a connection in it.</summary>
internal sealed class Notice
{
    private static readonly FrameWriter Unframed = new(MessageFraming.None);

    private readonly ResponseFormat _format;

    // What is the same for each connection is formatted once.
    private readonly byte[]? _constant;

    private Notice(ResponseFormat format)
    {
        _format = format;
        _constant = format.IsConstant ? Format(new ClientRecord(0, string.Empty, 0, 0), Clock.System) : null;
    }

    /// <summary>Whether it writes the address that the client connected to.</summary>
    public bool WritesLocalAddress => _format.WritesLocalAddress;

    /// <summary>Parses a text; null for none.</summary>
    /// <param name="option">The name of the option whose value it is.</param>
    /// <param name="text">The text; null for none.</param>
    /// <param name="encoding">The text's encoding on the wire.</param>
    /// <param name="serverName">The server's name.</param>
    /// <exception cref="SocketToolsException">InvalidOption, with the field that is not valid.</exception>
    public static Notice? Parse(string option, string? text, Encoding encoding, string serverName) =>
        text is null ? null : new Notice(ResponseFormat.ParseNotice(option, text, encoding, serverName));

    /// <summary>Its bytes for a connection, without framing.</summary>
    public byte[] For(ClientRecord client, Clock clock) => _constant ?? Format(client, clock);

    private byte[] Format(ClientRecord client, Clock clock)
    {
        using var output = new OutputBuffer(Unframed);
        _format.Write(output, default, client, 0, clock);
        return output.ToArray();
    }
}
