using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using PSSocketTools.Client;
using PSSocketTools.Net;
using Xunit;

namespace PSSocketTools.Tests.Client;

/// <summary>Which of a name's addresses a session connects to, from which end of its own, and what it asks for in the TLS handshake.</summary>
public sealed class SourceTests
{
    [Theory]
    [InlineData(SocketProtocol.Tcp)]
    [InlineData(SocketProtocol.Udp)]
    public async Task A_session_comes_from_the_address_and_the_port_it_is_given(SocketProtocol protocol)
    {
        var source = OwnAddress.Pick();
        var port = FreePort(source);
        var server = EchoServer.Start(new EchoServerOptions { Address = "127.0.0.1", Protocol = protocol });
        using (var session = EchoSession.Connect(To("127.0.0.1", server.Port, protocol) with { SourceAddress = source, SourcePort = port }))
        {
            Assert.Equal(EndPointText.Of(source, port), session.LocalEndPoint);
            Assert.Equal("oi", session.Send("oi").Response);
        }

        await server.StopAsync(Patience.Long);
    }

    [Fact]
    public async Task The_addresses_of_a_name_are_tried_from_one_port()
    {
        var source = OwnAddress.Pick();
        var refusing = OwnAddress.Pick();
        var port = FreePort(source);
        var server = EchoServer.Start(new EchoServerOptions { Address = "127.0.0.1" });
        var host = Host("several.example", refusing, "127.0.0.1");

        var (channel, _) = Connector.Connect(To("several.example", server.Port) with { SourceAddress = source, SourcePort = port }, host, null, null, default);

        using (channel)
        {
            Assert.Equal(EndPointText.Of(source, port), EndPointText.Of(channel.LocalEndPoint));
            Assert.Equal(server.EndPoint, EndPointText.Of(channel.RemoteEndPoint));
        }

        await server.StopAsync(Patience.Long);
    }

    [IPv6Fact]
    public async Task One_family_is_connected_to_where_one_is_asked_for()
    {
        var server = EchoServer.Start(new EchoServerOptions { Address = "localhost" });
        foreach (var protocol in new[] { SocketProtocol.Tcp, SocketProtocol.Udp })
        {
            using var four = EchoSession.Connect(To("localhost", server.Port, protocol) with { IPv4 = true });
            using var six = EchoSession.Connect(To("localhost", server.Port, protocol) with { IPv6 = true });
            using var source = EchoSession.Connect(To("localhost", server.Port, protocol) with { SourceAddress = "::1" });

            Assert.Equal($"127.0.0.1:{server.Port}", four.RemoteEndPoint);
            Assert.Equal($"[::1]:{server.Port}", six.RemoteEndPoint);
            Assert.Equal($"[::1]:{server.Port}", source.RemoteEndPoint);
        }

        await server.StopAsync(Patience.Long);
    }

