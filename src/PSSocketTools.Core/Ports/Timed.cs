using PSSocketTools.Platform;

namespace PSSocketTools.Ports;

/// <summary>An item and when it is due.</summary>
internal readonly record struct Timed<T>(T Item, Deadline Due);
