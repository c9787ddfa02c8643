using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PSSocketTools.Tls;
using Xunit;

namespace PSSocketTools.Tests.Client;

/// <summary>What a session tells of the server's certificate, and all that is wrong with it.</summary>
public sealed class PeerCertificateTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UtcNow;

    // What is wrong with a certificate, and how that reads.
    private const string Expired = "expired on", NotYet = "not valid before", Name = "names do not include localhost", SelfSigned = "self-signed, and not trusted";

    /// <summary>A name, days until the beginning and until the end, and what is wrong.</summary>
    public static TheoryData<string, int, int, string[]> Certificates => new()
    {
        { "localhost", -30, 1, [SelfSigned] },
        { "localhost", -30, -1, [Expired, SelfSigned] },
        { "localhost", 1, 30, [NotYet, SelfSigned] },
        { "elsewhere.example", -30, 1, [Name, SelfSigned] },
        { "elsewhere.example", -30, -1, [Expired, Name, SelfSigned] },
        { "elsewhere.example", 1, 30, [NotYet, Name, SelfSigned] },
        { "elsewhere.example,*.localhost,localhost", -30, 1, [SelfSigned] },
    };

    [Theory]
    [MemberData(nameof(Certificates))]
    public void All_that_is_wrong_is_told_of_a_certificate_that_is_taken_unchecked(string name, int from, int until, string[] problems)
    {
        using var certificate = SelfSignedCertificates.Make(name, Now.AddDays(from), Now.AddDays(until));
        using var server = BareServer.EchoOverTls(certificate);
        using var session = server.Connect(options => options with { ComputerName = "localhost", UseTls = true, SkipCertificateCheck = true });

        AssertProblems(problems, session.CertificateProblem!);
        Assert.Equal("oi", session.Send("oi").Response);
    }

    [Theory]
    [MemberData(nameof(Certificates))]
    public void A_certificate_that_will_not_do_is_refused_with_all_its_reasons_and_facts(string name, int from, int until, string[] problems)
    {
        using var certificate = SelfSignedCertificates.Make(name, Now.AddDays(from), Now.AddDays(until));
        using var server = BareServer.EchoOverTls(certificate);

        var error = Assert.Throws<SocketToolsException>(() => server.Connect(options => options with { ComputerName = "localhost", UseTls = true }));

        Assert.Equal(SocketToolsError.TlsFailed, error.Error);
        AssertProblems(problems, error.Message);
        Assert.Contains($"has the names {name.Replace(",", ", ", StringComparison.Ordinal)}, and", error.Message, StringComparison.Ordinal);
        Assert.Contains(string.Format(CultureInfo.CurrentCulture, "from {0:yyyy-MM-dd HH:mm} to {1:yyyy-MM-dd HH:mm}.", certificate.NotBefore, certificate.NotAfter), error.Message, StringComparison.Ordinal);
        Assert.Contains($"CertificateThumbprint {certificate.GetCertHashString(HashAlgorithmName.SHA256)}", error.Message, StringComparison.Ordinal);
        Assert.Equal(problems.Contains(Expired), error.Message.Contains("Renew it", StringComparison.Ordinal));
        Assert.Equal(
            problems.Contains(NotYet),
            error.Message.Contains(
                string.Format(CultureInfo.CurrentCulture, "Check the clocks of both machines, or wait until {0:yyyy-MM-dd HH:mm}.", certificate.NotBefore), StringComparison.Ordinal));
        Assert.Equal(problems.Contains(Name), error.Message.Contains("ServerName", StringComparison.Ordinal));
        Assert.DoesNotContain("  ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_session_has_the_certificates_facts()
    {
        using var certificate = SelfSignedCertificates.Make("localhost,127.0.0.1,::1");
        using var server = BareServer.EchoOverTls(certificate);
        using var session = server.Connect(options => options with { UseTls = true, CertificateThumbprint = certificate.Thumbprint });

        Assert.Equal("CN=localhost", session.CertificateSubject);
        Assert.Equal("CN=localhost", session.CertificateIssuer);
        Assert.Equal("localhost, 127.0.0.1, ::1", session.CertificateNames);
        Assert.Equal(certificate.NotBefore, session.CertificateNotBefore);
        Assert.Equal(certificate.NotAfter, session.CertificateNotAfter);
        Assert.Equal(DateTimeKind.Local, session.CertificateNotAfter!.Value.Kind);
        Assert.Equal(certificate.GetCertHashString(HashAlgorithmName.SHA256), session.CertificateThumbprint);
        AssertProblems([SelfSigned], session.CertificateProblem!);
        Assert.NotEmpty(session.CipherSuite!);
#if !NETSTANDARD_BUILD
        Assert.StartsWith("TLS_", session.CipherSuite, StringComparison.Ordinal);
#endif
    }

    [Fact]
    public void An_issuer_that_nobody_trusts_is_named()
    {
        using var issuerKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var issuing = new CertificateRequest("CN=An issuer", issuerKey, HashAlgorithmName.SHA256);
        issuing.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var issuer = issuing.CreateSelfSigned(Now.AddDays(-2), Now.AddDays(2));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var bare = request.Create(issuer, Now.AddDays(-1), Now.AddDays(1), [1, 2, 3]);
        using var withKey = bare.CopyWithPrivateKey(key);
        using var certificate = X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pfx), null);
        using var server = BareServer.EchoOverTls(certificate);
        using var session = server.Connect(options => options with { UseTls = true, SkipCertificateCheck = true });

        Assert.Equal("CN=An issuer", session.CertificateIssuer);
        AssertProblems(["issuer, CN=An issuer, is not trusted"], session.CertificateProblem!);
    }

    [Fact]
    public async Task A_session_without_TLS_has_none_of_it()
    {
        var server = EchoServer.Start(new EchoServerOptions { Address = "127.0.0.1" });
        using (var session = EchoSession.Connect(new SessionOptions { ComputerName = "127.0.0.1", Port = server.Port }))
        {
            Assert.All(
                new object?[]
                {
                    session.TlsProtocol, session.CipherSuite, session.CertificateSubject, session.CertificateIssuer, session.CertificateNames,
                    session.CertificateNotBefore, session.CertificateNotAfter, session.CertificateThumbprint, session.CertificateProblem,
                },
                Assert.Null);
        }

        await server.StopAsync(Patience.Long);
    }

    [Fact]
    public void A_certificate_without_alternative_names_has_its_common_name()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest("CN=old.example, O=Old", key, HashAlgorithmName.SHA256).CreateSelfSigned(Now.AddDays(-1), Now.AddDays(1));

        Assert.Equal(["old.example"], AlternativeNames.Of(certificate));
    }

    [Fact]
    public void Names_are_read_as_the_framework_reads_them()
    {
        var random = new Random(7);
        for (var round = 0; round < 300; round++)
        {
            var builder = new SubjectAlternativeNameBuilder();
            for (var count = random.Next(1, 200); count > 0; count--)
            {
                switch (random.Next(6))
                {
                    case 0:
                        builder.AddIpAddress(new IPAddress(Bytes(random, 4)));
                        break;
                    case 1:
                        builder.AddIpAddress(new IPAddress(Bytes(random, 16)));
                        break;
                    case 2:
                        builder.AddEmailAddress("someone@mail.example");
                        break;
                    case 3:
                        builder.AddUri(new Uri("https://web.example/" + new string('p', random.Next(300))));
                        break;
                    case 4:
                        builder.AddUserPrincipalName("someone@example");
                        break;
                    default:
                        builder.AddDnsName(string.Join('.', Enumerable.Range(0, random.Next(1, 5)).Select(_ => new string((char)random.Next('a', 'z'), random.Next(1, 60)))));
                        break;
                }
            }

            var der = builder.Build().RawData;
            var reader = new X509SubjectAlternativeNameExtension(der);
            var read = AlternativeNames.Read(der);

            Assert.Equal(reader.EnumerateDnsNames(), read.Where(static name => !IPAddress.TryParse(name, out _)));
            Assert.Equal(reader.EnumerateIPAddresses().Select(static address => address.ToString()), read.Where(static name => IPAddress.TryParse(name, out _)));

            // One that is cut gives what is whole, and nothing else.
            var cut = AlternativeNames.Read(der[..random.Next(der.Length)]);
            Assert.Equal(read.Take(cut.Count), cut);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("30")]
    [InlineData("3080")]
    [InlineData("30847FFFFFFF")]
    [InlineData("3004820A6161")]
    [InlineData("3003870101")]
    [InlineData("3104820161")]
    public void A_damaged_list_of_names_is_none(string der) => Assert.Empty(AlternativeNames.Read(Convert.FromHexString(der)));

    private static byte[] Bytes(Random random, int count)
    {
        var bytes = new byte[count];
        random.NextBytes(bytes);
        return bytes;
    }

    /// <summary>Those that are expected and no others.</summary>
    private static void AssertProblems(string[] expected, string text)
    {
        string[] all = [Expired, NotYet, "names do not include", SelfSigned, "issuer, CN=", "above it", "extended key usage"];
        Assert.All(expected, problem => Assert.Contains(problem, text, StringComparison.Ordinal));
        Assert.Equal(expected.Length, all.Count(problem => text.Contains(problem, StringComparison.Ordinal)));
    }
}
