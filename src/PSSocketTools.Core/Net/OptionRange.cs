namespace PSSocketTools.Net;

/// <summary>Checks the ranges of options.</summary>
internal static class OptionRange
{
    /// <summary>Throws for a value out of the option's range.</summary>
    /// <exception cref="SocketToolsException">InvalidOption, with the option's name.</exception>
    public static void Require(string option, long value, long lowest, long highest)
    {
        if (value < lowest || value > highest)
        {
            throw Refused(option, value, lowest, highest);
        }
    }

    /// <summary>Throws for a value out of the option's range, and for one that is no number.</summary>
    /// <exception cref="SocketToolsException">InvalidOption, with the option's name.</exception>
    public static void Require(string option, double value, double lowest, double highest)
    {
        if (!(value >= lowest && value <= highest))
        {
            throw Refused(option, value, lowest, highest);
        }
    }

    /// <summary>Throws for a time limit out of the option's range in seconds.</summary>
    /// <exception cref="SocketToolsException">InvalidOption, with the option's name.</exception>
    public static void Require(string option, TimeSpan value, double lowestSeconds, double highestSeconds)
    {
        if (value < TimeSpan.FromSeconds(lowestSeconds) || value > TimeSpan.FromSeconds(highestSeconds))
        {
            throw Refused(option, value.TotalSeconds, lowestSeconds, highestSeconds);
        }
    }

    private static SocketToolsException Refused(string option, object value, object lowest, object highest) =>
        new(SocketToolsError.InvalidOption, Messages.Get("OptionOutOfRange", Messages.Name(option), value, lowest, highest), option);
}
