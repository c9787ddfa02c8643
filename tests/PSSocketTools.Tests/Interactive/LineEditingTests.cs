using PSSocketTools.Interactive;
using Xunit;

namespace PSSocketTools.Tests.Interactive;

public sealed class LineEditingTests
{
    [Theory]
    [InlineData("copo d'agua", "copo d'agua|")]
    [InlineData("don't (yet", "don't (yet|")]
    [InlineData("{ \"a\": [1,", "{ \"a\": [1,|")]
    [InlineData("a\tb", "a\tb|")]
    [InlineData("ac\e[Db", "ab|c")]
    [InlineData("ac\eODb", "ab|c")]
    [InlineData("abc\x01x", "x|abc")]
    [InlineData("abc\e[Hx", "x|abc")]
    [InlineData("abc\e[1~x", "x|abc")]
    [InlineData("abc\x01\x05x", "abcx|")]
    [InlineData("abc\e[H\e[Fx", "abcx|")]
    [InlineData("abc\eOH\eOFx", "abcx|")]
    [InlineData("abc\x01\e[Cx", "ax|bc")]
    [InlineData("abc\x02x", "abx|c")]
    [InlineData("abc\x01\x06x", "ax|bc")]
    [InlineData("abc\x7f", "ab|")]
    [InlineData("abc\b", "ab|")]
    [InlineData("\x7f\e[3~\e[D\e[Cx", "x|")]
    [InlineData("abc\x01\e[3~", "|bc")]
    [InlineData("abc\x01\x04", "|bc")]
    [InlineData("ab cd\e[D\x15", "|d")]
    [InlineData("ab cd\x02\x02\x0b", "ab |")]
    [InlineData("one two.three\x17", "one |")]
    [InlineData("one two  \x17", "one |")]
    [InlineData("one\x17\x17", "|")]
    [InlineData("one two.three\e[1;5D", "one two.|three")]
    [InlineData("one two.three\eb\eb", "one |two.three")]
    [InlineData("one two.three\x01\ef", "one| two.three")]
    [InlineData("one two.three\x01\e[1;5C\e[1;5C", "one two|.three")]
    [InlineData("one two\x01\ef\ef\ef\efx", "one twox|")]
    [InlineData("one two\eb\eb\eb\ebx", "x|one two")]
    [InlineData("one two\x01\e[1;3C\eOc", "one two|")]
    [InlineData("one two\e\e[D", "one |two")]
    [InlineData("one two\e\x7f", "one |")]
    [InlineData("one two\x01\ed", "| two")]
    [InlineData("one two\x01\e[3;5~\e[3^", "|")]
    [InlineData("a\u0000\u0007\u000e\u001cb", "ab|")]
    [InlineData("a\e[200~b\e[201~c\e[I\e[12;40R\e[[A\eOP\e[5~d", "abcd|")]
    [InlineData("a\e[12\rb", "b|")]
    public void A_terminals_keys_do_what_they_say(string sent, string shown)
    {
        Assert.Equal(shown, new Typing().Send(sent).Shown);

        // They come in pieces over a slow line.
        var slow = new Typing();
        foreach (var one in sent)
        {
            slow.Send(one.ToString());
        }

        Assert.Equal(shown, slow.Shown);
    }

    [Theory]
    [InlineData("ae\u0301", "a|")]
    [InlineData("a\u6F22", "a|")]
    [InlineData("a\U0001F600", "a|")]
    [InlineData("a\U0001F468\u200D\U0001F469\u200D\U0001F467", "a|")]
    [InlineData("a\U0001F1E7\U0001F1F7", "a|")]
    [InlineData("a\u2764\uFE0F", "a|")]
    [InlineData("a\U0001F44D\U0001F3FD", "a|")]
    public void A_character_is_what_people_see_as_one(string text, string withoutLast)
    {
        Assert.Equal(withoutLast, new Typing().Send(text + "\x7f").Shown);
        Assert.Equal(withoutLast, new Typing().Send(text + "\e[D\e[3~").Shown);
        Assert.Equal(text.Insert(1, "|"), new Typing().Send(text + "\e[D").Shown);
        Assert.Equal(text + "|", new Typing().Send(text + "\e[D\e[C").Shown);
        Assert.Equal("|" + text, new Typing().Send(text + "\e[D\e[D\e[D").Shown);
    }

    [Fact]
    public void Half_a_character_can_be_deleted()
    {
        Assert.Equal("a|", new Typing().Send("a\uD83D\x7f").Shown);
    }

