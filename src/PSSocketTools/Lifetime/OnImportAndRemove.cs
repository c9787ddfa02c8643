using System.Management.Automation;
using PSSocketTools.Lifetime;

namespace PSSocketTools;

/// <summary>What happens when the module comes and goes: nothing, and the end of what its runspace started.</summary>
public sealed class OnImportAndRemove : IModuleAssemblyCleanup
{
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
