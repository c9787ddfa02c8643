namespace PSSocketTools.Interactive;

/// <summary>Tells the lines that are commands from those that are sent.</summary>
internal static class ConversationCommands
{
    private static readonly Dictionary<string, PromptCommand> Names = new(StringComparer.Ordinal)
    {
        ["/quit"] = PromptCommand.Quit,
        ["/help"] = PromptCommand.Help,
        ["/close"] = PromptCommand.Close,
        ["/reset"] = PromptCommand.Reset,
        ["/stats"] = PromptCommand.Stats,
    };

    /// <summary>What a line asks for, which is nothing unless it is exactly a command.</summary>
    /// <param name="line">The line; where it is a command behind more slashes, one of them is taken off, so that any line can be sent.</param>
    public static PromptCommand Of(ref string line)
    {
        if (Names.TryGetValue(line, out var command))
        {
            return command;
        }

        if (line.StartsWith("//", StringComparison.Ordinal) && Names.ContainsKey('/' + line.TrimStart('/')))
        {
            line = line.Substring(1);
        }

        return PromptCommand.None;
    }
}
