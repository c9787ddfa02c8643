using PSSocketTools.Interactive;
using Xunit;

namespace PSSocketTools.Tests.Interactive;

public sealed class PromptCommandTests
{
    [Theory]
    [InlineData("/quit", nameof(PromptCommand.Quit))]
    [InlineData("/help", nameof(PromptCommand.Help))]
    [InlineData("/close", nameof(PromptCommand.Close))]
    [InlineData("/reset", nameof(PromptCommand.Reset))]
    [InlineData("/stats", nameof(PromptCommand.Stats))]
    public void A_line_that_is_exactly_a_command_is_one(string line, string command) =>
        Assert.Equal(command, ConversationCommands.Of(ref line).ToString());

    [Theory]
    [InlineData("", "")]
    [InlineData("quit", "quit")]
    [InlineData("/", "/")]
    [InlineData("//", "//")]
    [InlineData("/QUIT", "/QUIT")]
    [InlineData("/quit ", "/quit ")]
    [InlineData(" /quit", " /quit")]
    [InlineData("/quit now", "/quit now")]
    [InlineData("/nick ana", "/nick ana")]
    [InlineData("//nick ana", "//nick ana")]
    [InlineData("//quit", "/quit")]
    [InlineData("///quit", "//quit")]
    [InlineData("//help", "/help")]
    [InlineData("//quit ", "//quit ")]
    public void Every_other_line_is_sent(string line, string sent)
    {
        Assert.Equal(PromptCommand.None, ConversationCommands.Of(ref line));
        Assert.Equal(sent, line);
    }
}
