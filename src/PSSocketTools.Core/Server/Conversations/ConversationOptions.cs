using System.Text;
using PSSocketTools.Framing;
using PSSocketTools.Net;
using PSSocketTools.Server.Conversations;

namespace PSSocketTools;

/// <summary>How a server converses with a client: where a message ends, and what is sent for it. Immutable, and validated when the server starts.</summary>
public abstract record ConversationOptions
{
    private protected ConversationOptions()
    {
    }

    /// <summary>The default of <see cref="Framing"/>.</summary>
    public const MessageFraming DefaultFraming = MessageFraming.Auto;

    /// <summary>Where a message ends, when an option needs message boundaries.</summary>
    public MessageFraming Framing { get; init; } = DefaultFraming;

    /// <summary>What ends messages under Delimiter framing, which needs one; null under others.</summary>
    public MessageDelimiter? Delimiter { get; init; }

    /// <summary>The default of <see cref="LineEnding"/> where there are lines.</summary>
    public const LineEnding DefaultLineEnding = FramingRules.DefaultLineEnding;

    /// <summary>
    /// What ends the lines that the server sends unsolicited, as the greeting, under Line and Auto framing; null for the default. A
    /// response ends as its message did.
    /// </summary>
    public LineEnding? LineEnding { get; init; }

    /// <summary>The default and the range of <see cref="IdleGapMilliseconds"/>.</summary>
    public const int DefaultIdleGapMilliseconds = 20, LowestIdleGapMilliseconds = 1, HighestIdleGapMilliseconds = 60_000;

    /// <summary>With Auto framing, how long a sender pauses before what it sent counts as a message, in milliseconds.</summary>
    public int IdleGapMilliseconds { get; init; } = DefaultIdleGapMilliseconds;

    /// <summary>The format of the response, with <c>{0}</c> or named fields; null for the message itself.</summary>
    public string? ResponseFormat { get; init; }

    /// <summary>The default of <see cref="Transform"/>.</summary>
    public const ResponseTransform DefaultTransform = ResponseTransform.None;

    /// <summary>How the message is transformed for the response.</summary>
    public ResponseTransform Transform { get; init; } = DefaultTransform;

    /// <summary>Computes the responses instead; disposed of with the server.</summary>
    public IMessageResponder? Responder { get; init; }

    /// <summary>Whether messages are discarded without a response (RFC 863).</summary>
    public bool IsDiscarding { get; init; }

    /// <summary>What a client gets when the responder fails; null closes its connection.</summary>
    public string? ErrorResponse { get; init; }

    /// <summary>Messages that end a conversation, in any case and with any white space around.</summary>
    public IReadOnlyList<string> ExitCommand { get; init; } = [];

    /// <summary>
    /// The response to an exit command, with fields of the connection as <c>{RemotePort}</c>; null for none. On a broadcasting
    /// server all the others get it, however the client leaves, unless the server stops.
    /// </summary>
    public string? Farewell { get; init; }

    /// <summary>
    /// What a client is sent when it connects, with fields of the connection as <c>{RemotePort}</c>; null for nothing. On a
    /// broadcasting server all the others get it too.
    /// </summary>
    public string? Greeting { get; init; }

    /// <summary>Whether each response goes to all the other clients in place of the one that sent the message.</summary>
    public bool IsBroadcasting { get; init; }

    /// <summary>Whether a broadcast goes to the client that sent the message too.</summary>
    public bool IncludesSender { get; init; }

    /// <summary>The name of the default of <see cref="Encoding"/>, which writes no byte order mark.</summary>
    public const string DefaultEncoding = TextEncoding.Utf8;

    /// <summary>
    /// The encoding of text on the wire. Bytes that are not valid in it read as U+FFFD, whatever its own fallback;
    /// characters it does not have are written as its own fallback says, or as a question mark where that throws.
    /// </summary>
    public Encoding Encoding { get; init; } = TextEncoding.Default;

    /// <summary>The default and the range of <see cref="MaxMessageBytes"/>.</summary>
    public const int DefaultMaxMessageBytes = 1024 * 1024, LowestMaxMessageBytes = 1, HighestMaxMessageBytes = 1024 * 1024 * 1024;

    /// <summary>How long a message may be, in bytes.</summary>
    public int MaxMessageBytes { get; init; } = DefaultMaxMessageBytes;

