using System.Management.Automation;
using PSSocketTools.Completion;
using PSSocketTools.Resources;

namespace PSSocketTools.Commands;

/// <summary>What the cmdlets share that work on sessions: how the user says which.</summary>
public abstract class SessionSelectorCommand : SocketCommand
{
    /// <summary>The parameter set that takes the sessions themselves.</summary>
    protected const string BySession = "Session";

    /// <summary>The parameter set that takes numbers.</summary>
    protected const string ById = "Id";

    /// <summary>The parameter set that takes names.</summary>
    protected const string ByName = "Name";

    /// <summary>The sessions.</summary>
    [Parameter(ParameterSetName = BySession, Position = 0, ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    public EchoSession[]? Session { get; set; }

    /// <summary>The sessions' numbers.</summary>
    [Parameter(ParameterSetName = ById, Mandatory = true)]
    [ArgumentCompleter(typeof(SessionIdCompleter))]
    [ValidateNotNullOrEmpty]
    public int[]? Id { get; set; }

    /// <summary>The sessions' names; wildcards are allowed.</summary>
    [Parameter(ParameterSetName = ByName, Mandatory = true)]
    [ArgumentCompleter(typeof(SessionNameCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[]? Name { get; set; }

    /// <summary>The sessions chosen; those that are not there are errors. All that are known when nothing is said.</summary>
    protected IEnumerable<EchoSession> SelectSessions()
    {
        if (Session is not null)
        {
            return Session;
        }

        var known = Running.Sessions.All();
        return ParameterSetName switch
        {
            ById => Id!.SelectMany(id => Match(known, s => s.Id == id, "Id", id)),
            ByName => Name!.SelectMany(name => MatchName(known, name)),
            _ => known,
        };
    }

    private IEnumerable<EchoSession> MatchName(EchoSession[] known, string name)
    {
        var pattern = WildcardPattern.Get(name, WildcardOptions.IgnoreCase);
        return WildcardPattern.ContainsWildcardCharacters(name)
            ? known.Where(s => pattern.IsMatch(s.Name))
            : Match(known, s => pattern.IsMatch(s.Name), "Name", name);
    }

    private EchoSession[] Match(EchoSession[] known, Func<EchoSession, bool> isMatch, string what, object value)
    {
        var found = known.Where(isMatch).ToArray();
        if (found.Length == 0)
        {
            WriteError(new SocketToolsException(SocketToolsError.NotFound, Messages.Get("SessionNotFound", what, value), value));
        }

        return found;
    }
}
