using PSSocketTools.Net;

namespace PSSocketTools;

/// <summary>The options of a certificate for tests: immutable, and validated when it is made.</summary>
public sealed record CertificateOptions
{
    /// <summary>The earliest and the latest date that a certificate can have (RFC 5280, section 4.1.2.5).</summary>
    public static readonly DateTimeOffset EarliestDate = new(1950, 1, 1, 0, 0, 0, TimeSpan.Zero), LatestDate = DateTimeOffset.MaxValue;

    /// <summary>
    /// The names and addresses it is for: host names, such with an asterisk for their first label, IPv4 and IPv6 addresses. A name
    /// in another script becomes its ASCII form (RFC 5891). The first one is the subject too.
    /// </summary>
    public IReadOnlyList<string> DnsName { get; init; } = [NameResolver.Localhost, "127.0.0.1", "::1"];

    /// <summary>From when on it is valid; null for a day ago, or a year before <see cref="NotAfter"/> where that has passed.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>Until when it is valid, to the second; null for a year from now on, or from <see cref="NotBefore"/> on where that is to come.</summary>
    public DateTimeOffset? NotAfter { get; init; }

    /// <summary>The default of <see cref="KeyType"/>.</summary>
    public const CertificateKeyType DefaultKeyType = CertificateKeyType.Ecdsa;

    /// <summary>The kind of its key.</summary>
    public CertificateKeyType KeyType { get; init; } = DefaultKeyType;

    /// <summary>Validates the dates, and fills in what was not given.</summary>
    /// <exception cref="SocketToolsException">InvalidOption.</exception>
    internal (DateTimeOffset NotBefore, DateTimeOffset NotAfter) ToValidity(DateTimeOffset now)
    {
        RequireDate(nameof(NotBefore), NotBefore);
        RequireDate(nameof(NotAfter), NotAfter);
        var from = NotBefore ?? (NotAfter < now ? YearsAfter(NotAfter.Value, -1) : now.AddDays(-1));
        var until = NotAfter ?? YearsAfter(from > now ? from : now, 1);
        if (until < from)
        {
            throw OptionRules.Invalid(nameof(NotAfter), "CertificateEndsBeforeItBegins", until.LocalDateTime, from.LocalDateTime);
        }

        return (from, until);
    }

    private static DateTimeOffset YearsAfter(DateTimeOffset date, int years) =>
        date.Year + years < EarliestDate.Year ? EarliestDate
        : date.Year + years > LatestDate.Year ? LatestDate
        : date.AddYears(years);

    private static void RequireDate(string option, DateTimeOffset? date)
    {
        if (date < EarliestDate)
        {
            throw OptionRules.Invalid(
                option, "OptionOutOfRange", Messages.Name(option), date.Value.UtcDateTime, EarliestDate.UtcDateTime, LatestDate.UtcDateTime);
        }
    }
}
