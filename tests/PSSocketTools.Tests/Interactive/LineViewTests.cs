using CsCheck;
using PSSocketTools.Interactive;
using Xunit;

namespace PSSocketTools.Tests.Interactive;

public sealed class LineViewTests
{
    private const string Prompt = "[127.0.0.1:54321]: ";

    [Theory]
    [InlineData("hello", 5)]
    [InlineData("e\u0301", 1)]
    [InlineData("\u6F22\u5B57", 4)]
    [InlineData("\uFF21", 2)]
    [InlineData("\U0001F600", 2)]
    [InlineData("\U0001F1E7\U0001F1F7", 2)]
    [InlineData("\u1100\u1161\u11A8", 2)]
    [InlineData("\uAC01", 2)]
    [InlineData("\u200B", 0)]
    [InlineData("\u00AD", 1)]
    [InlineData("\U00020000", 2)]
    [InlineData("\u00E7\u00E3o", 3)]
    [InlineData("", 0)]
    public void Characters_take_the_columns_they_take(string text, int columns) => Assert.Equal(columns, CharacterWidth.Of(text));

    [Theory]
    [InlineData(40)]
    [InlineData(80)]
    public void A_line_that_fits_is_shown_whole(int width)
    {
        var row = LineView.Of(Prompt, "don't (yet", 3, width);
        Assert.Equal(Prompt + "don't (yet", row.Text);
        Assert.Equal(Prompt + "don", row.BeforeCursor);
    }

    [Fact]
    public void A_longer_line_scrolls_with_the_cursor()
    {
        var line = string.Concat(Enumerable.Range(0, 20).Select(static i => $"{i:00}."));
        var atEnd = LineView.Of("> ", line, line.Length, 20);
        Assert.StartsWith("> <", atEnd.Text);
        Assert.EndsWith("19.", atEnd.Text);
        Assert.Equal(atEnd.Text, atEnd.BeforeCursor);
        var atStart = LineView.Of("> ", line, 0, 20);
        Assert.Equal("> 00.01.02.03.04.0>", atStart.Text);
        Assert.Equal("> ", atStart.BeforeCursor);
        var between = LineView.Of("> ", line, 30, 20);
        Assert.StartsWith("> <", between.Text);
        Assert.EndsWith(">", between.Text);
        Assert.EndsWith("9.", between.BeforeCursor);
    }

    [Fact]
    public void A_long_prompt_is_cut_where_it_is_least_wanted()
    {
        var row = LineView.Of("[/run/user/1000/some/where/deep/down/echo.sock]: ", "hello", 5, 40);
        Assert.StartsWith("<", row.Text);
        Assert.EndsWith("/deep/down/echo.sock]: hello", row.Text);
        Assert.True(row.Text.Length < 40);
    }

    [Fact]
    public void Nothing_in_a_row_acts_on_the_terminal()
    {
        Assert.Equal("> a    b\uFFFD\uFFFD", LineView.Of("> ", "a\tb\u009B\uD83D", 5, 80).Text);
    }

    /// <summary>Whatever is typed, wherever the cursor stands, at any width.</summary>
    [Fact]
    [Trait("Category", "Property")]
    public void A_row_never_reaches_the_last_column_and_shows_what_the_cursor_stands_at()
    {
        string[] characters = ["a", "b", " ", "\u00E7", "e\u0301", "\u6F22", "\U0001F600", "\U0001F468\u200D\U0001F469", "\t", "\u2764\uFE0F", "\u0301"];
        string[] prompts = ["", "> ", Prompt];
        var element = Gen.Int[0, characters.Length - 1].Select(i => characters[i]);
        Gen.Select(element.List[0, 80], Gen.Int[0, 80], Gen.Int[1, 100], Gen.Int[0, prompts.Length - 1]).Sample((elements, place, width, promptIndex) =>
        {
            var prompt = prompts[promptIndex];
            var line = string.Concat(elements);
            var cursor = string.Concat(elements.Take(place)).Length;
            var row = LineView.Of(prompt, line, cursor, width);
            Assert.StartsWith(row.BeforeCursor, row.Text, StringComparison.Ordinal);
            Assert.True(CharacterWidth.Of(row.Text) <= Math.Max(1, width - 1), row.Text);
            if (width >= 60 && cursor < line.Length)
            {
                // The character at the cursor is seen, or a mark says that there is more.
                var rest = row.Text[row.BeforeCursor.Length..];
                var next = line[cursor] == '\t' ? ' ' : line[cursor];
                Assert.True(rest.Length > 0 && (rest[0] == next || rest[0] == '>'), row.Text);
            }
        });
    }
}
