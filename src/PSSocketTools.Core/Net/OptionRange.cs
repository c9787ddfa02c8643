using System.Runtime.CompilerServices;

namespace PSSocketTools.Net;

/// <summary>Checks the ranges of options. The name of an option is the expression of its value, where nothing else is said.</summary>
internal static class OptionRange
{
    /// <summary>Throws for a value out of the option's range.</summary>
    /// <exception cref="SocketToolsException">InvalidOption, with the option's name.</exception>
    public static void Require(long value, long lowest, long highest, [CallerArgumentExpression(nameof(value))] string option = "")
    {
        if (value < lowest || value > highest)
        {
            throw Refused(option, value, lowest, highest);
        }
    }

    /// <summary>Throws for a value out of the option's range, and for one that is no number.</summary>
    /// <exception cref="SocketToolsException">InvalidOption, with the option's name.</exception>
    public static void Require(double value, double lowest, double highest, [CallerArgumentExpression(nameof(value))] string option = "")
    {
        if (!(value >= lowest && value <= highest))
        {
            throw Refused(option, value, lowest, highest);
        }
    }

    /// <summary>Throws for a time limit out of the option's range in seconds.</summary>
    /// <exception cref="SocketToolsException">InvalidOption, with the option's name.</exception>
    public static void Require(
        TimeSpan value, double lowestSeconds, double highestSeconds, [CallerArgumentExpression(nameof(value))] string option = "")
    {
        if (value < TimeSpan.FromSeconds(lowestSeconds) || value > TimeSpan.FromSeconds(highestSeconds))
        {
            throw Refused(option, value.TotalSeconds, lowestSeconds, highestSeconds);
        }
    }

    private static SocketToolsException Refused(string option, object value, object lowest, object highest) =>
        OptionRules.Invalid(option, "OptionOutOfRange", Messages.Name(option), value, lowest, highest);
}
