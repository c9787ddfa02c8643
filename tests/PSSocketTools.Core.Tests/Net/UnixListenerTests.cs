#if !NETSTANDARD_BUILD
using System.Net.Sockets;
using PSSocketTools.Net;
using PSSocketTools.Platform;
using PSSocketTools.Tests.Transport;
using Xunit;

namespace PSSocketTools.Tests.Net;

public sealed class UnixListenerTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());

    public void Dispose() => File.Delete(_path);

    [Fact]
    public async Task A_stopping_server_takes_its_file_away_though_it_still_owes_an_answer_and_leaves_that_of_the_next_one()
    {
        using var answers = new Answers();
        using var first = Start(answers);
        using var client = Connect();
        client.Socket.Send("late\n"u8);
        await answers.AskedAsync("late");

        var stopping = first.StopAsync(Patience.Long);
        Assert.True(SpinWait.SpinUntil(() => !File.Exists(_path), Patience.Long));
        using var second = Start();
        answers.Give("late");
        await stopping.WaitAsync(Patience.Long);

        using var next = Connect();
        await next.ExchangeAsync("hello");
        await second.StopAsync(Patience.Long);
        Assert.False(File.Exists(_path));
    }

    [Fact]
    [Trait("System", "Linux")]
    public async Task A_server_whose_path_another_took_leaves_it_to_the_other()
    {
        if (!FileIdentity.IsKnown)
        {
            return;
        }

        using var first = Start();
        File.Delete(_path);
        using var second = Start();

        await first.StopAsync(Patience.Long);

        using var client = Connect();
        await client.ExchangeAsync("still here");
        Assert.DoesNotContain(first.GetEvents(), static e => e.Kind == "Error");
    }

    [Fact]
    public async Task A_path_without_a_folder_is_refused_and_a_folder_that_goes_first_does_not_hold_up_the_stop()
    {
        var folder = Directory.CreateTempSubdirectory("pst");
        var path = Path.Combine(folder.FullName, "s");
        using var server = EchoServer.Start(new EchoServerOptions { SocketPath = path });
        folder.Delete(recursive: true);

        await server.StopAsync(Patience.Long).WaitAsync(Patience.Long);

        Assert.Equal("Stopped", server.State);
        var exception = Assert.Throws<SocketToolsException>(() => EchoServer.Start(new EchoServerOptions { SocketPath = path }));
        Assert.Equal((SocketToolsError.AddressNotAvailable, path), (exception.Error, exception.Target));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Its_file_goes_with_it_whether_or_not_the_system_tells_files_apart(bool tellsFiles)
    {
        if (tellsFiles && !FileIdentity.IsKnown)
        {
            return;
        }

        var listener = UnixListener.Listen(_path, 1, tellsFiles);
        using (Connect())
        {
        }

        Assert.Null(listener.RemoveFile());
        Assert.Equal(tellsFiles, !File.Exists(_path));
        listener.Socket.Dispose();
        Assert.False(File.Exists(_path));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_path_that_is_a_file_or_below_one_is_refused_and_left_as_it_is(bool tellsFiles)
    {
        if (tellsFiles && !FileIdentity.IsKnown)
        {
            return;
        }

        File.WriteAllText(_path, "a file");
        var exception = Assert.Throws<SocketToolsException>(() => UnixListener.Listen(_path, 1, tellsFiles));
        Assert.Equal((SocketToolsError.PortInUse, _path), (exception.Error, exception.Target));
        Assert.Equal("a file", File.ReadAllText(_path));

        var below = Path.Combine(_path, "s");
        Assert.Equal(SocketToolsError.SocketFailed, Assert.Throws<SocketToolsException>(() => UnixListener.Listen(below, 1, tellsFiles)).Error);
    }

    [Fact]
    [Trait("System", "Linux")]
    public void A_file_is_told_from_another_and_from_none()
    {
        if (!FileIdentity.IsKnown)
        {
            return;
        }

        Assert.Null(FileIdentity.Of(_path));
        File.WriteAllText(_path, "a file");
        Assert.NotNull(FileIdentity.Of(_path));
        Assert.Equal(FileIdentity.Of(_path), FileIdentity.Of(_path));
        Assert.NotEqual(FileIdentity.Of(_path), FileIdentity.Of(Path.GetTempPath()));
    }

    private EchoServer Start(Answers? answers = null) =>
        EchoServer.Start(new EchoServerOptions { SocketPath = _path, Framing = answers is null ? MessageFraming.Auto : MessageFraming.Line, Responder = answers });

    private BareClient Connect()
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(_path));
        return new BareClient(socket);
    }
}
#endif