    /// <summary>The default and the range of <see cref="IdleTimeout"/>, in seconds.</summary>
    public const double DefaultIdleTimeoutSeconds = 0, LowestIdleTimeoutSeconds = 0, HighestIdleTimeoutSeconds = TimeLimit.HighestSeconds;

    /// <summary>
    /// The idle timeout: how long a client may neither send nor acknowledge anything; zero for no limit. The time that the server
    /// takes for a response does not count.
    /// </summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(DefaultIdleTimeoutSeconds);

    /// <summary>The default and the range of <see cref="MinDelayMilliseconds"/> and <see cref="MaxDelayMilliseconds"/>.</summary>
    public const int DefaultDelayMilliseconds = 0, LowestDelayMilliseconds = EchoServerFaultOptions.LowestDelayMilliseconds, HighestDelayMilliseconds = EchoServerFaultOptions.HighestDelayMilliseconds;

    /// <summary>The minimum delay of a response, in milliseconds.</summary>
    public int MinDelayMilliseconds { get; init; } = DefaultDelayMilliseconds;

    /// <summary>The maximum delay of a response, in milliseconds; not less than the minimum.</summary>
    public int MaxDelayMilliseconds { get; init; } = DefaultDelayMilliseconds;

    /// <summary>The default and the range of <see cref="DisconnectAfter"/>.</summary>
    public const int DefaultDisconnectAfter = 0, LowestDisconnectAfter = 0, HighestDisconnectAfter = int.MaxValue;

    /// <summary>Closes a connection (FIN) after the responses to so many messages; 0 for never.</summary>
    public int DisconnectAfter { get; init; } = DefaultDisconnectAfter;

    /// <summary>The default and the range of <see cref="ResetAfter"/>.</summary>
    public const int DefaultResetAfter = 0, LowestResetAfter = 0, HighestResetAfter = int.MaxValue;

    /// <summary>Resets a connection (RST) after the responses to so many messages; 0 for never.</summary>
    public int ResetAfter { get; init; } = DefaultResetAfter;

    /// <summary>The default and the range of <see cref="FragmentBytes"/>.</summary>
    public const int DefaultFragmentBytes = 0, LowestFragmentBytes = EchoServerFaultOptions.LowestFragmentBytes, HighestFragmentBytes = EchoServerFaultOptions.HighestFragmentBytes;

    /// <summary>Sends responses in fragments of so many bytes; 0 for whole.</summary>
    public int FragmentBytes { get; init; } = DefaultFragmentBytes;

    /// <summary>
    /// Whether an option needs message boundaries; otherwise bytes are echoed as received. A fault that a running server gets needs none:
    /// what it echoes goes on as before, and a message is what one receive returned.
    /// </summary>
    internal bool IsRaw =>
        Framing is MessageFraming.Auto or MessageFraming.None
        && !IsBroadcasting && ResponseFormat is null && Transform == ResponseTransform.None && Responder is null && ExitCommand.Count == 0
        && MaxDelayMilliseconds == 0 && DisconnectAfter == 0 && ResetAfter == 0;

    /// <summary>The name of the server, as formats write it.</summary>
    internal abstract string ServerName { get; }

    /// <summary>The faults that the options are shorthand for.</summary>
    internal IEnumerable<EchoServerFaultOptions> ToFaults()
    {
        if (MaxDelayMilliseconds > 0)
        {
            yield return new EchoServerFaultOptions
            {
                Kind = FaultKind.Delay, MinDelayMilliseconds = MinDelayMilliseconds, MaxDelayMilliseconds = MaxDelayMilliseconds,
            };
        }

        if (FragmentBytes > 0)
        {
            yield return new EchoServerFaultOptions { Kind = FaultKind.Fragment, FragmentBytes = FragmentBytes };
        }

        if (DisconnectAfter > 0)
        {
            yield return EndAfter(FaultKind.Disconnect, DisconnectAfter);
        }

        if (ResetAfter > 0)
        {
            yield return EndAfter(FaultKind.Reset, ResetAfter);
        }
    }

    /// <summary>The end of each connection after so many messages, and the response to the last.</summary>
    private EchoServerFaultOptions EndAfter(FaultKind kind, int messages) => new()
    {
        Kind = kind,
        At = IsDiscarding ? FaultPoint.Message : FaultPoint.Response,
        After = messages - 1,
        IsPerConnection = true,
        EndReason = ServerEventReason.MessageLimit,
    };

