using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;

namespace PSSocketTools.Bench;

/// <summary>A bare echo server in C and the load generator that goes with it.</summary>
internal sealed class Yardstick : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly string _folder;
    private readonly bool _isOurs;

    private Yardstick(string folder, bool isOurs)
    {
        _folder = folder;
        _isOurs = isOurs;
    }

    /// <summary>Takes the programs of a folder, or compiles its sources into a folder of its own.</summary>
    /// <exception cref="InvalidOperationException">There is neither, or the compiler failed.</exception>
    public static Yardstick Open(string folder)
    {
        string[] programs = ["epollecho", "echoload"];
        if (programs.All(program => File.Exists(Path.Combine(folder, program))))
        {
            return new Yardstick(folder, isOurs: false);
        }

        var yardstick = new Yardstick(Directory.CreateTempSubdirectory("yardstick").FullName, isOurs: true);
        foreach (var program in programs)
        {
            using var compiler = Process.Start("cc", ["-O2", "-o", Path.Combine(yardstick._folder, program), Path.Combine(folder, program + ".c")]);
            compiler.WaitForExit();
            if (compiler.ExitCode != 0)
            {
                yardstick.Dispose();
                throw new InvalidOperationException($"'{program}' is not in {folder}, neither compiled nor as a source that cc takes.");
            }
        }

        return yardstick;
    }

    /// <summary>Starts its server.</summary>
    public ServerProcess StartServer() => ServerProcess.Start(port => (Path.Combine(_folder, "epollecho"), [Number(port)]));

    /// <summary>Puts a load on a server of this machine, and gives what the generator printed.</summary>
    /// <exception cref="InvalidOperationException">It could not run, or not every byte came back as it should.</exception>
    public JsonObject Load(int port, int processId, Load load, double seconds)
    {
        var start = new ProcessStartInfo(Path.Combine(_folder, "echoload"))
        {
            RedirectStandardOutput = true,
            ArgumentList =
            {
                "127.0.0.1", Number(port), Number(load.Connections), Number(load.Size), Number(load.Depth),
                seconds.ToString(CultureInfo.InvariantCulture), load.IsLines ? "newline" : "raw", Number(processId),
            },
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        var result = JsonNode.Parse(output)!.AsObject();
        return result["error"] is null && result["errors"]!.GetValue<long>() == 0 && result["mismatches"]!.GetValue<long>() == 0
            ? result
            : throw new InvalidOperationException($"The load on port {port} went wrong: {output}");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_isOurs)
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>A server program of another make, listening.</summary>
    internal sealed class ServerProcess : IDisposable
    {
        private readonly Process _process;

        private ServerProcess(Process process, int port)
        {
            _process = process;
            Port = port;
        }

        /// <summary>The port it listens on.</summary>
        public int Port { get; }

        /// <summary>Its process id.</summary>
        public int Id => _process.Id;

        /// <summary>Starts one on a free port, and waits until it listens.</summary>
        /// <exception cref="InvalidOperationException">It does not.</exception>
        public static ServerProcess Start(Func<int, (string File, string[] Arguments)> command)
        {
            var port = FreePort();
            var (file, arguments) = command(port);
            var server = new ServerProcess(Process.Start(new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true })!, port);
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
                    // No other program tells when it listens.
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

        private static int FreePort()
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            return ((IPEndPoint)socket.LocalEndPoint!).Port;
        }
    }
}
