using System.Management.Automation;
using PSSocketTools.Resources;

namespace PSSocketTools.Commands;

/// <summary>What the cmdlets share that work on what this process has running: how it is found by what the user knows of it.</summary>
public abstract class SelectorCommand : SocketCommand
{
    /// <summary>The parameter set that takes numbers.</summary>
    protected const string ById = "Id";

    /// <summary>The parameter set that takes names.</summary>
    protected const string ByName = "Name";

    /// <summary>The name of the sentence for what is not there.</summary>
    private protected abstract string NotFoundMessage { get; }

    /// <summary>Those that match; that there is none is an error.</summary>
    private protected T[] Match<T>(T[] all, Func<T, bool> isMatch, string what, object value)
    {
        var found = Array.FindAll(all, one => isMatch(one));
        if (found.Length == 0)
        {
            WriteError(new SocketToolsException(SocketToolsError.NotFound, Messages.Get(NotFoundMessage, what, value), value));
        }

        return found;
    }

    /// <summary>Those with a name; that there is none is an error, unless wildcards left it open.</summary>
    private protected T[] MatchName<T>(T[] all, Func<T, string> nameOf, string name)
    {
        var pattern = WildcardPattern.Get(name, WildcardOptions.IgnoreCase);
        try
        {
            _ = pattern.IsMatch(string.Empty);
        }
        catch (WildcardPatternException exception)
        {
            WriteError(new SocketToolsException(SocketToolsError.InvalidOption, Messages.Get("WildcardNotValid", name), name, exception));
            return [];
        }

        return WildcardPattern.ContainsWildcardCharacters(name)
            ? Array.FindAll(all, one => pattern.IsMatch(nameOf(one)))
            : Match(all, one => pattern.IsMatch(nameOf(one)), ByName, name);
    }
}
