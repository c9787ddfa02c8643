using System.Management.Automation;
using PSSocketTools.Binding;
using PSSocketTools.Completion;
using PSSocketTools.Resources;

namespace PSSocketTools.Commands;

/// <summary>Tells who holds ports of this machine: the processes behind what listens, or behind connections.</summary>
[Cmdlet(VerbsCommon.Get, "PortHolder", HelpUri = OnlinePages.Folder + "Get-PortHolder.md")]
[OutputType(typeof(PortHolder))]
public sealed class GetPortHolderCommand : SocketCommand
{
    // The name of the view that shows connections with their peers, in the module's format file.
    private const string Connections = "PSSocketTools.PortHolder#Connections";

    private readonly PortHolderSearch _search = new();
    private WildcardPattern[]? _names;

    /// <summary>The ports: numbers, ranges ('8000-8100', 8000..8100), service names ('https').</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [PortRangesTransformation(SuggestsProcess = true)]
    [ArgumentCompleter(typeof(HeldPortCompleter))]
    public PortRange[]? Port { get; set; }

    /// <summary>Tcp, or Udp; both without it.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateSet(nameof(SocketProtocol.Tcp), nameof(SocketProtocol.Udp))]
    public SocketProtocol[]? Protocol { get; set; }

    /// <summary>What a server would listen on: the sockets that are in its way, on this address or on all.</summary>
    [Parameter]
    [TrimTransformation]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(LocalAddressCompleter))]
    public string? Address { get; set; }

    /// <summary>The names of processes; wildcards are allowed.</summary>
    [Parameter]
    [TrimTransformation]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(PortHolderNameCompleter))]
    public string[]? ProcessName { get; set; }

    /// <summary>The numbers of processes.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("Id")]
    [ArgumentCompleter(typeof(PortHolderIdCompleter))]
    public int[]? ProcessId { get; set; }

    /// <summary>The states of sockets; All, or an asterisk, for every one. Without it, what listens.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [PortHolderStateTransformation]
    public PortHolderState[]? State { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        try
        {
            _names = ProcessName is null ? null : Array.ConvertAll(ProcessName, Wildcards.Parse);
        }
        catch (SocketToolsException exception)
        {
            ThrowTerminating(exception);
        }
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var query = new PortHolderQuery
        {
            Ports = Port,
            Protocols = Protocol,
            Address = Address,
            States = State,
            ProcessIds = ProcessId,
            IsProcessWanted = _names is null ? null : name => Array.Exists(_names, pattern => pattern.IsMatch(name)),
        };
        try
        {
            var missing = Named();
            foreach (var holder in _search.Find(query, StopToken))
            {
                _ = missing.RemoveAll(one => one.IsMatch(holder));
                WriteObject(State is null ? holder : WithPeer(holder));
            }

            foreach (var failure in _search.TakeFailures())
            {
                WriteError(failure);
            }

            // Of what was not read, nobody knows that it is not there.
            foreach (var (value, sentence, _) in _search.IsWhole ? missing : [])
            {
                WriteError(new SocketToolsException(SocketToolsError.NotFound, sentence(), value));
            }
        }
        catch (SocketToolsException exception)
        {
            ThrowTerminating(exception);
        }
        catch (OperationCanceledException)
        {
            throw new PipelineStoppedException();
        }
    }

    /// <summary>What is named, so that it is an error that nothing is found for it: neither a range of ports nor wildcards.</summary>
    private List<(object Value, Func<string> Sentence, Predicate<PortHolder> IsMatch)> Named()
    {
        if (Port is not null)
        {
            return [.. Port.Where(static range => range.Count == 1).Select(range => (
                (object)range.First,
                (Func<string>)(() => Messages.Get(_search.IsHeld(range.First) ? "PortHolderOther" : "PortHolderNotFound", range.First)),
                (Predicate<PortHolder>)(holder => holder.Port == range.First)))];
        }

        if (ProcessId is not null)
        {
            return [.. ProcessId.Select(static id => (
                (object)id,
                (Func<string>)(() => Messages.Get("ProcessHoldsNoPort", id)),
                (Predicate<PortHolder>)(holder => holder.ProcessId == id)))];
        }

        return [.. (ProcessName ?? []).Where(static name => !WildcardPattern.ContainsWildcardCharacters(name)).Select(static name => (
            (object)name,
            (Func<string>)(() => Messages.Get("ProcessHoldsNoPort", name)),
            (Predicate<PortHolder>)(holder => string.Equals(holder.ProcessName, WildcardPattern.Unescape(name), StringComparison.OrdinalIgnoreCase))))];
    }

    private static PSObject WithPeer(PortHolder holder)
    {
        var output = new PSObject(holder);
        output.TypeNames.Insert(0, Connections);
        return output;
    }
}
