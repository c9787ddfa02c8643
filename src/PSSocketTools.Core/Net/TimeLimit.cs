namespace PSSocketTools;

/// <summary>The range of the time limits that users give in seconds.</summary>
public static class TimeLimit
{
    /// <summary>The shortest limit: the clocks that measure limits count milliseconds.</summary>
    public const double LowestSeconds = 0.001;

    /// <summary>The longest limit: a day.</summary>
    public const double HighestSeconds = 86_400;
}
