#if !NETSTANDARD_BUILD
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using PSSocketTools.Platform;
using PSSocketTools.Server;
using PSSocketTools.Tests.Server.Transport;
using Xunit;

namespace PSSocketTools.Tests.Server;

public sealed class UnixListenerTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());

    public void Dispose() => File.Delete(_path);

    [Fact]
    public async Task A_stopping_server_deletes_its_own_socket_file_and_not_that_of_the_next_one()
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
    public async Task A_server_does_not_delete_another_servers_socket_file_at_its_path()
    {
        using var first = Start();
        File.Delete(_path);
        using var second = Start();

        await first.StopAsync(Patience.Long);

        using var client = Connect();
        await client.ExchangeAsync("still here");
        Assert.DoesNotContain(first.GetEvents(), static e => e.Kind == "Error");
    }

    [Fact]
    public async Task A_path_without_a_folder_is_refused_and_a_deleted_folder_does_not_delay_the_stop()
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

    /// <summary>With files identified, where this system can, and without.</summary>
    public static TheoryData<bool> TellingFilesApart => FileIdentity.IsKnown ? [true, false] : [false];

    [Theory]
    [MemberData(nameof(TellingFilesApart))]
    public void The_socket_file_is_deleted_whether_or_not_the_system_identifies_files(bool tellsFiles)
    {
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
    [MemberData(nameof(TellingFilesApart))]
    public void A_path_that_is_a_file_or_below_one_is_refused_and_left_as_it_is(bool tellsFiles)
    {
        File.WriteAllText(_path, "a file");
        var exception = Assert.Throws<SocketToolsException>(() => UnixListener.Listen(_path, 1, tellsFiles));
        Assert.Equal((SocketToolsError.PortInUse, _path), (exception.Error, exception.Target));
        Assert.Equal("a file", File.ReadAllText(_path));

        var below = Path.Combine(_path, "s");
        Assert.Equal(SocketToolsError.AddressNotAvailable, Assert.Throws<SocketToolsException>(() => UnixListener.Listen(below, 1, tellsFiles)).Error);
    }

    public static TheoryData<string> NoSockets
    {
        get
        {
            TheoryData<string> kinds = ["empty file", "file", "folder", "link to a file", "link to a socket", "link to nothing", "FIFO"];

            // Only root may make a device, and a container may deny even that.
            using var folder = new TestFolder();
            if (TryMakeNode(Path.Combine(folder.Path, "device"), NullDevice))
            {
                kinds.Add("device");
            }

            return kinds;
        }
    }

    [Theory]
    [MemberData(nameof(NoSockets))]
    [Trait("System", "Linux")]
    public void Only_a_socket_is_replaced_whatever_else_is_at_the_path_is_refused_and_stays(string kind)
    {
        using var folder = new TestFolder();
        var target = Path.Combine(folder.Path, "target");
        switch (kind)
        {
            case "empty file":
                File.WriteAllText(_path, string.Empty);
                break;
            case "file":
                File.WriteAllText(_path, "a file");
                break;
            case "folder":
                Directory.CreateDirectory(_path);
                break;
            case "link to a file":
                File.WriteAllText(target, string.Empty);
                File.CreateSymbolicLink(_path, target);
                break;
            case "link to a socket":
                LeaveDeadSocket(target);
                File.CreateSymbolicLink(_path, target);
                break;
            case "link to nothing":
                File.CreateSymbolicLink(_path, target);
                break;
            case "FIFO":
                Assert.True(TryMakeNode(_path, Fifo));
                break;
            case "device":
                Assert.True(TryMakeNode(_path, NullDevice));
                break;
            default:
                Assert.Fail(kind);
                break;
        }

        var before = FileIdentity.Of(_path);
        foreach (var tellsFiles in new[] { FileIdentity.IsKnown, false })
        {
            var exception = Assert.Throws<SocketToolsException>(() => UnixListener.Listen(_path, 1, tellsFiles));
            Assert.Equal((SocketToolsError.PortInUse, _path), (exception.Error, exception.Target));
        }

        Assert.Equal(before, FileIdentity.Of(_path));
        if (kind.StartsWith("link to a", StringComparison.Ordinal))
        {
            Assert.True(File.Exists(target));
        }

        if (kind == "folder")
        {
            Directory.Delete(_path);
        }
    }

    [Fact]
    public void A_server_with_a_full_accept_queue_keeps_its_path()
    {
        using var busy = UnixListener.Listen(_path, backlog: 1).Socket;
        var waiting = new List<Socket>();
        try
        {
            // Fills the accept queue, until the next connect would block.
            Socket next;
            do
            {
                next = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { Blocking = false };
                waiting.Add(next);
            }
            while (Connects(next) && waiting.Count < 1000);

            var exception = Assert.Throws<SocketToolsException>(() => UnixListener.Listen(_path, 1));
            Assert.Equal((SocketToolsError.PortInUse, _path), (exception.Error, exception.Target));
            Assert.True(File.Exists(_path));
        }
        finally
        {
            waiting.ForEach(static socket => socket.Dispose());
        }
    }

    [Fact]
    public async Task Of_servers_that_start_together_at_a_stale_socket_exactly_one_gets_the_path()
    {
        const int Together = 8;
        const int Rounds = 25;
        for (var round = 0; round < Rounds; round++)
        {
            LeaveDeadSocket(_path);
            using var start = new Barrier(Together);
            var starting = Enumerable.Range(0, Together).Select(_ => Task.Factory.StartNew(
                () =>
                {
                    start.SignalAndWait();
                    try
                    {
                        return (object)Start();
                    }
                    catch (SocketToolsException exception)
                    {
                        return exception.Error;
                    }
                },
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default));
            var outcomes = await Task.WhenAll(starting.ToArray()).WaitAsync(Patience.Long);

            using var server = Assert.Single(outcomes.OfType<EchoServer>());
            Assert.Equal(Together - 1, outcomes.Count(static outcome => outcome is SocketToolsError.PortInUse));
            using (var client = Connect())
            {
                await client.ExchangeAsync("hello");
            }

            await server.StopAsync(Patience.Long).WaitAsync(Patience.Long);
            Assert.False(File.Exists(_path));
        }
    }

    [Fact]
    [Trait("System", "Linux")]
    public async Task A_client_that_closes_while_its_response_is_pending_is_disconnected_at_once_and_one_that_half_closes_is_not()
    {
        using var answers = new Answers();
        using var server = Start(answers);
        using var staying = Connect();
        await staying.SendAsync("here\n");
        await answers.AskedAsync("here");
        staying.EndOutput();
        using (var leaving = Connect())
        {
            await leaving.SendAsync("gone\n");
            await answers.AskedAsync("gone");
        }

        var events = await server.UntilAsync(ServerEventKind.Disconnected);
        Assert.Equal("Connected MessageReceived Disconnected/Reset", events.Story(2));
        answers.Give("here");
        await staying.AssertEndsWithAsync("here\n");
    }

    [Fact]
    [Trait("System", "Linux")]
    public async Task A_folder_that_another_process_keeps_locked_delays_neither_start_nor_stop()
    {
        using var folder = new TestFolder();
        var path = Path.Combine(folder.Path, "s");
        using var held = Hold(folder.Path);
        using var server = EchoServer.Start(new EchoServerOptions { SocketPath = path });
        await server.StopAsync(Patience.Long).WaitAsync(Patience.Long);
        Assert.False(File.Exists(path));
    }

    [Fact]
    [Trait("System", "Linux")]
    public void A_file_is_distinguished_from_another_and_from_none()
    {
        Assert.Null(FileIdentity.Of(_path));
        File.WriteAllText(_path, "a file");
        Assert.NotNull(FileIdentity.Of(_path));
        Assert.Equal(FileIdentity.Of(_path), FileIdentity.Of(_path));
        Assert.NotEqual(FileIdentity.Of(_path), FileIdentity.Of(Path.GetTempPath()));
    }

    private const int Fifo = 0x1000;
    private const int NullDevice = 0x2000;

    private static bool TryMakeNode(string path, int kind) =>
        OperatingSystem.IsLinux() && MakeNode(Name(path), (uint)kind | 0x180, kind == NullDevice ? 0x103UL : 0) == 0;

    [DllImport("libc", EntryPoint = "mknod")]
    private static extern int MakeNode(byte[] path, uint mode, ulong device);

    [DllImport("libc", EntryPoint = "open")]
    private static extern int Open(byte[] path, int flags);

    private static byte[] Name(string path) => Encoding.UTF8.GetBytes(path + '\0');

    private static SafeSocketHandle Hold(string folder)
    {
        var descriptor = Open(Name(folder), OperatingSystem.IsLinux() ? Libc.OpenCloseOnExecLinux : Libc.OpenCloseOnExecMac);
        var owner = new SafeSocketHandle(descriptor, ownsHandle: true);
        Assert.Equal(0, Libc.Lock(descriptor, Libc.LockExclusive | Libc.LockWithoutWaiting));
        return owner;
    }

    /// <summary>The stale socket file of a server that was killed.</summary>
    private static void LeaveDeadSocket(string path)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        var before = path + "-";
        socket.Bind(new UnixDomainSocketEndPoint(before));
        socket.Listen(1);

        // .NET deletes what is at the path it bound when it closes the socket.
        File.Move(before, path);
    }

    private bool Connects(Socket socket)
    {
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(_path));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private EchoServer Start(Answers? answers = null) =>
        EchoServer.Start(new EchoServerOptions { SocketPath = _path, Framing = answers is null ? MessageFraming.Auto : MessageFraming.Line, Responder = answers });

    private BareClient Connect()
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(_path));
        return new BareClient(socket);
    }

    private sealed class TestFolder : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("pst").FullName;

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
#endif
