using PSSocketTools.Net;

namespace PSSocketTools.Framing;

/// <summary>The options that belong to a framing, which a server and a client have alike.</summary>
internal static class FramingRules
{
    /// <summary>The default of a line ending where there are lines.</summary>
    public const LineEnding DefaultLineEnding = LineEnding.Lf;

    /// <summary>Throws for an option that has no meaning under the framing, and for one that is missing.</summary>
    /// <exception cref="SocketToolsException">InvalidOption, with the option's name.</exception>
    public static void Require(MessageFraming framing, MessageDelimiter? delimiter, LineEnding? lineEnding)
    {
        OptionRules.RefuseTogether("Delimiter", delimiter is not null && framing != MessageFraming.Delimiter, $"Framing {framing}");
        if (delimiter is null && framing == MessageFraming.Delimiter)
        {
            throw OptionRules.Missing("Framing Delimiter", "Delimiter");
        }

        if (lineEnding is not null && framing is not (MessageFraming.Line or MessageFraming.Auto))
        {
            throw OptionRules.Invalid(nameof(LineEnding), "LineEndingNeedsLines", framing);
        }
    }
}
