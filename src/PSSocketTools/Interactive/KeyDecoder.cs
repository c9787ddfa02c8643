using System.Globalization;
using System.Text;

namespace PSSocketTools.Interactive;

/// <summary>
/// Makes keys of what a Unix terminal sends: characters, and the escape sequences of xterm and its kin (ECMA-48) for the keys
/// that have none. A sequence may come in pieces.
/// </summary>
internal sealed class KeyDecoder
{
    private const char Escape = '\e';

    private readonly Queue<ConsoleKeyInfo> _keys;
    private readonly StringBuilder _parameters = new();
    private State _state;
    private bool _isAlt;
    private char _last;

    /// <summary>Readies a decoder.</summary>
    /// <param name="keys">What it puts the keys into.</param>
    public KeyDecoder(Queue<ConsoleKeyInfo> keys) => _keys = keys;

    private enum State
    {
        Ground,
        Escaped,
        Control,
        LinuxFunction,
        Single,
    }

    /// <summary>Whether a sequence has begun: it ends with what comes next, or was the key Escape itself.</summary>
    public bool IsPending => _state != State.Ground;

    /// <summary>Takes what the terminal sent.</summary>
    public void Take(char[] characters, int count)
    {
        for (var i = 0; i < count; i++)
        {
            Take(characters[i]);
        }
    }

    /// <summary>Nothing came behind what could have been the beginning of a sequence: it was a key.</summary>
    public void Flush()
    {
        if (_state == State.Escaped)
        {
            Add(ConsoleKey.Escape, Escape);
        }

        Reset();
    }

    private void Take(char character)
    {
        switch (_state)
        {
            case State.Escaped when character == '[':
                _state = State.Control;
                break;
            case State.Escaped when character == 'O':
                _state = State.Single;
                break;
            case State.Escaped when character == Escape:
                _isAlt = true;
                break;
            case State.Escaped:
                Reset();
                Type(character, ConsoleModifiers.Alt);
                break;
            case State.Control when character == '[' && _parameters.Length == 0:
                _state = State.LinuxFunction;
                break;
            case State.Control or State.Single when character is >= ' ' and <= '?':
                _ = _parameters.Append(character);
                break;
            case State.Control or State.Single when character is > '?' and <= '~':
                EndSequence(character);
                break;
            case State.LinuxFunction when character >= ' ':
                Reset();
                break;
            default:
                // A control character ends a sequence that is none.
                Reset();
                if (character == Escape)
                {
                    _state = State.Escaped;
                }
                else
                {
                    Type(character, 0);
                }

                break;
        }
    }

    private void Reset()
    {
        _ = _parameters.Clear();
        _state = State.Ground;
        _isAlt = false;
    }

    /// <summary>A character that stands for itself, or for a key with Ctrl.</summary>
    private void Type(char character, ConsoleModifiers modifiers)
    {
        var last = _last;
        _last = character;
        switch (character)
        {
            case '\n' when last == '\r':
                // One line end of pasted text.
                break;
            case '\r' or '\n':
                Add(ConsoleKey.Enter, '\r', modifiers);
                break;
            case '\t':
                Add(ConsoleKey.Tab, character, modifiers);
                break;
            case '\b' or '\x7F':
                Add(ConsoleKey.Backspace, '\b', modifiers);
                break;
            case >= '\x01' and <= '\x1A':
                Add(ConsoleKey.A + character - 1, character, modifiers | ConsoleModifiers.Control);
                break;
            case >= 'a' and <= 'z':
                Add(ConsoleKey.A + character - 'a', character, modifiers);
                break;
            case >= 'A' and <= 'Z':
                Add(ConsoleKey.A + character - 'A', character, modifiers | ConsoleModifiers.Shift);
                break;
            default:
                Add(default, character, modifiers);
                break;
        }
    }

    private void EndSequence(char final)
    {
        var parameters = _parameters.ToString().Split(';');
        var modifiers = parameters.Length > 1 && int.TryParse(parameters[1], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number - 1 : 0;
        var key = final switch
        {
            'A' => ConsoleKey.UpArrow,
            'B' => ConsoleKey.DownArrow,
            'C' or 'c' => ConsoleKey.RightArrow,
            'D' or 'd' => ConsoleKey.LeftArrow,
            'H' => ConsoleKey.Home,
            'F' => ConsoleKey.End,
            'M' when _state == State.Single => ConsoleKey.Enter,
            '~' or '^' => parameters[0] switch
            {
                "1" or "7" => ConsoleKey.Home,
                "3" => ConsoleKey.Delete,
                "4" or "8" => ConsoleKey.End,
                _ => default,
            },
            _ => default,
        };
        var isControl = (modifiers & 4) != 0 || (final is 'c' or 'd' && _state == State.Single) || final == '^';
        var isAlt = (modifiers & 2) != 0 || _isAlt;
        Reset();
        _last = default;

        // What is no key of ours, such as an answer of the terminal to somebody's question, types nothing.
        if (key != default && !(final is 'c' or 'd' && !isControl))
        {
            Add(key, default, (isControl ? ConsoleModifiers.Control : 0) | (isAlt ? ConsoleModifiers.Alt : 0));
        }
    }

    private void Add(ConsoleKey key, char character, ConsoleModifiers modifiers = 0) => _keys.Enqueue(new ConsoleKeyInfo(
        character, key, (modifiers & ConsoleModifiers.Shift) != 0, (modifiers & ConsoleModifiers.Alt) != 0, (modifiers & ConsoleModifiers.Control) != 0));
}