    [Fact]
    public void A_mark_that_comes_late_joins_what_it_is_typed_behind()
    {
        Assert.Equal("e\u0301|x", new Typing().Send("ex\e[D\u0301").Shown);
        Assert.Equal("|x", new Typing().Send("ex\e[D\u0301\x7f").Shown);
    }

    [Fact]
    public void Pasted_lines_are_lines_each_in_order_with_the_empty_ones()
    {
        Assert.Equal(["one", "", "don't (", "\U0001F600"], new Typing().Send("one\r\rdon't (\r\U0001F600\rrest").Lines);
        Assert.Equal(["one", "", "two"], new Typing().Send("one\n\ntwo\n").Lines);
        Assert.Equal(["one", "", "two"], new Typing().Send("one\r\n\r\ntwo\r\n").Lines);
    }

    [Fact]
    public void The_history_is_of_this_conversation_and_keeps_what_was_begun()
    {
        var typing = new Typing().Send("one\rtwo\rtwo\r\rbegun");
        Assert.Equal("two|", typing.Send("\e[A").Shown);
        Assert.Equal("one|", typing.Send("\e[A").Shown);
        Assert.Equal("one|", typing.Send("\e[A").Shown);
        Assert.Equal("two|", typing.Send("\e[B").Shown);
        Assert.Equal("begun|", typing.Send("\eOB").Shown);
        Assert.Equal("begun|", typing.Send("\e[B").Shown);
        Assert.Equal("one more|", typing.Send("\x10\x10 more").Shown);
        Assert.Equal(["one", "two", "two", "", "one more"], typing.Send("\r").Lines);
        Assert.Equal("one more|", typing.Send("\e[A").Shown);
        Assert.Equal("two|", typing.Send("\e[A").Shown);
        Assert.Equal("|", typing.Send("\x0e\x0e").Shown);
    }

    [Fact]
    public void The_history_has_an_end()
    {
        var typing = new Typing().Send(string.Concat(Enumerable.Range(0, 1100).Select(static i => $"line {i}\r")));
        Assert.Equal("line 100|", typing.Send(string.Concat(Enumerable.Repeat("\e[A", 1100))).Shown);
    }

    [Fact]
    public void Some_keys_are_not_about_the_line()
    {
        Assert.Equal([KeyOutcome.EndOfInput], new Typing().Send("\x04").Outcomes);
        Assert.Equal([KeyOutcome.Interrupted], new Typing().Send("abc\x03").Outcomes);
        Assert.Equal([KeyOutcome.ClearScreen], new Typing().Send("abc\x0c").Outcomes);
        Assert.Empty(new Typing().Send("abc\x04").Outcomes);
    }

    [Fact]
    public void Escape_is_a_key_of_its_own_when_nothing_comes_behind_it()
    {
        Assert.Equal("ab|", new Typing().Send("a\e").Pause().Send("b").Shown);
        Assert.Equal("ab|", new Typing().Send("a\e[").Pause().Send("b").Shown);
    }

    [Fact]
    public void A_Windows_consoles_keys_do_the_same()
    {
        var typing = new Typing().Press(ConsoleKey.A, 'a').Press(ConsoleKey.Q, '@', ConsoleModifiers.Control | ConsoleModifiers.Alt);
        Assert.Equal("a@|", typing.Shown);
        Assert.Equal("|a@", typing.Press(ConsoleKey.Home).Shown);
        Assert.Equal("a|@", typing.Press(ConsoleKey.RightArrow).Shown);
        Assert.Equal("a@|", typing.Press(ConsoleKey.End).Shown);
        Assert.Equal("|a@", typing.Press(ConsoleKey.LeftArrow, '\0', ConsoleModifiers.Control).Shown);
        Assert.Equal("|@", typing.Press(ConsoleKey.Delete).Shown);
        Assert.Equal("|", typing.Press(ConsoleKey.K, '\x0b', ConsoleModifiers.Control).Shown);
        Assert.Equal("\U0001F600|", typing.Press(default, '\uD83D').Press(default, '\uDE00').Shown);
        Assert.Equal(["\U0001F600"], typing.Press(ConsoleKey.Enter, '\r').Lines);
        Assert.Equal("\U0001F600|", typing.Press(ConsoleKey.UpArrow).Shown);
        Assert.Equal("|", typing.Press(ConsoleKey.Backspace, '\b').Shown);
    }
}
