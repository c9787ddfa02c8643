using PSSocketTools.Platform;

namespace PSSocketTools.Net;

/// <summary>A process, with its name cleaned for output, since a process can set any name (prctl(2)).</summary>
internal readonly record struct SocketOwner
{
    public SocketOwner(int id, string? name)
    {
        Id = id;
        Name = OutsideText.Clean(name);
    }

    public int Id { get; }

    public string? Name { get; }
}
