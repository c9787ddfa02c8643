using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;

namespace PSSocketTools.Bench;

/// <summary>The C programs of <c>yardstick/</c>: bare echo servers, and the loads that check every byte of what comes back.</summary>
internal sealed class Yardstick : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly string _folder = Directory.CreateTempSubdirectory("yardstick").FullName;

    private Yardstick()
    {
    }

    private static string SourceFolder { get; } = Path.Combine(Workbench.Folder, "yardstick");

    /// <summary>Compiles the programs into a folder of their own.</summary>
    /// <param name="missing">Why there is no yardstick here; null where there is one.</param>
    /// <returns>Null where the system has no epoll, or no C compiler.</returns>
    /// <exception cref="InvalidOperationException">The compiler does not take them.</exception>
    public static Yardstick? Compile(out string? missing)
    {
        missing = OperatingSystem.IsLinux() ? null : "its C programs need Linux";
        if (missing is not null)
        {
            return null;
        }

        var yardstick = new Yardstick();
        try
        {
            foreach (var source in Directory.GetFiles(SourceFolder, "*.c"))
            {
                if (!yardstick.TryCompile(source, Path.GetFileNameWithoutExtension(source)))
                {
                    throw new InvalidOperationException($"cc does not compile {source}. Is the C library's development package installed?");
                }
            }

            return yardstick;
        }
        catch (Win32Exception)
        {
            yardstick.Dispose();
            missing = "its C programs need a C compiler, and there is no cc on PATH (Debian and Ubuntu have it in the package gcc with libc6-dev)";
            return null;
        }
        catch
        {
            yardstick.Dispose();
            throw;
        }
    }

    /// <summary>Compiles the load for TLS servers too.</summary>
    /// <returns>Why there is none; null where there is one.</returns>
    public string? CompileTls() => TryCompile(Path.Combine(SourceFolder, "tcpload.c"), "tlsload", "-DWITH_TLS", "-lssl", "-lcrypto")
        ? null
        : "its load does not compile; it needs OpenSSL's development files (Debian and Ubuntu have them in the package libssl-dev)";

    /// <summary>Starts its server.</summary>
    /// <param name="load">What will be asked of it; decides between TCP and UDP.</param>
    public ServerProcess StartServer(Load load) => ServerProcess.StartTelling(Program(load.IsDatagrams ? "udpecho" : "tcpecho"), "0");

    /// <summary>Starts its TCP server, which does nothing for a while once a second.</summary>
    /// <param name="milliseconds">For how long.</param>
    public ServerProcess StartStalling(int milliseconds) => ServerProcess.StartTelling(Program("tcpecho"), "0", Number(milliseconds));

    /// <summary>Puts a load on a server of this machine, and gives what the generator printed.</summary>
    /// <exception cref="InvalidOperationException">It could not run, or not every byte came back as it should.</exception>
    public JsonObject Load(int port, int processId, Load load, double seconds)
    {
        var duration = seconds.ToString(CultureInfo.InvariantCulture);
        var start = load.IsRoom || load.IsDatagrams
            ? new ProcessStartInfo(
                Program(load.IsRoom ? "roomload" : "udpload"),
                ["127.0.0.1", Number(port), Number(load.Connections), Number(load.Size), Number(load.Depth), duration, Number(processId)])
            : new ProcessStartInfo(
                Program(load.IsTls ? "tlsload" : "tcpload"),
                ["127.0.0.1", Number(port), Number(load.Connections), Number(load.Size), Number(load.Depth), duration, load.IsLines ? "newline" : load.IsApart ? "apart" : "raw", Number(processId)]);
        return Run(start, load.ToString());
    }

    /// <summary>Sends so many messages a second over all connections, each at its moment, and gives what the generator printed.</summary>
    /// <exception cref="InvalidOperationException">It could not run, or not every byte came back as it should.</exception>
    public JsonObject LoadAtRate(int port, int connections, int size, int rate, int seconds) => Run(
        new ProcessStartInfo(Program("openload"), ["127.0.0.1", Number(port), Number(connections), Number(size), Number(rate), Number(seconds)]),
        $"{rate} messages a second");

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static JsonObject Run(ProcessStartInfo start, string load)
    {
        start.RedirectStandardOutput = true;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? JsonNode.Parse(output)!.AsObject()
            : throw new InvalidOperationException($"The load '{load}' went wrong: {start.FileName} {string.Join(' ', start.ArgumentList)}: {output}");
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    private string Program(string name) => Path.Combine(_folder, name);

    private bool TryCompile(string source, string program, params string[] options)
    {
        using var compiler = Process.Start("cc", ["-O2", "-o", Program(program), source, .. options]);
        compiler.WaitForExit();
        return compiler.ExitCode == 0;
    }

    /// <summary>A server program of another make, listening.</summary>
    internal sealed class ServerProcess : IDisposable
    {
        private readonly Process _process;

        private ServerProcess(Process process) => _process = process;

        /// <summary>The port it listens on.</summary>
        public int Port { get; private set; }

        /// <summary>Its process id.</summary>
        public int Id => _process.Id;

        /// <summary>Starts one that chooses a free port by itself, and prints it once it listens.</summary>
        /// <exception cref="InvalidOperationException">It ends before it listens.</exception>
        public static ServerProcess StartTelling(string file, params string[] arguments)
        {
            var server = Start(file, arguments);
            if (int.TryParse(server._process.StandardOutput.ReadLine(), NumberStyles.None, CultureInfo.InvariantCulture, out var port))
            {
                server.Port = port;
                return server;
            }

            server.Dispose();
            throw new InvalidOperationException($"{file} does not listen.");
        }

        /// <summary>Starts one on a free port, and waits until it listens.</summary>
        /// <exception cref="InvalidOperationException">It does not.</exception>
        public static ServerProcess Start(Func<int, (string File, string[] Arguments)> command)
        {
            var port = FreePort();
            var (file, arguments) = command(port);
            var server = Start(file, arguments);
            server.Port = port;
            var clock = Stopwatch.StartNew();
            while (!server._process.HasExited && clock.Elapsed < Patience)
            {
                try
                {
                    using var client = new TcpClient();
                    client.Connect(IPAddress.Loopback, port);
                    return server;
                }
                catch (SocketException)
                {
                    // These programs do not say when they listen.
                    Thread.Sleep(20);
                }
            }

            server.Dispose();
            throw new InvalidOperationException($"{file} does not listen on port {port}.");
        }

        /// <inheritdoc/>
        public void Dispose()
        {
            _process.Kill();
            _process.WaitForExit();
            _process.Dispose();
        }

        private static ServerProcess Start(string file, string[] arguments) =>
            new(Process.Start(new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true })!);

        private static int FreePort()
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            return ((IPEndPoint)socket.LocalEndPoint!).Port;
        }
    }
}
