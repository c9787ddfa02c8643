using System.Globalization;

namespace PSSocketTools;

/// <summary>Sizes as the views show them, in the session's culture; properties keep the plain numbers.</summary>
public static class HumanUnits
{
    private static readonly string[] Units = ["KB", "MB", "GB", "TB"];

    /// <summary>A size in units of 1024, as PowerShell's own 1KB: 512 B, 1.5 KB.</summary>
    /// <param name="bytes">Bytes, or nothing.</param>
    /// <returns>The text, or nothing.</returns>
    public static string? Size(long? bytes)
    {
        if (bytes is not { } count)
        {
            return null;
        }

        if (count < 1024)
        {
            return Text("{0} B", count);
        }

        var value = count / 1024.0;
        var unit = 0;

        // A value that would be rounded to 1024 is 1 of the next unit.
        while (value >= 1023.5 && unit < Units.Length - 1)
        {
            value /= 1024;
            unit++;
        }

        // A decimal is insignificant from 100 on, and takes two columns.
        return Text(value < 99.95 ? "{0:0.#} {1}" : "{0:0} {1}", value, Units[unit]);
    }

    private static string Text(string format, params object[] values) => string.Format(CultureInfo.CurrentCulture, format, values);
}
