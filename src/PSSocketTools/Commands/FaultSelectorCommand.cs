using PSSocketTools.Lifetime;
using PSSocketTools.Resources;

namespace PSSocketTools.Commands;

/// <summary>What the cmdlets share that work on the faults of running servers: how the user says of which server.</summary>
/// <remarks>-Id is a fault's number here: a server's is taken by -Server.</remarks>
public abstract class FaultSelectorCommand : SelectorCommand
{
    /// <summary>The parameter set that takes the servers.</summary>
    protected const string ByServer = "Server";

    private protected override Sentences About => OfServers;

    /// <summary>The faults with these numbers on the servers of this process; those that are not there are errors.</summary>
    private protected IEnumerable<EchoServerFault> SelectFaults(int[] ids)
    {
        var faults = Running.Faults().Select(static one => one.Fault).ToDictionary(static fault => fault.Id);
        foreach (var id in ids)
        {
            if (faults.TryGetValue(id, out var fault))
            {
                yield return fault;
            }
            else
            {
                WriteError(new SocketToolsException(SocketToolsError.NotFound, Messages.Get("FaultNotFound", id), id));
            }
        }
    }
}
