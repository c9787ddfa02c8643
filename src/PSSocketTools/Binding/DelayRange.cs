using System.Globalization;
using PSSocketTools.Resources;

namespace PSSocketTools;

/// <summary>A delay in whole milliseconds, or a range to draw one from, <c>100-500</c>; it converts from a number and from text by itself.</summary>
public sealed record DelayRange
{
    /// <summary>The same delay each time.</summary>
    /// <param name="milliseconds">The delay, 0 or more.</param>
    /// <exception cref="ArgumentException">The delay is negative.</exception>
    public DelayRange(int milliseconds)
        : this(milliseconds, milliseconds)
    {
    }

    private DelayRange(int least, int most)
    {
        if (least < 0)
        {
            throw NotUnderstood(least.ToString(CultureInfo.InvariantCulture));
        }

        Least = least;
        Most = most;
    }

    /// <summary>The minimum, in milliseconds.</summary>
    public int Least { get; }

    /// <summary>The maximum, in milliseconds.</summary>
    public int Most { get; }

    /// <summary>Reads a number, or two with a dash between.</summary>
    /// <param name="text">The text.</param>
    /// <exception cref="ArgumentException">The text is neither, or the maximum is less than the minimum.</exception>
    public static DelayRange Parse(string text)
    {
        var bounds = (text ?? throw new ArgumentNullException(nameof(text))).Split('-');
        if (bounds.Length > 2 || !TryRead(bounds[0], out var least) || !TryRead(bounds[^1], out var most) || least > most)
        {
            throw NotUnderstood(text);
        }

        return new DelayRange(least, most);
    }

    /// <summary>The range as <see cref="Parse"/> reads it.</summary>
    public override string ToString() => Least == Most
        ? Least.ToString(CultureInfo.InvariantCulture)
        : string.Format(CultureInfo.InvariantCulture, "{0}-{1}", Least, Most);

    private static bool TryRead(string text, out int milliseconds) =>
        int.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out milliseconds);

    private static ArgumentException NotUnderstood(string text) => new(Messages.Get("DelayNotUnderstood", text));
}
