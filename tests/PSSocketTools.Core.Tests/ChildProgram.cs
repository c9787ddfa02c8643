using PSSocketTools.Tests.Ports.Network;

namespace PSSocketTools.Tests;

/// <summary>These tests started as a program: what a test can do in a process of its own alone.</summary>
internal static class ChildProgram
{
    public static Task<int> Main(string[] args) => args switch
    {
        [] => ColdServer.RunAsync(),
        [NetworkLab.Scenario, var type, var method] => NetworkLab.RunScenarioAsync(type, method),
        [NetworkPeers.Listening, var address, var port] => NetworkPeers.ListenAsync(address, port),
        [NetworkPeers.Refusing] => NetworkPeers.RefuseAsync(),
        [NetworkPeers.Naming, var address] => NetworkPeers.NameAsync(address),
        _ => Task.FromResult(2),
    };
}
