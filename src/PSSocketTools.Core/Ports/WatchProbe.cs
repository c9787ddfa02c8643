using PSSocketTools.Net;

namespace PSSocketTools.Ports;

/// <summary>A probe for a test of a <see cref="WatchTarget"/>, which gets its result.</summary>
internal sealed class WatchProbe(ResolvableName host, WatchTarget target) : Probe(host, target.Port)
{
    public WatchTarget Target { get; } = target;
}
