using System.Management.Automation;
using PSSocketTools.Lifetime;
using PSSocketTools.Resources;

namespace PSSocketTools;

/// <summary>On import, gives the engine the names that users know its options by; on removal, stops what the runspace started.</summary>
public sealed class OnImportAndRemove : IModuleAssemblyInitializer, IModuleAssemblyCleanup
{
    /// <inheritdoc/>
    public void OnImport() => EngineWords.Tell();

    /// <inheritdoc/>
    public void OnRemove(PSModuleInfo psModuleInfo)
    {
        var owner = Running.CurrentRunspace;
        foreach (var session in Running.Sessions.TakeOwnedBy(owner))
        {
            session.Close();
        }

        var stopping = Running.Servers.TakeOwnedBy(owner).Select(static server => server.StopAsync(TimeSpan.Zero)).ToArray();
        Task.WaitAll(stopping);
    }
}
