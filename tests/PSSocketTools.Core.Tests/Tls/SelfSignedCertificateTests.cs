using System.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
#if !NETSTANDARD_BUILD
using PSSocketTools.Platform;
#endif
using Xunit;

namespace PSSocketTools.Tests.Tls;

public sealed class SelfSignedCertificateTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("pssockettools-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

#if NETSTANDARD_BUILD
    [Fact]
    public void Windows_PowerShell_makes_none()
    {
        Assert.Equal(SocketToolsError.NotSupported, Assert.Throws<SocketToolsException>(() => SelfSignedCertificate.Create()).Error);
        using var certificate = Made();
        Assert.Equal(
            SocketToolsError.NotSupported,
            Assert.Throws<SocketToolsException>(() => CertificateFiles.Write(certificate, new() { PemPath = At("a.pem") })).Error);
    }

    private static X509Certificate2 Made()
    {
        using var key = ECDsa.Create();
        return new CertificateRequest("CN=a", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UtcNow, DateTimeOffset.UtcNow.AddDays(1));
    }
#else
    [Theory]
    [InlineData(CertificateKeyType.Ecdsa, "1.2.840.10045.2.1")]
    [InlineData(CertificateKeyType.Rsa, "1.2.840.113549.1.1.1")]
    public void It_has_the_names_dates_and_key_that_were_asked_for(CertificateKeyType keyType, string algorithm)
    {
        var from = new DateTimeOffset(2001, 2, 3, 4, 5, 6, TimeSpan.Zero);
        using var certificate = SelfSignedCertificate.Create(new CertificateOptions
        {
            DnsName = ["*.lab.example", "10.0.0.7", "::1"], NotBefore = from, NotAfter = from.AddYears(60), KeyType = keyType,
        });

        Assert.True(certificate.HasPrivateKey);
        Assert.Equal(algorithm, certificate.PublicKey.Oid.Value);
        Assert.Equal("CN=*.lab.example", certificate.Subject);
        Assert.Equal(certificate.Subject, certificate.Issuer);
        Assert.Equal((from.UtcDateTime, from.UtcDateTime.AddYears(60)), (certificate.NotBefore.ToUniversalTime(), certificate.NotAfter.ToUniversalTime()));
        var names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().Single();
        Assert.Equal(["*.lab.example"], names.EnumerateDnsNames());
        Assert.Equal(["10.0.0.7", "::1"], names.EnumerateIPAddresses().Select(address => address.ToString()));
    }

    [Fact]
    public void It_has_what_the_clients_of_all_systems_ask_of_a_servers_certificate_and_of_an_anchor()
    {
        using var certificate = SelfSignedCertificate.Create();

        var basic = certificate.Extensions.OfType<X509BasicConstraintsExtension>().Single();
        Assert.True(basic is { Critical: true, CertificateAuthority: false });
        Assert.Contains(certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().Single().EnhancedKeyUsages.Cast<Oid>(), oid => oid.Value == "1.3.6.1.5.5.7.3.1");
        var subject = certificate.Extensions.OfType<X509SubjectKeyIdentifierExtension>().Single();
        var authority = certificate.Extensions.OfType<X509AuthorityKeyIdentifierExtension>().Single();
        Assert.Equal(subject.SubjectKeyIdentifierBytes.ToArray(), authority.KeyIdentifier!.Value.ToArray());
        // With one, LibreSSL takes no certificate for its own anchor but one that may sign others.
        Assert.Empty(certificate.Extensions.OfType<X509KeyUsageExtension>());
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.CustomTrustStore.Add(certificate);
        Assert.True(chain.Build(certificate));
    }

    [Fact]
    public void The_files_are_whole_and_the_keys_are_their_owners_alone()
    {
        using var certificate = SelfSignedCertificate.Create();
        using var password = new SecureString();
        password.AppendChar('x');
        var options = new CertificateFileOptions { PemPath = At("a.pem"), PfxPath = At("a.pfx"), PfxPassword = password };

        CertificateFiles.Write(certificate, options);

        Assert.Equal(["a.key", "a.pem", "a.pfx"], Names());
        using var pem = X509Certificate2.CreateFromPemFile(At("a.pem"), At("a.key"));
        Assert.Equal(certificate.Thumbprint, pem.Thumbprint);
        Assert.True(pem.HasPrivateKey);
        Assert.DoesNotContain("PRIVATE", File.ReadAllText(At("a.pem")), StringComparison.Ordinal);
        using var pfx = X509CertificateLoader.LoadPkcs12FromFile(At("a.pfx"), "x");
        Assert.Equal((certificate.Thumbprint, true), (pfx.Thumbprint, pfx.HasPrivateKey));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(At("a.key")));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(At("a.pfx")));
            Assert.True(File.GetUnixFileMode(At("a.pem")).HasFlag(UnixFileMode.UserRead));
        }
    }

    [Fact]
    public void A_key_of_RSA_is_written_too()
    {
        using var certificate = SelfSignedCertificate.Create(new CertificateOptions { KeyType = CertificateKeyType.Rsa });
        CertificateFiles.Write(certificate, new CertificateFileOptions { PemPath = At("rsa.pem") });
        using var read = X509Certificate2.CreateFromPemFile(At("rsa.pem"), At("rsa.key"));
        Assert.NotNull(read.GetRSAPrivateKey());
    }

    [Fact]
    public void A_file_that_is_there_stays_and_the_others_are_not_written()
    {
        File.WriteAllText(At("a.key"), "mine");
        using var certificate = SelfSignedCertificate.Create();

        var refused = Assert.Throws<SocketToolsException>(
            () => CertificateFiles.Write(certificate, new() { PemPath = At("a.pem"), PfxPath = At("a.pfx") }));

        Assert.Equal((SocketToolsError.FileFailed, (object)At("a.key")), (refused.Error, refused.Target));
        Assert.Equal(["a.key"], Names());
        Assert.Equal("mine", File.ReadAllText(At("a.key")));
    }

    [Fact]
    public void A_file_that_is_overwritten_is_its_owners_alone_whatever_it_was_before()
    {
        File.WriteAllText(At("a.key"), "mine");
        using var certificate = SelfSignedCertificate.Create();

        CertificateFiles.Write(certificate, new() { PemPath = At("a.pem"), Overwrite = true });

        Assert.Contains("PRIVATE", File.ReadAllText(At("a.key")), StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(At("a.key")));
        }
    }

    [Fact]
    public void A_link_is_replaced_and_not_followed()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        File.WriteAllText(At("else"), "mine");
        File.CreateSymbolicLink(At("a.key"), At("else"));
        File.CreateSymbolicLink(At("a.pem"), At("nowhere"));
        using var certificate = SelfSignedCertificate.Create();
        var options = new CertificateFileOptions { PemPath = At("a.pem") };

        Assert.Throws<SocketToolsException>(() => CertificateFiles.Write(certificate, options));
        CertificateFiles.Write(certificate, options with { Overwrite = true });

        Assert.Equal("mine", File.ReadAllText(At("else")));
        Assert.Equal(["a.key", "a.pem", "else"], Names());
        Assert.Null(new FileInfo(At("a.pem")).LinkTarget);
    }

    [Theory]
    [InlineData("folder")]
    [InlineData("missing/a.pem")]
    public void A_path_that_no_file_can_have_is_an_error(string name)
    {
        Directory.CreateDirectory(At("folder"));
        using var certificate = SelfSignedCertificate.Create();

        var refused = Assert.Throws<SocketToolsException>(() => CertificateFiles.Write(certificate, new() { PfxPath = At(name), Overwrite = true }));

        Assert.Equal((SocketToolsError.FileFailed, (object)At(name)), (refused.Error, refused.Target));
        Assert.Contains(At(name), refused.Message, StringComparison.Ordinal);
        Assert.Equal(["folder"], Names());
    }

    [Fact]
    public void Only_files_are_replaced()
    {
        if (OperatingSystem.IsLinux() && FileIdentity.IsKnown)
        {
            using var certificate = SelfSignedCertificate.Create();
            Assert.Throws<SocketToolsException>(() => CertificateFiles.Write(certificate, new() { PfxPath = "/dev/full", Overwrite = true }));
            Assert.True(NewFiles.IsOther("/dev/full"));
        }
    }

    [Fact]
    public void A_disk_that_is_full_leaves_what_was_there_and_no_piece_of_a_file()
    {
        File.WriteAllText(At("first"), "mine");
        var files = new NewFiles((file, content) =>
        {
            file.Write(content, 0, content.Length / 2);
            if (content.Length > 4)
            {
                throw new IOException("No space left on device : '" + ((FileStream)file).Name + "'");
            }
        });
        using (files)
        {
            files.Add(At("first"), [1, 2, 3, 4], isPrivate: true);
            var failure = Assert.Throws<IOException>(() => files.Add(At("second"), [1, 2, 3, 4, 5], isPrivate: true));
            Assert.Equal("No space left on device : '" + At("second") + "'", files.Explain(failure));
        }

        Assert.Equal(["first"], Names());
        Assert.Equal("mine", File.ReadAllText(At("first")));
    }

    [Fact]
    public void Files_of_which_one_appeared_meanwhile_are_all_taken_back()
    {
        var path = string.Empty;
        using (var files = new NewFiles())
        {
            files.Add(At("first"), [1], isPrivate: true);
            files.Add(At("second"), [1], isPrivate: true);
            File.WriteAllText(At("second"), "mine");
            Assert.Throws<IOException>(() => files.Publish(overwrite: false, ref path));
        }

        Assert.Equal(At("second"), path);
        Assert.Equal(["second"], Names());
    }

    [Fact]
    public void A_certificate_without_its_key_is_refused()
    {
        using var certificate = SelfSignedCertificate.Create();
        using var half = X509CertificateLoader.LoadCertificate(certificate.RawData);
        Assert.Equal(
            SocketToolsError.InvalidOption,
            Assert.Throws<SocketToolsException>(() => CertificateFiles.Write(half, new() { PfxPath = At("a.pfx") })).Error);
        Assert.Empty(Names());
    }
#endif

    [Fact]
    public void Names_of_files_that_are_one_and_a_password_without_a_file_are_refused()
    {
        using var password = new SecureString();
        CertificateFileOptions[] bad =
        [
            new() { PfxPassword = password },
            new() { PemPath = At("a.key") },
            new() { PemPath = At("a.pem"), PfxPath = At("a.pem") },
            new() { PemPath = At("a.pem"), PfxPath = At("A.KEY") },
        ];
        Assert.All(bad, one => Assert.Equal(
            SocketToolsError.InvalidOption, Assert.Throws<SocketToolsException>(() => CertificateFiles.RequireWritable(one)).Error));
    }

    private string At(string name) => Path.Combine(_folder, name);

    private string[] Names() => [.. Directory.GetFileSystemEntries(_folder).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];
}
