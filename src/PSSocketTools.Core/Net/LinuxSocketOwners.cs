using System.Globalization;
using PSSocketTools.Platform;

namespace PSSocketTools.Net;

/// <summary>The processes that have sockets, by the sockets' inodes, as one walk over the descriptors in /proc finds them.</summary>
internal sealed class LinuxSocketOwners
{
    private readonly Dictionary<long, List<SocketOwner>> _owners = [];

    /// <summary>Whether the walk was completed.</summary>
    public bool IsWhole { get; private set; }

    /// <summary>Whether the system kept the descriptors of a process from this user.</summary>
    public bool IsIncomplete { get; private set; }

    /// <summary>Finds the owners of these sockets.</summary>
    /// <param name="inodes">The sockets' inodes.</param>
    /// <param name="root">The folder that has one for each process.</param>
    /// <exception cref="IOException">No descriptor is left; what was found before stays.</exception>
    public void Read(HashSet<long> inodes, string root)
    {
        foreach (var folder in Directory.EnumerateDirectories(root))
        {
            if (!int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var id))
            {
                continue;
            }

            try
            {
                AddSocketsOf(id, folder, inodes);
            }
            catch (UnauthorizedAccessException)
            {
                IsIncomplete = true;
            }
            catch (IOException exception) when (!SocketErrors.IsExhausted(exception))
            {
                // The process has just ended, and its sockets with it.
                continue;
            }
        }

        IsWhole = true;
    }

    /// <summary>The processes that have a socket; a forked child has its parent's too, and comes after it, with the higher id as a rule.</summary>
    public IReadOnlyList<SocketOwner> Of(long inode) => _owners.TryGetValue(inode, out var owners) ? owners : [];

    private void AddSocketsOf(int id, string folder, HashSet<long> inodes)
    {
        string? name = null;
        foreach (var descriptor in Directory.EnumerateFileSystemEntries(folder + "/fd"))
        {
            if (SocketInode(descriptor) is not { } inode || !inodes.Contains(inode))
            {
                continue;
            }

            if (!_owners.TryGetValue(inode, out var owners))
            {
                _owners[inode] = owners = new List<SocketOwner>(1);
            }

            // A process may have several descriptors of one socket (dup(2)).
            if (owners.Count == 0 || owners[^1].Id != id)
            {
                owners.Add(new SocketOwner(id, name ??= LinuxProcess.NameOf(folder)));
            }
        }
    }

    // The descriptor is a link to a text such as "socket:[12345]".
    private static long? SocketInode(string path)
    {
        const string Prefix = "socket:[";
        var target = LinuxProcess.LinkTarget(path, out var isDenied);
        if (isDenied)
        {
            // Who may list another's descriptors (CAP_DAC_OVERRIDE) may still not see what they are, ptrace(2).
            throw new UnauthorizedAccessException();
        }

        return target?.StartsWith(Prefix, StringComparison.Ordinal) == true
            ? long.Parse(target[Prefix.Length..^1], CultureInfo.InvariantCulture)
            : null;
    }
}
