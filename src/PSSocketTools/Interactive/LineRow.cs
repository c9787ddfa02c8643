namespace PSSocketTools.Interactive;

/// <summary>One row of a terminal with what is to be seen of a line that is being typed.</summary>
internal readonly struct LineRow(string text, string beforeCursor)
{
    /// <summary>The row, which leaves the last column free, so that no terminal wraps it.</summary>
    public string Text { get; } = text;

    /// <summary>What of it stands before the cursor.</summary>
    public string BeforeCursor { get; } = beforeCursor;
}
