using PSSocketTools.Interactive;

namespace PSSocketTools.Tests.Interactive;

/// <summary>Someone at a Unix terminal, without one.</summary>
internal sealed class Typing
{
    private readonly KeyDecoder _decoder;

    public Typing() => _decoder = new KeyDecoder(Keys);

    public Queue<ConsoleKeyInfo> Keys { get; } = new();

    public LineBuffer Line { get; } = new();

    /// <summary>The lines that were accepted.</summary>
    public List<string> Lines { get; } = [];

    /// <summary>What keys were that did not edit.</summary>
    public List<KeyOutcome> Outcomes { get; } = [];

    /// <summary>The line, with a bar where the cursor stands.</summary>
    public string Shown => Line.Text.Insert(Line.Cursor, "|");

    /// <summary>Types what a terminal sends.</summary>
    public Typing Send(string sent)
    {
        _decoder.Take(sent.ToCharArray(), sent.Length);
        return Press();
    }

    /// <summary>Lets a pause go by, in which nothing comes.</summary>
    public Typing Pause()
    {
        if (_decoder.IsPending)
        {
            _decoder.Flush();
        }

        return Press();
    }

    /// <summary>Presses a key as a Windows console tells it.</summary>
    public Typing Press(ConsoleKey key, char character = '\0', ConsoleModifiers modifiers = 0)
    {
        Keys.Enqueue(new ConsoleKeyInfo(
            character, key, modifiers.HasFlag(ConsoleModifiers.Shift), modifiers.HasFlag(ConsoleModifiers.Alt), modifiers.HasFlag(ConsoleModifiers.Control)));
        return Press();
    }

    private Typing Press()
    {
        while (Keys.TryDequeue(out var key))
        {
            var outcome = LineKeys.Press(Line, key);
            if (outcome == KeyOutcome.Accepted)
            {
                Lines.Add(Line.Accept());
            }
            else if (outcome != KeyOutcome.Edited)
            {
                Outcomes.Add(outcome);
            }
        }

        return this;
    }
}
