#if !NETSTANDARD_BUILD
using System.Net.Sockets;
using PSSocketTools.Net;
using PSSocketTools.Platform;
using Xunit;

namespace PSSocketTools.Tests.Net;

public sealed class UnixSocketErrorsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("pst").FullName;

    [Theory]
    [InlineData("s")]
    [InlineData("no/such/s")]
    [InlineData("file/s")]
    [InlineData("file/no/s")]
    public void The_missing_part_of_a_path_is_named(string name)
    {
        File.WriteAllText(Path.Combine(_folder, "file"), string.Empty);
        var path = Path.Combine(_folder, name);
        var named = name[0] switch
        {
            'n' => Path.Combine(_folder, "no"),
            'f' => Path.Combine(_folder, "file"),
            _ => path,
        };

        var connecting = Assert.Throws<SocketToolsException>(() => Connect(path));
        Assert.Equal((SocketToolsError.AddressNotAvailable, (object)path), (connecting.Error, connecting.Target!));
        Assert.Contains(named + (named == path ? "." : " "), connecting.Message, StringComparison.Ordinal);
        Assert.True(connecting.MayPass);
        if (named != path)
        {
            var listening = Assert.Throws<SocketToolsException>(() => EchoServer.Start(new EchoServerOptions { SocketPath = path }));
            Assert.Equal((connecting.Error, connecting.Message), (listening.Error, listening.Message));
        }

        Assert.DoesNotContain("address", connecting.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    [Trait("System", "Linux")]
    public void A_file_is_no_server()
    {
        var path = Path.Combine(_folder, "file");
        File.WriteAllText(path, string.Empty);

        var exception = Assert.Throws<SocketToolsException>(() => Connect(path));
        Assert.Equal(SocketToolsError.ConnectionRefused, exception.Error);
        Assert.Contains("not a socket", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("System", "Linux")]
    public void A_datagram_socket_is_no_server()
    {
        var path = Path.Combine(_folder, "datagrams");
        using var datagrams = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        datagrams.Bind(new UnixDomainSocketEndPoint(path));

        var exception = Assert.Throws<SocketToolsException>(() => Connect(path));
        Assert.Equal(SocketToolsError.ConnectionRefused, exception.Error);
        Assert.Contains("SOCK_STREAM", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("System", "Linux")]
    public void An_endpoint_is_named_once()
    {
        // .NET puts it behind the system's words, where it has no public way to make such an exception.
        using var datagrams = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        datagrams.Bind(new UnixDomainSocketEndPoint(Path.Combine(_folder, "once")));
        using var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        var error = Assert.ThrowsAny<SocketException>(() => client.Connect(datagrams.LocalEndPoint!));

        var message = SocketErrors.ToConnectError(error, "here").Message;
        Assert.StartsWith("here: ", message, StringComparison.Ordinal);
        Assert.DoesNotContain(_folder, message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("System", "Linux")]
    public void An_error_without_a_name_keeps_its_number()
    {
        // EROFS, which is none of a socket's usual errors.
        var exception = SocketErrors.ToListenError(new LinuxSocketException(30), "here");
        Assert.Equal((SocketToolsError.SocketFailed, "here: Read-only file system (system error 30)."), (exception.Error, exception.Message));
        Assert.Equal("Read-only file system (system error 30)", SocketErrors.TextOf(SocketError.SocketError, 30));
        Assert.Equal("No route to host", SocketErrors.TextOf(SocketError.HostUnreachable, 113));
    }

    [Fact]
    public void Too_many_open_files_are_those_of_the_process_while_the_system_has_some()
    {
        var exception = SocketErrors.ToConnectError(new SocketException((int)SocketError.TooManyOpenSockets), "there:80");
        Assert.Equal(SocketToolsError.TooManyOpenFiles, exception.Error);
        Assert.Contains("ulimit -n", exception.Message, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static void Connect(string path) =>
        EchoSession.Connect(new SessionOptions { Protocol = SocketProtocol.Unix, SocketPath = path }).Dispose();
}
#endif
