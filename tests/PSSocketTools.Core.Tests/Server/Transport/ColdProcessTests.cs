using System.Diagnostics;
using System.Globalization;
using System.Net;
using Xunit;

namespace PSSocketTools.Tests.Server.Transport;

/// <summary>More clients than a process has descriptors, before it has done anything else: what .NET loads late needs one.</summary>
[Trait("System", "Linux")]
public sealed class ColdProcessTests
{
    private const int Descriptors = 200;
    private const int Clients = 400;

#if NETSTANDARD_BUILD
    public static TheoryData<string> Transports => ["Async"];
#else
    public static TheoryData<string> Transports => ["Async", "Epoll"];
#endif

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_fresh_process_survives_more_clients_than_it_has_descriptors_for_and_serves_those_that_waited(string transport)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        using var process = Start(transport);
        var clients = new List<BareClient>();
        try
        {
            var said = await ReadAsync(process);
            Assert.Equal(transport, said[0]);
            var port = int.Parse(said[1], CultureInfo.InvariantCulture);
            for (var i = 0; i < Clients; i++)
            {
                clients.Add(await BareClient.ConnectAsync(IPAddress.Loopback, port));
            }

            // The accepted ones are served while the others wait.
            await clients[0].ExchangeAsync("first");
            do
            {
                await process.StandardInput.WriteLineAsync();
                said = await ReadAsync(process);
                Assert.Equal("Listening", said[0]);
            }
            while (said[2] == "0");

            Assert.InRange(int.Parse(said[1], CultureInfo.InvariantCulture), 50, Descriptors - 1);
            Assert.Contains(Descriptors.ToString(CultureInfo.InvariantCulture), said[3], StringComparison.Ordinal);
            await clients[1].ExchangeAsync("second");

            clients.GetRange(0, Clients - 50).ForEach(static client => client.Dispose());
            await clients[^1].ExchangeAsync("last");
            process.StandardInput.Close();
            await process.WaitForExitAsync().WaitAsync(Patience.Long);
            Assert.Equal(0, process.ExitCode);
        }
        finally
        {
            clients.ForEach(static client => client.Dispose());
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }

    private static async Task<string[]> ReadAsync(Process process)
    {
        var line = await process.StandardOutput.ReadLineAsync().WaitAsync(Patience.Long);
        Assert.NotNull(line);
        return line.Split(' ', 4);
    }

    /// <summary>A <see cref="ColdServer"/> with a limit of its own.</summary>
    private static Process Start(string transport) => TestProcess.Start(
        "env",
        [$"PSSOCKETTOOLS_TRANSPORT={transport}", "/bin/sh", "-c", $"ulimit -n {Descriptors}; exec \"$0\" \"$@\"", .. TestProcess.CommandLine]);
}
