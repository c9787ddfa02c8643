namespace PSSocketTools.Pester;

/// <summary>Gives each result of an edition a name of its own; a test that bears another's gets a number.</summary>
internal sealed class ResultNames(PowerShellHost host)
{
    private readonly Dictionary<string, int> _seen = new(StringComparer.Ordinal);

    public string Unique(string name)
    {
        var number = _seen[name] = _seen.GetValueOrDefault(name) + 1;
        return (number == 1 ? name : $"{name} #{number}") + host.Suffix;
    }
}
