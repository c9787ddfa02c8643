using System.Management.Automation;
using PSSocketTools.Completion;
using PSSocketTools.Lifetime;

namespace PSSocketTools.Commands;

/// <summary>What the cmdlets share that work on sessions: how the user says which.</summary>
public abstract class SessionSelectorCommand : SelectorCommand
{
    /// <summary>The parameter set that takes the sessions themselves.</summary>
    protected const string BySession = "Session";

    /// <summary>The sessions: by name, with wildcards, by id, or the objects themselves.</summary>
    [Parameter(ParameterSetName = BySession, Position = 0, ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(SessionNameOrIdCompleter))]
    public object[]? Session { get; set; }

    /// <summary>The sessions' numbers.</summary>
    [Parameter(ParameterSetName = ById, Mandatory = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(SessionIdCompleter))]
    public int[]? Id { get; set; }

    /// <summary>The sessions' names; wildcards are allowed.</summary>
    [Parameter(ParameterSetName = ByName, Mandatory = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(SessionNameCompleter))]
    public string[]? Name { get; set; }

    private protected override Sentences About => OfSessions;

    /// <summary>The sessions chosen; those that are not there are errors. All that are known when nothing is said.</summary>
    protected IEnumerable<EchoSession> SelectSessions()
    {
        if (Session is not null)
        {
            return Resolve(Session, Running.Sessions.All, static s => s.Id, static s => s.Name);
        }

        var known = Running.Sessions.All();
        return ParameterSetName switch
        {
            ById => Id!.SelectMany(id => Match(known, s => s.Id == id, ById, id)),
            ByName => Name!.SelectMany(name => MatchName(known, s => s.Name, name)),
            _ => known,
        };
    }
}
