using System.Globalization;
using System.Text;
using PSSocketTools.Server.Conversations;
using Xunit;

namespace PSSocketTools.Tests.Server.Conversations;

/// <summary>What is sent: formats, transforms, greeting, exit command and farewell.</summary>
public sealed class ResponseConversationTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Bytes_that_are_not_valid_in_the_encoding_read_as_replacement_characters_however_strict_the_encoding(bool ascii)
    {
        var encoding = ascii ? Encoding.ASCII : new UTF8Encoding(false, throwOnInvalidBytes: true);
        using var driver = new ConversationDriver(new EchoServerOptions { Encoding = encoding, Framing = MessageFraming.Line, ExitCommand = ["bye"] });
        driver.Feed([(byte)'a', 0xFF, (byte)'\n']);

        // The echo has the bytes received.
        Assert.Equal([(byte)'a', 0xFF, (byte)'\n'], driver.Output);
        Assert.Equal(["a\uFFFD", "a\uFFFD"], driver.Events.Select(static e => e.Message));
    }

    [Theory]
    [InlineData("us-ascii", "? A? ?", "?A? ?")]
    [InlineData("utf-8", "\u00E7 A\uFFFD \u00E7", "\u00E7A\uFFFD \u00E7")]
    public void Characters_that_a_strict_encoding_does_not_have_are_written_as_question_marks(string name, string formatted, string others)
    {
        var strict = Encoding.GetEncoding(name, EncoderFallback.ExceptionFallback, DecoderFallback.ExceptionFallback);
        var options = new EchoServerOptions
        {
            Encoding = strict,
            Framing = MessageFraming.Line,
            Transform = ResponseTransform.Upper,
            ResponseFormat = "\u00E7 {0} \u00E7",
        };
        using var driver = new ConversationDriver(options);
        driver.Feed([(byte)'a', 0xFF, (byte)'\n']);
        Assert.Equal(formatted + "\n", driver.Text);

        using var words = new ConversationDriver(options with
        {
            ResponseFormat = null, Greeting = "\u00E7", Farewell = " \u00E7", ExitCommand = ["bye"],
        });
        words.Feed([(byte)'a', 0xFF, (byte)'\n']).Feed("bye\n");
        Assert.Equal(others, words.Text.Replace("\r", "", StringComparison.Ordinal).Replace("\n", "", StringComparison.Ordinal));
    }

    [Fact]
    public void An_encoding_with_a_replacement_fallback_keeps_it()
    {
        var own = Encoding.GetEncoding("us-ascii", new EncoderReplacementFallback("*"), DecoderFallback.ExceptionFallback);
        using var driver = new ConversationDriver(new EchoServerOptions { Encoding = own, Framing = MessageFraming.Line, Transform = ResponseTransform.Upper });
        driver.Feed([(byte)'a', 0xFF, (byte)'\n']);
        Assert.Equal("A*\n", driver.Text);
    }

    // A family (people joined by zero-width joiners), a flag, a letter with two combining accents, a letter beyond the BMP.
    private const string Family = "\U0001F468\u200D\U0001F469\u200D\U0001F467";
    private const string Flag = "\U0001F1E7\U0001F1F7";
    private const string Accented = "e\u0301\u0323";

    private static readonly byte[] NotUtf8 = [0xFF, (byte)'a', 0xC3, 0x28, 0x80, 0xE2, 0x82, (byte)'b', 0xED, 0xA0, 0x80, 0x00];

    [Fact]
    public void A_format_can_name_every_field()
    {
        using var driver = Lines(o => o with
        {
            ResponseFormat = "{Message}|{Bytes}|{RemoteAddress}|{RemotePort}|{ConnectionId}|{Sequence}|{Timestamp:yyyy}",
        });
        driver.Feed("olá\nx\n");
        Assert.Equal("olá|4|192.0.2.1|49152|3|1|2026\nx|1|192.0.2.1|49152|3|2|2026\n", driver.Text);
    }

    [Theory]
    [InlineData("{message}", "olá")]
    [InlineData("{ MESSAGE }", "olá")]
    [InlineData("{{{0}}}", "{olá}")]
    [InlineData("{{0}}", "{0}")]
    [InlineData("{{}}", "{}")]
    [InlineData("{0}{0}", "oláolá")]
    [InlineData("[{0,6}]", "[   olá]")]
    [InlineData("[{Message,-6}]", "[olá   ]")]
    [InlineData("{Bytes:D5}", "00004")]
    [InlineData("{Bytes,4:X2}", "  04")]
    [InlineData("{Timestamp:HH-mm-ss.fff}", null)]
    [InlineData("👋 {0} ç", "👋 olá ç")]
    public void A_format_takes_alignments_format_strings_and_doubled_braces(string format, string? expected)
    {
        using var driver = Lines(o => o with { ResponseFormat = format });
        driver.Feed("olá\n");
        if (expected is null)
        {
            Assert.Matches("^[0-9]{2}-[0-9]{2}-07[.]089\n$", driver.Text);
        }
        else
        {
            Assert.Equal(expected + "\n", driver.Text);
        }
    }

    [Theory]
    [InlineData("{1}", "{1}")]
    [InlineData("a {Mesage} b", "{Mesage}")]
    [InlineData("{}", "{}")]
    [InlineData("{0} and {", "{")]
    [InlineData("x {0", "{0")]
    [InlineData("x } y", "} y")]
    [InlineData("{0}}", "}")]
    [InlineData("{Bytes:Q}", "{Bytes:Q}")]
    [InlineData("{Bytes,x}", "{Bytes,x}")]
    [InlineData("{Timestamp:%}", "{Timestamp:%}")]
    public void A_bad_format_is_refused_at_once_and_the_bad_field_named(string format, string field)
    {
        var exception = Assert.Throws<SocketToolsException>(() => new EchoServerOptions { ResponseFormat = format }.ToPlan());
        Assert.Equal(SocketToolsError.InvalidOption, exception.Error);
        Assert.Equal(format, exception.Target);
        Assert.Contains($"'{field}'", exception.Message, StringComparison.Ordinal);
        Assert.Contains("RemoteAddress", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_format_writes_numbers_and_times_in_the_invariant_culture()
    {
        var culture = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = new CultureInfo("pt-BR");
        try
        {
            using var driver = Lines(o => o with { ResponseFormat = "{Bytes:N1} {Timestamp:dd/MMM}" });
            driver.Feed("abc\n");
            Assert.Equal("3.0 04/Mar\n", driver.Text);
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }
    }

    [Fact]
    public void Bytes_that_are_not_valid_in_the_encoding_survive_an_echo_and_a_format()
    {
        using var plain = new ConversationDriver(new EchoServerOptions());
        plain.Feed(NotUtf8);
        Assert.Equal(NotUtf8, plain.Output);

        foreach (var framing in new[] { MessageFraming.Auto, MessageFraming.Line, MessageFraming.None })
        {
            using var driver = new ConversationDriver(new EchoServerOptions { Framing = framing, ResponseFormat = "'{0}'", ExitCommand = ["sair"] });
            driver.Feed(NotUtf8).End();
            Assert.Equal([(byte)'\'', .. NotUtf8, (byte)'\''], driver.Output);
        }

        using var shown = new ConversationDriver(new EchoServerOptions { Framing = MessageFraming.Line });
        shown.Feed([0xFF, (byte)'a', (byte)'\n']);
        Assert.Equal("\uFFFDa", shown.Events[0].Message);
        Assert.Equal(2, shown.Events[0].Bytes);
        Assert.Equal([0xFF, (byte)'a', (byte)'\n'], shown.Output);
    }

    [Theory]
    [InlineData(ResponseTransform.Upper, "Olá, servidor! ß ı", "OLÁ, SERVIDOR! ß ı")]
    [InlineData(ResponseTransform.Lower, "OLÁ İ", "olá i̇")]
    [InlineData(ResponseTransform.Reverse, "abc", "cba")]
    [InlineData(ResponseTransform.Reverse, "", "")]
    [InlineData(ResponseTransform.Reverse, "a" + Family + "b", "b" + Family + "a")]
    [InlineData(ResponseTransform.Reverse, Flag + "x" + Accented + "y", "y" + Accented + "x" + Flag)]
    public void A_transform_changes_the_text_and_keeps_the_line_end(ResponseTransform transform, string message, string expected)
    {
        if (message == "OLÁ İ")
        {
            expected = message.ToLowerInvariant();
        }

        using var driver = Lines(o => o with { Transform = transform });
        driver.Feed(message + "\r\n");
        Assert.Equal(expected + "\r\n", driver.Text);
    }

    [Fact]
    public void Upper_does_not_follow_the_culture()
    {
        var culture = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = new CultureInfo("tr-TR");
        try
        {
            using var driver = Lines(o => o with { Transform = ResponseTransform.Upper });
            driver.Feed("istanbul\n");
            Assert.Equal("ISTANBUL\n", driver.Text);
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }
    }

    [Fact]
    public void A_transform_applies_to_the_message_in_a_format_and_not_to_its_literals()
    {
        using var driver = Lines(o => o with { Transform = ResponseTransform.Upper, ResponseFormat = "eco: {0} ({Bytes})" });
        driver.Feed("olá\n");
        Assert.Equal("eco: OLÁ (4)\n", driver.Text);
    }

    [Fact]
    public void Text_on_the_wire_is_in_the_servers_encoding()
    {
        using var driver = Lines(o => o with
        {
            Encoding = Encoding.Latin1, Transform = ResponseTransform.Upper, ResponseFormat = "é {0}", Greeting = "ó", ExitCommand = ["çair"], Farewell = "até",
        });
        driver.Feed(Encoding.Latin1.GetBytes("olá\nÇAIR\n"));
        Assert.Equal("ó\né OLÁ\naté\n", Encoding.Latin1.GetString(driver.Output));
        Assert.Equal("olá", driver.Events[0].Message);
    }

    [Theory]
    [InlineData("sair")]
    [InlineData("SAIR")]
    [InlineData("  Sair\t ")]
    [InlineData("sair\r\n")]
    [InlineData("\u00A0sair\n")]
    [InlineData("Conexão")]
    [InlineData("CONEXÃO\n")]
    [InlineData("quit\n")]
    public void The_exit_command_is_recognized_in_any_case_and_with_any_white_space_around(string message)
    {
        using var driver = new ConversationDriver(new EchoServerOptions { ExitCommand = [" sair ", "conexão", "QUIT"], Farewell = "Servidor: Desconectando..." });
        driver.Feed(message);
        if (driver.Step.Kind == StepKind.Receive)
        {
            driver.Elapse();
        }

        var lineEnd = message.EndsWith("\r\n", StringComparison.Ordinal) ? "\r\n" : message.EndsWith('\n') ? "\n" : string.Empty;
        Assert.Equal("Servidor: Desconectando..." + lineEnd, driver.Text);
        driver.AssertEnded(ServerEventReason.ExitCommand);
        Assert.Equal("ResponseSent 'Servidor: Desconectando...' 26", driver.Journal[^1]);
    }

    [Theory]
    [InlineData("sair agora")]
    [InlineData("sai r")]
    [InlineData("")]
    [InlineData("nsair")]
    public void A_message_with_more_than_the_exit_command_is_an_ordinary_message(string message)
    {
        using var driver = Lines(o => o with { ExitCommand = ["sair"] });
        driver.Feed(message + "\n");
        Assert.Equal(message + "\n", driver.Text);
        Assert.Equal(StepKind.Receive, driver.Step.Kind);
    }

    [Fact]
    public void A_long_message_that_begins_with_the_exit_command_is_an_ordinary_message()
    {
        using var driver = Lines(o => o with { ExitCommand = ["sair"] });
        var message = "sair" + new string('x', 5000) + "\n";
        driver.Feed(message);
        Assert.Equal(message, driver.Text);
    }

    [Fact]
    public void Messages_before_the_exit_command_get_responses_and_those_after_it_do_not()
    {
        using var driver = Lines(o => o with { ExitCommand = ["sair"], Farewell = "bye", ResponseFormat = "<{0}>" });
        driver.Feed("one\nsair\ntwo\n");
        Assert.Equal("<one>\nbye\n", driver.Text);
        driver.AssertEnded(ServerEventReason.ExitCommand);
        Assert.Equal(
            ["MessageReceived 'one' 3", "MessageReceived 'sair' 4", "ResponseSent '<one>' 5", "ResponseSent 'bye' 3"],
            driver.Journal);
    }

    [Fact]
    public void An_exit_command_without_a_farewell_ends_the_conversation()
    {
        using var driver = Lines(o => o with { ExitCommand = ["sair"] });
        driver.Feed("sair\n");
        Assert.Empty(driver.Output);
        driver.AssertEnded(ServerEventReason.ExitCommand);
    }

    [Fact]
    public void A_discarding_server_recognizes_the_exit_command()
    {
        using var driver = Lines(o => o with { IsDiscarding = true, ExitCommand = ["sair"], Farewell = "bye" });
        driver.Feed("one\nsair\n");
        Assert.Equal("bye\n", driver.Text);
        driver.AssertEnded(ServerEventReason.ExitCommand);
    }

    [Theory]
    [InlineData(MessageFraming.Auto, true, "olá\n")]
    [InlineData(MessageFraming.Auto, false, "olá\n")]
    [InlineData(MessageFraming.Line, false, "olá\n")]
    [InlineData(MessageFraming.None, true, "olá")]
    [InlineData(MessageFraming.None, false, "olá")]
    [InlineData(MessageFraming.LengthPrefix, false, "\0\0\0\u0004olá")]
    public void A_greeting_is_sent_first_with_the_framing_and_is_not_counted_as_a_response(MessageFraming framing, bool plain, string expected)
    {
        using var driver = new ConversationDriver(new EchoServerOptions { Framing = framing, Greeting = "olá", ResponseFormat = plain ? null : "{0}" });
        Assert.Equal(expected, driver.Text);
        Assert.Equal(StepKind.Receive, driver.Step.Kind);
        Assert.Empty(driver.Journal);

        driver.Feed(framing == MessageFraming.LengthPrefix ? ConversationDriver.Prefixed("x") : "x\n"u8.ToArray());
        Assert.StartsWith(expected, driver.Text, StringComparison.Ordinal);
        Assert.Equal(["MessageReceived", "ResponseSent"], driver.Events.Select(static e => e.Kind));
    }

    [Fact]
    public void A_discarding_server_sends_a_greeting()
    {
        using var driver = new ConversationDriver(new EchoServerOptions { IsDiscarding = true, Greeting = "olá", Framing = MessageFraming.None });
        driver.Feed("abc").Feed("de").End();
        Assert.Equal("olá", driver.Text);
        driver.AssertEnded(ServerEventReason.ClientClosed);
        Assert.Equal(["MessageReceived 'abc' 3", "MessageReceived 'de' 2"], driver.Journal);
    }

    [Theory]
    [InlineData(MessageFraming.Auto)]
    [InlineData(MessageFraming.None)]
    public void An_empty_response_is_not_sent_where_the_framing_cannot_carry_it(MessageFraming framing)
    {
        using var driver = new ConversationDriver(new EchoServerOptions { Framing = framing, ResponseFormat = "" });
        driver.Feed("one");
        if (framing == MessageFraming.Auto)
        {
            driver.Elapse();
        }

        Assert.Empty(driver.Output);
        Assert.Equal("MessageReceived", Assert.Single(driver.Events).Kind);
    }

    [Fact]
    public void An_empty_response_is_a_prefix_alone_with_length_prefixes()
    {
        using var driver = new ConversationDriver(
            new EchoServerOptions { Framing = MessageFraming.LengthPrefix, ResponseFormat = "", Greeting = "" });
        Assert.Equal(new byte[4], driver.Output);
        driver.Feed(ConversationDriver.Prefixed("one"));
        Assert.Equal(new byte[8], driver.Output);
        Assert.Equal(["MessageReceived 'one' 3", "ResponseSent '' 0"], driver.Journal);
    }

    [Theory]
    [InlineData("Same")]
    [InlineData("Format")]
    [InlineData("Transform")]
    [InlineData("Delay")]
    [InlineData("Responder")]
    [InlineData("ErrorResponse")]
    public void An_empty_message_gets_an_empty_response_from_every_kind_of_server(string kind)
    {
        var options = new EchoServerOptions { Framing = MessageFraming.LengthPrefix };
        options = kind switch
        {
            "Same" => options,
            "Format" => options with { ResponseFormat = "{Message}" },
            "Transform" => options with { Transform = ResponseTransform.Reverse },
            "Delay" => options with { MinDelayMilliseconds = 1, MaxDelayMilliseconds = 1 },
            "Responder" => options with { Responder = new Responder(static message => Task.FromResult<byte[]?>(message.Content)) },
            _ => options with { Responder = new Responder(static _ => throw new InvalidOperationException()), ErrorResponse = "" },
        };
        using var driver = new ConversationDriver(options);
        driver.Feed(new byte[4]);
        if (driver.Step.Kind == StepKind.Await)
        {
            driver.Resume();
        }

        if (driver.Step.Kind == StepKind.Delay)
        {
            driver.Elapse();
        }

        Assert.Equal(new byte[4], driver.Output);
        Assert.Equal("ResponseSent", driver.Events[^1].Kind);
    }

    [Fact]
    public void An_empty_response_to_a_line_is_an_empty_line()
    {
        using var driver = Lines(o => o with { ResponseFormat = "" });
        driver.Feed("one\n\r\n");
        Assert.Equal("\n\r\n", driver.Text);
    }

    [Theory]
    [InlineData("ResponseFormat")]
    [InlineData("Transform")]
    [InlineData("FragmentBytes")]
    [InlineData("ErrorResponse")]
    [InlineData("Farewell")]
    [InlineData("ResetAfter")]
    [InlineData("IdleGapMilliseconds")]
    [InlineData("BufferSize")]
    [InlineData("Port")]
    [InlineData("MaxMessageBytes")]
    [InlineData("IdleTimeout")]
    public void Options_that_do_not_belong_together_or_are_out_of_range_are_refused_by_name(string name)
    {
        var options = new EchoServerOptions();
        options = name switch
        {
            "ResponseFormat" => options with { IsDiscarding = true, ResponseFormat = "{0}" },
            "Transform" => options with { IsDiscarding = true, Transform = ResponseTransform.Upper },
            "FragmentBytes" => options with { IsDiscarding = true, FragmentBytes = 1 },
            "ErrorResponse" => options with { ErrorResponse = "x" },
            "Farewell" => options with { Farewell = "x" },
            "ResetAfter" => options with { DisconnectAfter = 1, ResetAfter = 1 },
            "IdleGapMilliseconds" => options with { IdleGapMilliseconds = 0 },
            "BufferSize" => options with { BufferSize = 0 },
            "Port" => options with { Port = 65536 },
            "MaxMessageBytes" => options with { MaxMessageBytes = 0 },
            _ => options with { IdleTimeout = TimeSpan.FromSeconds(-1) },
        };
        var exception = Assert.Throws<SocketToolsException>(options.ToPlan);
        Assert.Equal(SocketToolsError.InvalidOption, exception.Error);
        Assert.Contains(name, exception.Message, StringComparison.Ordinal);
    }

    private static ConversationDriver Lines(Func<EchoServerOptions, EchoServerOptions> with) =>
        new(with(new EchoServerOptions { Framing = MessageFraming.Line }));
}
