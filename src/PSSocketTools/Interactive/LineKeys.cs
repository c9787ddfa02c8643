namespace PSSocketTools.Interactive;

/// <summary>Which key does what to a line: those of PowerShell on Windows, and of Emacs and bash.</summary>
internal static class LineKeys
{
    /// <summary>Has a key do to a line what it stands for; one that stands for nothing does nothing.</summary>
    public static KeyOutcome Press(LineBuffer line, ConsoleKeyInfo key)
    {
        var isControl = (key.Modifiers & ConsoleModifiers.Control) != 0;
        var isAlt = (key.Modifiers & ConsoleModifiers.Alt) != 0;

        // Both at once are AltGr on Windows, which types characters.
        if (isControl && isAlt && !char.IsControl(key.KeyChar))
        {
            line.Insert(key.KeyChar);
            return KeyOutcome.Edited;
        }

        return isControl ? PressControl(line, key) : isAlt ? PressAlt(line, key) : PressPlain(line, key);
    }

    private static KeyOutcome PressPlain(LineBuffer line, ConsoleKeyInfo key)
    {
        switch (key.Key)
        {
            case ConsoleKey.Enter: return KeyOutcome.Accepted;
            case ConsoleKey.LeftArrow: line.MoveLeft(); break;
            case ConsoleKey.RightArrow: line.MoveRight(); break;
            case ConsoleKey.UpArrow: line.ShowOlder(); break;
            case ConsoleKey.DownArrow: line.ShowNewer(); break;
            case ConsoleKey.Home: line.MoveToStart(); break;
            case ConsoleKey.End: line.MoveToEnd(); break;
            case ConsoleKey.Backspace: line.DeleteLeft(); break;
            case ConsoleKey.Delete: line.DeleteRight(); break;
            default:
                if (key.KeyChar == '\t' || !char.IsControl(key.KeyChar))
                {
                    line.Insert(key.KeyChar);
                }

                break;
        }

        return KeyOutcome.Edited;
    }

    private static KeyOutcome PressControl(LineBuffer line, ConsoleKeyInfo key)
    {
        switch (key.Key)
        {
            case ConsoleKey.Enter or ConsoleKey.J or ConsoleKey.M: return KeyOutcome.Accepted;
            case ConsoleKey.C: return KeyOutcome.Interrupted;
            case ConsoleKey.D when line.IsEmpty: return KeyOutcome.EndOfInput;
            case ConsoleKey.L: return KeyOutcome.ClearScreen;
            case ConsoleKey.D: line.DeleteRight(); break;
            case ConsoleKey.A or ConsoleKey.Home: line.MoveToStart(); break;
            case ConsoleKey.E or ConsoleKey.End: line.MoveToEnd(); break;
            case ConsoleKey.B: line.MoveLeft(); break;
            case ConsoleKey.F: line.MoveRight(); break;
            case ConsoleKey.P: line.ShowOlder(); break;
            case ConsoleKey.N: line.ShowNewer(); break;
            case ConsoleKey.LeftArrow: line.MoveWordLeft(); break;
            case ConsoleKey.RightArrow: line.MoveWordRight(); break;
            case ConsoleKey.U: line.DeleteToStart(); break;
            case ConsoleKey.K: line.DeleteToEnd(); break;
            case ConsoleKey.W: line.DeleteToBlank(); break;
            case ConsoleKey.H: line.DeleteLeft(); break;
            case ConsoleKey.Backspace: line.DeleteWordLeft(); break;
            case ConsoleKey.Delete: line.DeleteWordRight(); break;
            default: break;
        }

        return KeyOutcome.Edited;
    }

    private static KeyOutcome PressAlt(LineBuffer line, ConsoleKeyInfo key)
    {
        switch (key.Key)
        {
            case ConsoleKey.B or ConsoleKey.LeftArrow: line.MoveWordLeft(); break;
            case ConsoleKey.F or ConsoleKey.RightArrow: line.MoveWordRight(); break;
            case ConsoleKey.D: line.DeleteWordRight(); break;
            case ConsoleKey.Backspace: line.DeleteWordLeft(); break;
            default: break;
        }

        return KeyOutcome.Edited;
    }
}
