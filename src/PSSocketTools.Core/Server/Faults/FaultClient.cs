using System.Net;
using PSSocketTools.Server.Journal;

namespace PSSocketTools.Server.Faults;

/// <summary>A client as faults see it: where it is, and what each has seen of it that counts connections by themselves.</summary>
internal sealed class FaultClient(ClientRecord client, ServerRecord record)
{
    private readonly Dictionary<EchoServerFault, FaultCount> _counts = [];
    private readonly IPAddress? _address = client.RemoteAddress.Length > 0 ? IPAddress.Parse(client.RemoteAddress) : null;

    /// <summary>Counts a message of the client, or its connection, and has the fault strike it, with an event in the journal, if it is due.</summary>
    /// <param name="fault">The fault.</param>
    /// <param name="hasEffect">Whether it would change anything; otherwise it is only counted.</param>
    /// <param name="number">The number of the message, as the fault counts them.</param>
    public bool TryStrike(EchoServerFault fault, bool hasEffect, out long number)
    {
        number = 0;
        if (!fault.Concerns(_address) || !fault.TryStrike(fault.Options.IsPerConnection ? CountOf(fault) : null, hasEffect, out number))
        {
            return false;
        }

        record.FaultStruck(client, fault.ToString());
        return true;
    }

    // The receiver of datagrams and the response to an earlier one run at the same time.
    private FaultCount CountOf(EchoServerFault fault)
    {
        lock (_counts)
        {
            if (!_counts.TryGetValue(fault, out var count))
            {
                foreach (var removed in _counts.Keys.Where(static one => one.IsRemoved).ToArray())
                {
                    _counts.Remove(removed);
                }

                _counts.Add(fault, count = new FaultCount());
            }

            return count;
        }
    }
}
