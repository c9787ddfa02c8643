namespace PSSocketTools.Pester;

/// <summary>Where the suite is: the repository that this assembly was built in.</summary>
internal static class PesterSuite
{
    /// <summary>The script that runs Pester; it stands beside this assembly.</summary>
    public static string Runner { get; } = Path.Combine(AppContext.BaseDirectory, "Invoke-PesterSuite.ps1");

    /// <summary>The repository's root, found upwards from a built test assembly.</summary>
    /// <exception cref="DirectoryNotFoundException">The assembly is not inside the repository.</exception>
    public static string Root(string source)
    {
        for (var folder = Path.GetDirectoryName(Path.GetFullPath(source)); folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "PSSocketTools.sln")))
            {
                return folder;
            }
        }

        throw new DirectoryNotFoundException($"No folder above {source} holds PSSocketTools.sln: the Pester suite runs only from inside the repository.");
    }

    /// <summary>The suite's files, in the order of their names.</summary>
    public static IReadOnlyList<string> Files(string root) =>
        [.. Directory.EnumerateFiles(Path.Combine(root, "tests", "Pester"), "*.Tests.ps1", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
}
