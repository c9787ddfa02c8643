using PSSocketTools.Net;

namespace PSSocketTools.Ports;

/// <summary>A probe of such a target.</summary>
internal sealed class WatchProbe(ResolvableName host, WatchTarget target) : Probe(host, target.Port)
{
    public WatchTarget Target { get; } = target;
}
