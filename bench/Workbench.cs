using System.Reflection;

namespace PSSocketTools.Bench;

/// <summary>What the sections share: the options, the yardstick, where the module is, and the report.</summary>
internal sealed class Workbench : IDisposable
{
    /// <summary>Compiles the yardstick.</summary>
    public Workbench(Options options)
    {
        Options = options;
        Yardstick = Yardstick.Compile(out var missing);
        YardstickMissing = missing;
    }

    /// <summary>What was asked for.</summary>
    public Options Options { get; }

    /// <summary>The yardstick; null where there can be none.</summary>
    public Yardstick? Yardstick { get; }

    /// <summary>Why there is no yardstick; null where there is one.</summary>
    public string? YardstickMissing { get; }

    /// <summary>Where the figures go.</summary>
    public Report Report { get; } = new();

    /// <summary>The bench's folder in the repository.</summary>
    public static string Folder { get; } = Path.Combine(
        typeof(Workbench).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(static a => a.Key == "RepositoryRoot").Value!, "bench");

    /// <summary>The middle of some figures.</summary>
    public static double Median(IEnumerable<double> figures)
    {
        var sorted = figures.Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    /// <inheritdoc/>
    public void Dispose() => Yardstick?.Dispose();
}
