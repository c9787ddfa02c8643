using System.Globalization;

namespace PSSocketTools.Interactive;

/// <summary>
/// How many columns of a terminal characters take. Terminals differ in what they make of joined emoji: the count here is
/// the highest of them, so that a line that fits by it fits in all.
/// </summary>
internal static class CharacterWidth
{
    // What a tab takes while the line is typed.
    private const int TabColumns = 4;
    private const int EmojiPresentation = 0xFE0F;

    // Unicode's EastAsianWidth W and F, with what is unassigned between them, sorted.
    private static readonly (int First, int Last)[] Wide =
    [
        (0x1100, 0x115F), (0x231A, 0x231B), (0x2329, 0x232A), (0x23E9, 0x23EC), (0x23F0, 0x23F0), (0x23F3, 0x23F3), (0x25FD, 0x25FE),
        (0x2614, 0x2615), (0x2630, 0x2637), (0x2648, 0x2653), (0x267F, 0x267F), (0x268A, 0x268F), (0x2693, 0x2693), (0x26A1, 0x26A1),
        (0x26AA, 0x26AB), (0x26BD, 0x26BE), (0x26C4, 0x26C5), (0x26CE, 0x26CE), (0x26D4, 0x26D4), (0x26EA, 0x26EA), (0x26F2, 0x26F3),
        (0x26F5, 0x26F5), (0x26FA, 0x26FA), (0x26FD, 0x26FD), (0x2705, 0x2705), (0x270A, 0x270B), (0x2728, 0x2728), (0x274C, 0x274C),
        (0x274E, 0x274E), (0x2753, 0x2755), (0x2757, 0x2757), (0x2795, 0x2797), (0x27B0, 0x27B0), (0x27BF, 0x27BF), (0x2B1B, 0x2B1C),
        (0x2B50, 0x2B50), (0x2B55, 0x2B55), (0x2E80, 0x303E), (0x3041, 0x3247), (0x3250, 0xA4C6), (0xA960, 0xA97C), (0xAC00, 0xD7A3),
        (0xF900, 0xFAFF), (0xFE10, 0xFE19), (0xFE30, 0xFE6B), (0xFF01, 0xFF60), (0xFFE0, 0xFFE6), (0x16FE0, 0x1B2FB), (0x1D300, 0x1D376),
        (0x1F004, 0x1F004), (0x1F0CF, 0x1F0CF), (0x1F18E, 0x1F18E), (0x1F191, 0x1F19A), (0x1F200, 0x1F320), (0x1F32D, 0x1F335),
        (0x1F337, 0x1F37C), (0x1F37E, 0x1F393), (0x1F3A0, 0x1F3CA), (0x1F3CF, 0x1F3D3), (0x1F3E0, 0x1F3F0), (0x1F3F4, 0x1F3F4),
        (0x1F3F8, 0x1F43E), (0x1F440, 0x1F440), (0x1F442, 0x1F4FC), (0x1F4FF, 0x1F53D), (0x1F54B, 0x1F54E), (0x1F550, 0x1F567),
        (0x1F57A, 0x1F57A), (0x1F595, 0x1F596), (0x1F5A4, 0x1F5A4), (0x1F5FB, 0x1F64F), (0x1F680, 0x1F6C5), (0x1F6CC, 0x1F6CC),
        (0x1F6D0, 0x1F6D2), (0x1F6D5, 0x1F6DF), (0x1F6EB, 0x1F6EC), (0x1F6F4, 0x1F6FC), (0x1F7E0, 0x1F7F0), (0x1F90C, 0x1F93A),
        (0x1F93C, 0x1F945), (0x1F947, 0x1F9FF), (0x1FA70, 0x1FAFF), (0x20000, 0x3FFFD),
    ];

    /// <summary>The columns of a text, as <see cref="LineView"/> shows it.</summary>
    public static int Of(string text) => Of(text, 0, text.Length);

    /// <summary>The columns of a part of a text.</summary>
    public static int Of(string text, int start, int end)
    {
        var columns = 0;
        for (var i = start; i < end; i++)
        {
            var isPair = char.IsHighSurrogate(text[i]) && i + 1 < end && char.IsLowSurrogate(text[i + 1]);
            columns += OfCodePoint(text, i, isPair ? char.ConvertToUtf32(text[i], text[i + 1]) : text[i]);
            if (isPair)
            {
                i++;
            }
        }

        return columns;
    }

    private static int OfCodePoint(string text, int index, int codePoint)
    {
        if (codePoint is >= ' ' and < 0x7F)
        {
            return 1;
        }

        if (codePoint == '\t')
        {
            return TabColumns;
        }

        // It makes an emoji of the character before it, which some terminals give a second column.
        if (codePoint == EmojiPresentation)
        {
            return 1;
        }

        return IsZeroWidth(text, index, codePoint) ? 0 : IsWide(codePoint) ? 2 : 1;
    }

    /// <summary>Marks that combine with the character before, invisible ones, and the vowels and final consonants of Hangul's letters.</summary>
    private static bool IsZeroWidth(string text, int index, int codePoint) =>
        codePoint is (>= 0x1160 and <= 0x11FF) or (>= 0xD7B0 and <= 0xD7FB) || (codePoint != 0xAD && CharUnicodeInfo.GetUnicodeCategory(text, index) is
            UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format);

    private static bool IsWide(int codePoint)
    {
        var (low, high) = (0, Wide.Length - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            if (codePoint < Wide[middle].First)
            {
                high = middle - 1;
            }
            else if (codePoint > Wide[middle].Last)
            {
                low = middle + 1;
            }
            else
            {
                return true;
            }
        }

        return false;
    }
}
