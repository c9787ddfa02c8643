using System.Collections;
using System.Globalization;
using System.Management.Automation;
using PSSocketTools.Binding;
using PSSocketTools.Completion;
using PSSocketTools.Lifetime;
using PSSocketTools.Resources;

namespace PSSocketTools.Commands;

/// <summary>What the cmdlets share that work on what this process has running: how it is found by what the user knows of it.</summary>
public abstract class SelectorCommand : SocketCommand
{
    /// <summary>The parameter set that takes numbers.</summary>
    protected const string ById = "Id";

    /// <summary>The parameter set that takes names.</summary>
    protected const string ByName = "Name";

    /// <summary>The names of the sentences about servers and about sessions.</summary>
    private protected static readonly Sentences
        OfServers = new("ServerNotValid", "ServerFromPipeline", "ServerNotFound"),
        OfSessions = new("SessionNotValid", "SessionFromPipeline", "SessionNotFound");

    /// <summary>How it is said that an argument selects nothing.</summary>
    private protected abstract Sentences About { get; }

    /// <summary>
    /// What arguments mean: the objects themselves; where they were written and did not come down the pipeline, also names, with
    /// wildcards, and ids. What is none of that is an error, and the next is taken.
    /// </summary>
    private protected IEnumerable<T> Resolve<T>(IEnumerable arguments, Func<T[]> all, Func<T, int> idOf, Func<T, string> nameOf)
        where T : class
    {
        foreach (var argument in arguments)
        {
            var value = Argument.BaseOf(argument);
            switch (value)
            {
                case T one:
                    yield return one;
                    continue;

                case IEnumerable several and not string:
                    foreach (var one in Resolve(several, all, idOf, nameOf))
                    {
                        yield return one;
                    }

                    continue;
            }

            foreach (var one in Deserialized.Refusal(argument) is { } sentence ? Refused<T>(sentence, argument)
                : value is not (string or int or long or short or byte) ? Refused<T>(Messages.Get(About.NotValid, value?.GetType().Name ?? "null"), value)
                : MyInvocation.ExpectingInput ? Refused<T>(Messages.Get(About.FromPipeline, value is string text ? ValueCompleter.QuotedName(text) : value, MyInvocation.MyCommand.Name), value)
                : value is string name ? MatchNameOrId(all(), idOf, nameOf, name)
                : Match(all(), one => idOf(one) == Convert.ToInt64(value, CultureInfo.InvariantCulture), ById, value))
            {
                yield return one;
            }
        }
    }

    /// <summary>The servers that arguments mean; see <see cref="Resolve"/>.</summary>
    private protected IEnumerable<EchoServer> ResolveServers(IEnumerable arguments) =>
        Resolve(arguments, Running.Servers.All, static server => server.Id, static server => server.Name);

    private T[] Refused<T>(string sentence, object? target)
    {
        WriteError(new SocketToolsException(SocketToolsError.InvalidOption, sentence, target));
        return [];
    }

    /// <summary>Those with a name; where nothing has it and it is a number, the one with that id.</summary>
    private T[] MatchNameOrId<T>(T[] all, Func<T, int> idOf, Func<T, string> nameOf, string name) =>
        int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var id) && !Array.Exists(all, one => nameOf(one) == name)
            ? Match(all, one => idOf(one) == id, ById, id)
            : MatchName(all, nameOf, name);

    /// <summary>Those that match; that there is none is an error.</summary>
    private protected T[] Match<T>(T[] all, Func<T, bool> isMatch, string what, object value)
    {
        var found = Array.FindAll(all, one => isMatch(one));
        if (found.Length == 0)
        {
            WriteError(new SocketToolsException(SocketToolsError.NotFound, NotFound(all, what, value), value));
        }

        return found;
    }

    /// <summary>Tells that nothing matches; of an id that is a server's port, how the server is found.</summary>
    private string NotFound<T>(T[] all, string what, object value)
    {
        if (what != ById || Array.Find(all, one => one is EchoServer server && server.Port == Convert.ToInt64(value, CultureInfo.InvariantCulture)) is not EchoServer found)
        {
            return Messages.Get(About.NotFound, what, value);
        }

        var name = MyInvocation.MyCommand.Name;
        var way = MyInvocation.MyCommand is CmdletInfo info && info.Parameters.ContainsKey("Port")
            ? $"{name} -Port {found.Port}"
            : $"{name} {ValueCompleter.QuotedName(WildcardPattern.Escape(found.Name))}";
        return Messages.Get("ServerNotFoundByPort", value, way);
    }

    /// <summary>Those with a name; that there is none is an error, unless wildcards left it open.</summary>
    private protected T[] MatchName<T>(T[] all, Func<T, string> nameOf, string name)
    {
        WildcardPattern pattern;
        try
        {
            pattern = Wildcards.Parse(name);
        }
        catch (SocketToolsException exception)
        {
            WriteError(exception);
            return [];
        }

        return WildcardPattern.ContainsWildcardCharacters(name)
            ? Array.FindAll(all, one => pattern.IsMatch(nameOf(one)))
            : Match(all, one => pattern.IsMatch(nameOf(one)), ByName, name);
    }

    /// <summary>Names of sentences.</summary>
    /// <param name="NotValid">An argument is neither a name, an id nor the object.</param>
    /// <param name="FromPipeline">A name or id came down the pipeline.</param>
    /// <param name="NotFound">Nothing has the name or the id.</param>
    private protected sealed record Sentences(string NotValid, string FromPipeline, string NotFound);
}
