using System.Net;
using PSSocketTools.Platform;

namespace PSSocketTools.Net;

/// <summary>A computer's name and its addresses, which can be resolved again. For one thread.</summary>
internal sealed class ResolvableName(string name, Func<string, Task<IPAddress[]>> resolve)
{
    private Task<IPAddress[]>? _resolution;
    private long _resolvedAt;

    public string Name { get; } = name;

    /// <summary>The addresses; the task fails when the name has none.</summary>
    public Task<IPAddress[]> Resolve() => _resolution ?? Resolve(TimeSpan.Zero);

    /// <summary>The addresses, resolved again when the last result is older than this; a pending resolution is reused.</summary>
    /// <param name="maxAge">How old the last result may be.</param>
    public Task<IPAddress[]> Resolve(TimeSpan maxAge)
    {
        var now = Clock.System.Timestamp;
        if (_resolution is null || (_resolution.IsCompleted && Clock.Between(_resolvedAt, now) >= maxAge))
        {
            _resolvedAt = now;
            _resolution = resolve(Name);
        }

        return _resolution;
    }
}