    /// <summary>Validates the options and compiles them for conversations.</summary>
    /// <exception cref="SocketToolsException">InvalidOption, with the option's name.</exception>
    internal ConversationPlan ToPlan()
    {
        Validate();
        return new ConversationPlan(this);
    }

    /// <summary>Throws for options that are out of range or do not go together.</summary>
    /// <exception cref="SocketToolsException">InvalidOption, with the option's name.</exception>
    private protected virtual void Validate()
    {
        OptionRange.Require(IdleGapMilliseconds, LowestIdleGapMilliseconds, HighestIdleGapMilliseconds);
        OptionRange.Require(MaxMessageBytes, LowestMaxMessageBytes, HighestMaxMessageBytes);
        OptionRange.Require(MinDelayMilliseconds, LowestDelayMilliseconds, HighestDelayMilliseconds);
        OptionRange.Require(MaxDelayMilliseconds, MinDelayMilliseconds, HighestDelayMilliseconds);
        OptionRange.Require(DisconnectAfter, LowestDisconnectAfter, HighestDisconnectAfter);
        OptionRange.Require(ResetAfter, LowestResetAfter, HighestResetAfter);
        OptionRange.Require(FragmentBytes, LowestFragmentBytes, HighestFragmentBytes);
        OptionRange.Require(IdleTimeout, LowestIdleTimeoutSeconds, HighestIdleTimeoutSeconds);
        if (IdleTimeout > TimeSpan.Zero && IdleTimeout < TimeSpan.FromSeconds(TimeLimit.LowestSeconds))
        {
            throw OptionRules.Invalid(nameof(IdleTimeout), "IdleTimeoutTooShort", IdleTimeout.TotalSeconds);
        }

        RequireTogether();
    }

    private void RequireTogether()
    {
        if (IsDiscarding)
        {
            OptionRules.RefuseTogether(nameof(ResponseFormat), ResponseFormat is not null, nameof(IsDiscarding));
            OptionRules.RefuseTogether(nameof(Transform), Transform != ResponseTransform.None, nameof(IsDiscarding));
            OptionRules.RefuseTogether(nameof(Responder), Responder is not null, nameof(IsDiscarding));
            OptionRules.RefuseTogether(nameof(MaxDelayMilliseconds), MaxDelayMilliseconds > 0, nameof(IsDiscarding));
            OptionRules.RefuseTogether(nameof(FragmentBytes), FragmentBytes > 0, nameof(IsDiscarding));
            OptionRules.RefuseTogether(nameof(IsBroadcasting), IsBroadcasting, nameof(IsDiscarding));
        }

        if (Responder is not null)
        {
            OptionRules.RefuseTogether(nameof(ResponseFormat), ResponseFormat is not null, nameof(Responder));
            OptionRules.RefuseTogether(nameof(Transform), Transform != ResponseTransform.None, nameof(Responder));
        }
        else if (ErrorResponse is not null)
        {
            throw OptionRules.Missing(nameof(ErrorResponse), nameof(Responder));
        }

        if (ExitCommand.Any(string.IsNullOrWhiteSpace))
        {
            throw OptionRules.Invalid(nameof(ExitCommand), "ExitCommandIsBlank");
        }

        if (IncludesSender && !IsBroadcasting)
        {
            throw OptionRules.Missing(nameof(IncludesSender), nameof(IsBroadcasting));
        }

        OptionRules.RefuseTogether(nameof(MaxDelayMilliseconds), MaxDelayMilliseconds > 0 && IsBroadcasting, nameof(IsBroadcasting));
        OptionRules.RefuseTogether(nameof(FragmentBytes), FragmentBytes > 0 && IsBroadcasting, nameof(IsBroadcasting));
        if (Farewell is not null && ExitCommand.Count == 0 && !IsBroadcasting)
        {
            throw OptionRules.Missing(nameof(Farewell), nameof(ExitCommand), nameof(IsBroadcasting));
        }

        FramingRules.Require(Framing, Delimiter, LineEnding);
        OptionRules.RefuseTogether(nameof(ResetAfter), ResetAfter > 0 && DisconnectAfter > 0, nameof(DisconnectAfter));
        if (!IsRaw && Framing is MessageFraming.Line or MessageFraming.Auto && Encoding.GetByteCount("\n") != 1)
        {
            throw OptionRules.Invalid(Encoding.WebName, "EncodingNeedsPrefix", Encoding.WebName, Framing);
        }
    }
}
