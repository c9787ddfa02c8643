using System.Collections;
using System.Management.Automation;
using PSSocketTools.Resources;

namespace PSSocketTools.Commands;

/// <summary>Merge-EchoMeasurement: one measurement of several that were made at the same time, in jobs or on other machines.</summary>
[Cmdlet(VerbsData.Merge, "EchoMeasurement", HelpUri = OnlinePages.Folder + "Merge-EchoMeasurement.md")]
[OutputType(typeof(EchoMeasurement))]
public sealed class MergeEchoMeasurementCommand : SocketCommand
{
    private readonly List<EchoMeasurement> _parts = [];

    /// <summary>The measurements, as Measure-EchoServer gave them, also out of a job, a remoting session, JSON or CSV.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    public PSObject[]? InputObject { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var input in InputObject!)
        {
            try
            {
                _parts.Add(input.BaseObject as EchoMeasurement ?? EchoMeasurement.Read(name => input.BaseObject is IDictionary table ? table[name] : input.Properties[name]?.Value));
            }
            catch (SocketToolsException exception)
            {
                WriteError(new SocketToolsException(exception.Error, exception.Message, input, exception));
            }
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        // The total of a load that told its intervals has them in it.
        var totals = _parts.FindAll(static part => part.Interval is null);
        if (totals.Count > 0)
        {
            var merged = EchoMeasurement.Merge(totals);
            if (merged.Messages == 0 && merged.Error is { } error)
            {
                WriteWarning(Messages.Get("NothingMeasured", error));
            }

            WriteObject(merged);
        }
        else if (_parts.Count > 0)
        {
            WriteError(new SocketToolsException(SocketToolsError.InvalidOption, Messages.Get("MergeNeedsTotals"), _parts[0]));
        }
    }
}
