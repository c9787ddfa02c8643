using System.Diagnostics;
using System.Net;

namespace PSSocketTools.Net;

/// <summary>A computer's name with the addresses it has, which whoever waits asks for again from time to time. For one thread.</summary>
internal sealed class HostName(string name, Func<string, Task<IPAddress[]>> resolve)
{
    private Task<IPAddress[]>? _resolution;
    private long _resolvedAt;

    public string Name { get; } = name;

    /// <summary>The addresses; a task that failed where the name has none.</summary>
    public Task<IPAddress[]> Resolve() => _resolution ?? Resolve(TimeSpan.Zero);

    /// <summary>The same, anew where the last answer is older; a question that is still open is not asked again.</summary>
    /// <param name="oldest">How old the answer may be.</param>
    public Task<IPAddress[]> Resolve(TimeSpan oldest)
    {
        var now = Stopwatch.GetTimestamp();
        if (_resolution is null || (_resolution.IsCompleted && now - _resolvedAt >= oldest.TotalSeconds * Stopwatch.Frequency))
        {
            _resolvedAt = now;
            _resolution = resolve(Name);
        }

        return _resolution;
    }
}
