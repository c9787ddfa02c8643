using System.Globalization;
using System.Text;
using PSSocketTools.Server.Conversations;
using PSSocketTools.Server.Journal;
using Xunit;

namespace PSSocketTools.Tests.Server.Conversations;

/// <summary>Drives one conversation as a transport would, without a socket: all input is received in one buffer, and all output is kept.</summary>
internal sealed class ConversationDriver : IDisposable
{
    private readonly Conversation _conversation;
    private readonly byte[] _receiveBuffer = new byte[256 * 1024];
    private readonly List<byte> _output = [];

    public ConversationDriver(EchoServerOptions options, string? queued = null)
    {
        var plan = options.ToPlan();
        Record = new ServerRecord(new EventJournal(new ServerIdentity(7, "lab", 7007), options.EventCapacity, plan.Encoding, Clock, options.EventMessageBytes), Clock);
        var connection = new ClientRecord(3, "192.0.2.1", 49152, Clock.Timestamp);
        _conversation = plan.Options.IsRaw
            ? new RawConversation(plan, connection, Record)
            : new MessageConversation(plan, connection, Record);
        if (queued is not null)
        {
            Assert.Equal(QueueResult.Queued, _conversation.Mailbox.Add(Bytes(queued), out _));
        }

        _conversation.Begin();
        Go();
    }

    public ManualClock Clock { get; } = new();

    public ServerRecord Record { get; }

    /// <summary>What the conversation waits for, or how it ended.</summary>
    public Step Step { get; private set; }

    /// <summary>Whether the client acknowledges nothing more.</summary>
    public bool IsStalling { get; set; }

    public ServerEventReason EndReason => _conversation.EndReason;

    /// <summary>The bytes of each send.</summary>
    public List<byte[]> Sends { get; } = [];

    public byte[] Output => [.. _output];

    public string Text => Encoding.UTF8.GetString(Output);

    public IReadOnlyList<ServerEvent> Events => Record.Journal.Read(1, int.MaxValue, default, out _);

    /// <summary>The journal in short: the kind of each event, then its text, bytes and reason.</summary>
    public string[] Journal => [.. Events.Select(static e => string.Join(
        ' ',
        new[] { e.Kind, e.Message is null ? null : $"'{e.Message}'", e.Bytes?.ToString(CultureInfo.InvariantCulture), e.Reason }.Where(static part => part is not null)))];

    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    /// <summary>A message in LengthPrefix framing.</summary>
    public static byte[] Prefixed(string text)
    {
        var content = Bytes(text);
        return [0, 0, (byte)(content.Length >> 8), (byte)content.Length, .. content];
    }

    public ConversationDriver Feed(string text) => Feed(Bytes(text));

    public ConversationDriver Feed(byte[] bytes)
    {
        Assert.Equal(StepKind.Receive, Step.Kind);
        bytes.CopyTo(_receiveBuffer, 0);
        _conversation.Received(_receiveBuffer, 0, bytes.Length);
        Go();
        return this;
    }

    /// <summary>Receives more while a response is computed or delayed.</summary>
    public ConversationDriver FeedAhead(string text)
    {
        Assert.True(Step.Kind is StepKind.Await or StepKind.Delay);
        var bytes = Bytes(text);
        bytes.CopyTo(_receiveBuffer, 0);
        _conversation.Received(_receiveBuffer, 0, bytes.Length);
        _ = _conversation.CanReceiveAhead();
        Array.Fill(_receiveBuffer, (byte)0xEE);
        return this;
    }

    /// <summary>Another thread sends a message unsolicited while the conversation waits.</summary>
    public ConversationDriver SendUnsolicited(string text, int millisecondsLeft)
    {
        Assert.Equal(QueueResult.Queued, _conversation.Mailbox.Add(Bytes(text), out _));
        Assert.True(_conversation.HasUnsolicited);
        if (Step.Kind == StepKind.Delay)
        {
            _conversation.Interrupted(millisecondsLeft);
        }

        Go();
        return this;
    }

    /// <summary>The client half-closes.</summary>
    public ConversationDriver End()
    {
        Assert.Equal(StepKind.Receive, Step.Kind);
        _conversation.InputEnded();
        Go();
        return this;
    }

    /// <summary>Ends the wait that it asked for.</summary>
    public ConversationDriver Elapse()
    {
        Assert.True(Step.Kind == StepKind.Delay || (Step.Kind == StepKind.Receive && Step.Milliseconds != Timeout.Infinite));
        _conversation.Elapsed();
        Go();
        return this;
    }

    /// <summary>Completes when the task that it awaits does.</summary>
    public ConversationDriver Resume()
    {
        Assert.Equal(StepKind.Await, Step.Kind);
        Assert.True(Step.Task!.IsCompleted);
        Go();
        return this;
    }

    public void AssertEnded(ServerEventReason reason, StepKind how = StepKind.Close)
    {
        Assert.Equal(how, Step.Kind);
        Assert.Equal(reason, EndReason);
    }

    public void Dispose() => _conversation.Dispose();

    private void Go()
    {
        for (Step = _conversation.Next(); Step.Kind == StepKind.Send; Step = _conversation.Next())
        {
            Assert.InRange(Step.Count, 1, int.MaxValue);
            if (IsStalling)
            {
                Assert.NotEqual(Timeout.Infinite, Step.Milliseconds);
                _conversation.Stalled();
                continue;
            }

            var sent = Step.Buffer.AsSpan(Step.Offset, Step.Count).ToArray();
            Sends.Add(sent);
            _output.AddRange(sent);
            _conversation.Sent();
        }

        if (Step.Kind == StepKind.Receive)
        {
            // The conversation may use the buffer until now; overwrite it, so that a later use shows.
            Array.Fill(_receiveBuffer, (byte)0xEE);
        }
    }
}
