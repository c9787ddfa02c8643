namespace PSSocketTools.Net;

/// <summary>The errors of options that do not go together, or are missing.</summary>
internal static class OptionRules
{
    /// <summary>Throws for an option that was given with one that excludes it.</summary>
    /// <param name="option">The option's name.</param>
    /// <param name="given">Whether it was given.</param>
    /// <param name="other">What excludes it.</param>
    /// <exception cref="SocketToolsException">InvalidOption, with the option's name.</exception>
    public static void RefuseTogether(string option, bool given, string other)
    {
        if (given)
        {
            throw Invalid(option, "OptionsExclude", Messages.Name(option), Messages.Name(other));
        }
    }

    /// <summary>The error of an option that needs one of some others.</summary>
    public static SocketToolsException Missing(string option, params string[] others) =>
        Invalid(option, "OptionNeeds", Messages.Name(option), string.Join(", ", others.Select(Messages.Name)));

    /// <summary>An error of an option.</summary>
    /// <param name="target">The option's name, or its value.</param>
    /// <param name="sentence">The sentence's name.</param>
    /// <param name="values">The sentence's values.</param>
    public static SocketToolsException Invalid(string target, string sentence, params object?[] values) =>
        new(SocketToolsError.InvalidOption, Messages.Get(sentence, values), target);
}
