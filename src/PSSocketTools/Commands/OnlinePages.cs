namespace PSSocketTools.Commands;

/// <summary>Where the cmdlets' pages are on the web, for Get-Help -Online.</summary>
internal static class OnlinePages
{
    /// <summary>The folder of the English pages. The help of another language links to its own folder beside it.</summary>
    public const string Folder = Repository + "/blob/main/docs/en-US/";

    /// <summary>The manifest's ProjectUri: a constant, since an attribute takes nothing else.</summary>
    private const string Repository = "https://github.com/PSSocketTools/PSSocketTools";
}
