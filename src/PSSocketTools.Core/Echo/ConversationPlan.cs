using System.Text;

namespace PSSocketTools.Echo;

/// <summary>A server's options as its conversations need them: encoded once, decided once.</summary>
internal sealed class ConversationPlan
{
    public MessageFraming Framing { get; init; }

    /// <summary>Whether anything looks at messages; else the bytes just go back, or nowhere.</summary>
    public bool IsPlain { get; init; }

    public bool IsDiscarding { get; init; }

    public Encoding Encoding { get; init; } = Encoding.UTF8;

    public int MaxMessageBytes { get; init; }

    public int QuietMilliseconds { get; init; }

    /// <summary>How long nothing may come; <see cref="Step.Forever"/> without a limit.</summary>
    public int IdleMilliseconds { get; init; } = Step.Forever;

    /// <summary>The greeting in its framing; empty for none.</summary>
    public byte[] Greeting { get; init; } = [];

    public byte[] Farewell { get; init; } = [];

    public string[] ExitCommand { get; init; } = [];

    public ResponseWriter Response { get; init; } = ResponseWriter.Same;

    public IMessageResponder? Responder { get; init; }

    /// <summary>What a client gets when the responder failed; null closes the connection.</summary>
    public byte[]? ErrorResponse { get; init; }

    public int MinDelayMilliseconds { get; init; }

    public int MaxDelayMilliseconds { get; init; }

    public int DisconnectAfter { get; init; }

    public int ResetAfter { get; init; }

    public int FragmentBytes { get; init; }
}
