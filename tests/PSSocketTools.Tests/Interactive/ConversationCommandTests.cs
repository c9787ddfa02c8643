using PSSocketTools.Interactive;
using Xunit;

namespace PSSocketTools.Tests.Interactive;

public sealed class ConversationCommandTests
{
    [Theory]
    [InlineData("/quit", nameof(ConversationCommand.Quit))]
    [InlineData("/help", nameof(ConversationCommand.Help))]
    [InlineData("/close", nameof(ConversationCommand.Close))]
    [InlineData("/reset", nameof(ConversationCommand.Reset))]
    [InlineData("/stats", nameof(ConversationCommand.Stats))]
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
        Assert.Equal(ConversationCommand.None, ConversationCommands.Of(ref line));
        Assert.Equal(sent, line);
    }
}
