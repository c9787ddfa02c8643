using System.Globalization;

namespace PSSocketTools.Tests;

/// <summary>
/// An echo server in a process that has done nothing else (see <see cref="ChildProgram"/>), so that .NET has loaded and
/// opened only what a server needs. A line of input makes it print its counters, the end of input stops it.
/// </summary>
internal static class ColdServer
{
    public static async Task<int> RunAsync()
    {
        var server = EchoServer.Start(new EchoServerOptions { Address = "127.0.0.1" });
        Console.WriteLine($"{server.Transport} {server.Port.ToString(CultureInfo.InvariantCulture)}");
        while (Console.ReadLine() is not null)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{server.State} {server.ActiveConnections} {server.Errors} {server.Error}"));
        }

        await server.StopAsync(TimeSpan.Zero);
        return server is { State: "Stopped", ActiveConnections: 0 } ? 0 : 1;
    }
}