    [Theory]
    [InlineData(SocketProtocol.Tcp, 0)]
    [InlineData(SocketProtocol.Tcp, 1)]
    [InlineData(SocketProtocol.Udp, 0)]
    public void A_name_with_addresses_of_the_other_family_alone_is_told_with_them(SocketProtocol protocol, int wait)
    {
        var host = Host("six.example", "2001:db8::1", "2001:db8::2");
        var options = To("six.example", 7, protocol) with { WaitFor = TimeSpan.FromSeconds(wait) };

        var error = Assert.Throws<SocketToolsException>(() => Connector.Connect(options with { IPv4 = true }, host, null, null, default));
        var ofSource = Assert.Throws<SocketToolsException>(() => Connector.Connect(options with { SourceAddress = "127.0.0.1" }, host, null, null, default));

        Assert.Equal(SocketToolsError.NameNotFound, error.Error);
        Assert.Equal("six.example", error.Target);
        Assert.Contains("IPv6 addresses alone (2001:db8::1, 2001:db8::2), and IPv4 asks for IPv4", error.Message, StringComparison.Ordinal);
        Assert.Contains("SourceAddress 127.0.0.1 asks for IPv4", ofSource.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wait_goes_on_until_the_name_has_an_address_of_the_family()
    {
        var server = EchoServer.Start(new EchoServerOptions { Address = "127.0.0.1" });
        var questions = 0;
        var host = new ResolvableName("grows.example", _ => Task.FromResult<IPAddress[]>(
            questions++ == 0 ? [IPAddress.IPv6Loopback] : [IPAddress.IPv6Loopback, IPAddress.Loopback]));
        var reasons = new List<string>();

        var (channel, _) = Connector.Connect(
            To("grows.example", server.Port) with { IPv4 = true, WaitFor = Patience.Long }, host, reason => reasons.Add(reason?.Message ?? string.Empty), null, default);

        using (channel)
        {
            Assert.Equal(server.EndPoint, EndPointText.Of(channel.RemoteEndPoint));
            Assert.Contains(reasons, static reason => reason.Contains("IPv6 addresses alone (::1)", StringComparison.Ordinal));
        }

        await server.StopAsync(Patience.Long);
    }

    [Theory]
    [InlineData("::1", true, false, null, SocketToolsError.InvalidOption)]
    [InlineData("127.0.0.1", false, true, null, SocketToolsError.InvalidOption)]
    [InlineData("127.0.0.1", true, true, null, SocketToolsError.InvalidOption)]
    [InlineData("127.0.0.1", false, false, "::1", SocketToolsError.InvalidOption)]
    [InlineData("localhost", true, false, "::1", SocketToolsError.InvalidOption)]
    [InlineData("127.0.0.1", false, false, "eth0", SocketToolsError.InvalidOption)]
    [InlineData("127.0.0.1", false, false, "127.1", SocketToolsError.InvalidOption)]
    [InlineData("127.0.0.1", false, false, "203.0.113.7", SocketToolsError.AddressNotAvailable)]
    public void Families_and_sources_that_do_not_go_together_are_refused(string computer, bool four, bool six, string? source, SocketToolsError expected)
    {
        foreach (var protocol in new[] { SocketProtocol.Tcp, SocketProtocol.Udp })
        {
            var error = Assert.Throws<SocketToolsException>(() => EchoSession.Connect(
                To(computer, 7, protocol) with { IPv4 = four, IPv6 = six, SourceAddress = source }));

            Assert.Equal(expected, error.Error);
        }
    }

    [Theory]
    [InlineData("127.0.0.1:45")]
    [InlineData("[::1]:45")]
    public void A_source_with_a_port_is_told_the_option_of_the_source_port(string source)
    {
        var error = Assert.Throws<SocketToolsException>(() => EchoSession.Connect(To("localhost", 7) with { SourceAddress = source }));

        Assert.Equal(SocketToolsError.InvalidOption, error.Error);
        Assert.EndsWith(" give 45 with SourcePort.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_only_addresses_have_is_refused_for_a_path()
    {
        var options = new SessionOptions { Protocol = SocketProtocol.Unix, SocketPath = "/nowhere" };
        foreach (var (wrong, name) in new[]
        {
            (options with { IPv4 = true }, "IPv4"), (options with { IPv6 = true }, "IPv6"),
            (options with { SourceAddress = "127.0.0.1" }, "SourceAddress"), (options with { SourcePort = 7 }, "SourcePort"),
        })
        {
            var error = Assert.Throws<SocketToolsException>(() => EchoSession.Connect(wrong));
            Assert.Equal(SocketToolsError.InvalidOption, error.Error);
            Assert.Contains($"Leave {name} out", error.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(SocketProtocol.Tcp)]
    [InlineData(SocketProtocol.Udp)]
    public async Task A_source_port_that_is_taken_is_told_and_waited_for(SocketProtocol protocol)
    {
        var source = OwnAddress.Pick();
        var server = EchoServer.Start(new EchoServerOptions { Address = "127.0.0.1", Protocol = protocol });
        var taken = new Socket(AddressFamily.InterNetwork, protocol == SocketProtocol.Udp ? SocketType.Dgram : SocketType.Stream, ProtocolType.Unspecified);
        taken.Bind(new IPEndPoint(IPAddress.Parse(source), 0));
        if (protocol == SocketProtocol.Tcp)
        {
            taken.Listen();
        }

        var port = ((IPEndPoint)taken.LocalEndPoint!).Port;
        var options = To("127.0.0.1", server.Port, protocol) with { SourceAddress = source, SourcePort = port };

        var error = Assert.Throws<SocketToolsException>(() => EchoSession.Connect(options));
        Assert.Equal(SocketToolsError.PortInUse, error.Error);
        Assert.Equal(EndPointText.Of(source, port), error.Target);
        Assert.Contains("the port to connect from", error.Message, StringComparison.Ordinal);

        using (var session = EchoSession.Connect(
            options with { WaitFor = Patience.Long },
            reason =>
            {
                Assert.Equal(SocketToolsError.PortInUse, reason!.Error);
                taken.Dispose();
            }))
        {
            Assert.Equal("oi", session.Send("oi").Response);
        }

        await server.StopAsync(Patience.Long);
    }

    [Fact]
    public async Task A_source_that_is_taken_says_more_than_an_address_that_refuses()
    {
        var source = OwnAddress.Pick();
        var refusing = OwnAddress.Pick();
        var server = EchoServer.Start(new EchoServerOptions { Address = "127.0.0.1" });
        using var holder = EchoSession.Connect(To("127.0.0.1", server.Port) with { SourceAddress = source });
        var port = int.Parse(holder.LocalEndPoint.Split(':')[1], System.Globalization.CultureInfo.InvariantCulture);

        // Its own end is one that a connection has, and the other address refuses.
        var error = Assert.Throws<SocketToolsException>(() => Connector.Connect(
            To("several.example", server.Port) with { SourceAddress = source, SourcePort = port }, Host("several.example", "127.0.0.1", refusing), null, null, default));

        Assert.Equal(SocketToolsError.PortInUse, error.Error);
        Assert.Contains($"{source}:{port}", error.Message, StringComparison.Ordinal);
        await server.StopAsync(Patience.Long);
    }

    [Fact]
    public async Task Two_connections_of_one_pair_of_ends_are_one_too_many()
    {
        var source = OwnAddress.Pick();
        var server = EchoServer.Start(new EchoServerOptions { Address = "127.0.0.1" });
        var options = To("127.0.0.1", server.Port) with { SourceAddress = source, SourcePort = FreePort(source) };
        using var first = EchoSession.Connect(options);

        var error = Assert.Throws<SocketToolsException>(() => EchoSession.Connect(options));

        Assert.Equal(SocketToolsError.PortInUse, error.Error);
        Assert.Contains($"{source}:{options.SourcePort} to {server.EndPoint}", error.Message, StringComparison.Ordinal);
        Assert.Equal("oi", first.Send("oi").Response);
        await server.StopAsync(Patience.Long);
    }

    [Fact]
    public void Several_connections_of_a_load_can_not_come_from_one_port()
    {
        var target = To("127.0.0.1", 7) with { SourcePort = 27007 };

        var error = Assert.Throws<SocketToolsException>(() => EchoLoad.Start(new EchoLoadOptions { Target = target, Connections = 2 }, default));

        Assert.Equal(SocketToolsError.InvalidOption, error.Error);
        Assert.Contains("27007", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, "127.0.0.1")]
    [InlineData("mail.example", "mail.example")]
    public void A_server_is_asked_for_the_name_that_is_given(string? name, string expected)
    {
        string? asked = null;
        using var certificate = SelfSignedCertificates.Make("mail.example");
        using var server = ServeTls(certificate, SslProtocols.None, host => asked = host);
        using var session = server.Connect(options => options with { UseTls = true, ServerName = name, SkipCertificateCheck = true });

        Assert.Equal("oi", session.Send("oi").Response);

        // An address is not asked for (RFC 6066, section 3).
        Assert.Equal(expected == "127.0.0.1" ? string.Empty : expected, asked ?? string.Empty);
    }

    [Fact]
    public void The_certificate_is_held_against_the_name_that_is_given()
    {
        using var certificate = SelfSignedCertificates.Make("mail.example");
        foreach (var (name, isRight) in new[] { ("mail.example", true), ("other.example", false) })
        {
            using var server = ServeTls(certificate, SslProtocols.None);
            var error = Assert.Throws<SocketToolsException>(() => server.Connect(options => options with { UseTls = true, ServerName = name }));
            Assert.Equal(SocketToolsError.TlsFailed, error.Error);
            Assert.Equal(isRight, !error.Message.Contains("names do not include", StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData("a b")]
    [InlineData("https://mail.example")]
    public void A_name_that_no_server_can_have_is_refused(string name)
    {
        var error = Assert.Throws<SocketToolsException>(() => EchoSession.Connect(To("127.0.0.1", 7) with { UseTls = true, ServerName = name }));

        Assert.Equal(SocketToolsError.InvalidOption, error.Error);
    }

    [Theory]
    [InlineData(TlsVersions.Tls12, "Tls12")]
#if !NETSTANDARD_BUILD
    [InlineData(TlsVersions.Tls13, "Tls13")]
    [InlineData(TlsVersions.Tls12 | TlsVersions.Tls13, "Tls13")]
#endif
    public void The_versions_of_TLS_that_are_given_are_offered(TlsVersions versions, string agreed)
    {
        using var certificate = SelfSignedCertificates.Make("localhost");
        using var server = ServeTls(certificate, SslProtocols.Tls12 | SslProtocols.Tls13);
        using var session = server.Connect(options => options with { UseTls = true, TlsProtocol = versions, SkipCertificateCheck = true });

        Assert.Equal(agreed, session.TlsProtocol);
    }

    [Fact]
    public void A_server_that_speaks_another_version_of_TLS_is_told()
    {
        using var certificate = SelfSignedCertificates.Make("localhost");
        using var server = ServeTls(certificate, SslProtocols.Tls13);

        var error = Assert.Throws<SocketToolsException>(() => server.Connect(options => options with { UseTls = true, TlsProtocol = TlsVersions.Tls12 }));

        Assert.Equal(SocketToolsError.TlsFailed, error.Error);
        Assert.Contains("did not agree on Tls12", error.Message, StringComparison.Ordinal);
    }

#if NETSTANDARD_BUILD
    [Fact]
    public void Windows_PowerShell_has_no_TLS_13()
    {
        var error = Assert.Throws<SocketToolsException>(() => EchoSession.Connect(
            To("127.0.0.1", 7) with { UseTls = true, TlsProtocol = TlsVersions.Tls12 | TlsVersions.Tls13 }));

        Assert.Equal(SocketToolsError.NotSupported, error.Error);
    }
#endif

    [Theory]
    [InlineData((TlsVersions)0)]
    [InlineData((TlsVersions)4)]
    public void A_version_of_TLS_that_there_is_not_is_refused(TlsVersions versions)
    {
        var error = Assert.Throws<SocketToolsException>(() => EchoSession.Connect(To("127.0.0.1", 7) with { UseTls = true, TlsProtocol = versions }));

        Assert.Equal(SocketToolsError.InvalidOption, error.Error);
    }

    [Fact]
    public void What_is_about_TLS_is_refused_without_it()
    {
        var options = To("127.0.0.1", 7);
        foreach (var (wrong, name) in new[]
        {
            (options with { ServerName = "mail.example" }, "ServerName"), (options with { TlsProtocol = TlsVersions.Tls12 }, "TlsProtocol"),
            (options with { SkipCertificateCheck = true }, "SkipCertificateCheck"), (options with { CertificateThumbprint = "00" }, "CertificateThumbprint"),
        })
        {
            var error = Assert.Throws<SocketToolsException>(() => EchoSession.Connect(wrong));
            Assert.Equal(SocketToolsError.InvalidOption, error.Error);
            Assert.StartsWith(name + " is about TLS", error.Message, StringComparison.Ordinal);
        }
    }

    private static SessionOptions To(string computer, int port, SocketProtocol protocol = SocketProtocol.Tcp) => new()
    {
        ComputerName = computer,
        Port = port,
        Protocol = protocol,
        Framing = protocol == SocketProtocol.Udp ? MessageFraming.None : MessageFraming.Line,
    };

    private static ResolvableName Host(string name, params string[] addresses) =>
        new(name, _ => Task.FromResult(Array.ConvertAll(addresses, IPAddress.Parse)));

    private static int FreePort(string address)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Parse(address), 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    private static BareServer ServeTls(X509Certificate2 certificate, SslProtocols protocols, Action<string?>? asked = null) => BareServer.Play(peer =>
    {
        using var stream = new SslStream(new NetworkStream(peer.Socket));
        try
        {
            stream.AuthenticateAsServer(new SslServerAuthenticationOptions
            {
                EnabledSslProtocols = protocols,
                ServerCertificateSelectionCallback = (_, host) =>
                {
                    asked?.Invoke(host);
                    return certificate;
                },
            });
            var buffer = new byte[65536];
            int count;
            while ((count = stream.Read(buffer)) > 0)
            {
                stream.Write(buffer, 0, count);
            }
        }
        catch (Exception exception) when (exception is IOException or AuthenticationException)
        {
            // The client did not like the certificate or the version.
        }
    });
}
