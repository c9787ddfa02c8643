using Xunit;

namespace PSSocketTools.Tests.Tls;

public sealed class CertificateOptionsTests
{
    private static readonly DateTimeOffset Now = new(2026, 2, 28, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Without_dates_it_is_valid_from_yesterday_for_a_year() =>
        Assert.Equal((Now.AddDays(-1), Now.AddYears(1)), new CertificateOptions().ToValidity(Now));

    [Fact]
    public void One_that_has_expired_began_a_year_before()
    {
        var until = Now.AddDays(-2);
        Assert.Equal((until.AddYears(-1), until), new CertificateOptions { NotAfter = until }.ToValidity(Now));
    }

    [Fact]
    public void One_that_expires_soon_began_yesterday() =>
        Assert.Equal((Now.AddDays(-1), Now.AddMinutes(1)), new CertificateOptions { NotAfter = Now.AddMinutes(1) }.ToValidity(Now));

    [Fact]
    public void One_that_is_to_come_is_valid_for_a_year_from_then_on()
    {
        var from = Now.AddMonths(2);
        Assert.Equal((from, from.AddYears(1)), new CertificateOptions { NotBefore = from }.ToValidity(Now));
    }

    [Fact]
    public void One_that_began_long_ago_is_valid_still() =>
        Assert.Equal((Now.AddYears(-9), Now.AddYears(1)), new CertificateOptions { NotBefore = Now.AddYears(-9) }.ToValidity(Now));

    [Fact]
    public void Dates_at_the_ends_of_time_are_filled_in_within_it()
    {
        Assert.Equal(CertificateOptions.EarliestDate, new CertificateOptions { NotAfter = CertificateOptions.EarliestDate.AddDays(1) }.ToValidity(Now).NotBefore);
        Assert.Equal(CertificateOptions.LatestDate, new CertificateOptions { NotBefore = CertificateOptions.LatestDate.AddDays(-1) }.ToValidity(Now).NotAfter);
    }

    [Theory]
    [InlineData(1, 0, "NotAfter")]
    [InlineData(-30_000, 0, "NotBefore")]
    public void Dates_that_no_certificate_has_are_refused(int from, int until, string option)
    {
        var refused = Assert.Throws<SocketToolsException>(
            () => new CertificateOptions { NotBefore = Now.AddDays(from), NotAfter = Now.AddDays(until) }.ToValidity(Now));

        Assert.Equal((SocketToolsError.InvalidOption, option), (refused.Error, refused.Target));
    }
}
