namespace PSSocketTools.Net;

/// <summary>What an option may be.</summary>
internal static class OptionRange
{
    /// <summary>Refuses a value outside of the option's range.</summary>
    /// <exception cref="SocketToolsException">InvalidOption, with the option's name.</exception>
    public static void Require(string option, long value, long lowest, long highest)
    {
        if (value < lowest || value > highest)
        {
            throw Refused(option, value, lowest, highest);
        }
    }

    /// <summary>Refuses a time limit outside of the option's range in seconds.</summary>
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
