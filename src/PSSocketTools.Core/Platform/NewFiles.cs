#if NET
using System.Security.AccessControl;
using System.Security.Principal;

namespace PSSocketTools.Platform;

/// <summary>
/// Files that appear together and whole: each is written under a name of its own in its folder, and renamed when all of them are on
/// the disk. Disposal removes what was not renamed.
/// </summary>
internal sealed class NewFiles : IDisposable
{
    private readonly List<(string Temporary, string Path)> _written = [];
    private readonly Action<Stream, byte[]> _write;

    /// <param name="write">Writes a file's content, for tests of a disk that fails.</param>
    public NewFiles(Action<Stream, byte[]>? write = null) => _write = write ?? (static (file, content) => file.Write(content));

    /// <summary>Whether something is at a path, a symbolic link that leads nowhere included.</summary>
    public static bool Exists(string path) => File.Exists(path) || Directory.Exists(path) || new FileInfo(path).LinkTarget is not null;

    /// <summary>Whether something is at a path that no file may replace: a folder, a device, a pipe or a socket.</summary>
    public static bool IsOther(string path) => Directory.Exists(path) || FileIdentity.Of(path) is { IsFile: false, IsLink: false };

    /// <summary>Writes a file's content beside its path.</summary>
    /// <param name="path">The file's full path.</param>
    /// <param name="content">What it holds.</param>
    /// <param name="isPrivate">Whether it may be read by its owner alone.</param>
    /// <exception cref="IOException">The folder is missing, or the disk is full.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not write there.</exception>
    public void Add(string path, byte[] content, bool isPrivate)
    {
        var temporary = Path.Combine(Path.GetDirectoryName(path) ?? path, "." + Path.GetRandomFileName());
        _written.Add((temporary, path));
        using var file = Create(temporary, isPrivate);
        _write(file, content);
        file.Flush(flushToDisk: true);
    }

    /// <summary>Gives the files their names. An error removes those that have theirs already, where they replaced nothing.</summary>
    /// <param name="overwrite">Whether files that are there are replaced; a symbolic link is, too, and what it leads to stays.</param>
    /// <param name="path">The path of the file that is being renamed.</param>
    public void Publish(bool overwrite, ref string path)
    {
        var published = new List<string>();
        try
        {
            foreach (var (temporary, target) in _written.ToArray())
            {
                path = target;
                File.Move(temporary, target, overwrite);
                published.Add(target);
                _written.Remove((temporary, target));
            }
        }
        catch when (!overwrite)
        {
            published.ForEach(static one => BestEffort.Run(() => File.Delete(one)));
            throw;
        }
    }

    /// <summary>The system's text for a failure, with the file's own path where it names the temporary one.</summary>
    public string Explain(Exception exception) =>
        _written.Aggregate(exception.Message, static (text, one) => text.Replace(one.Temporary, one.Path, StringComparison.Ordinal));

    /// <summary>Removes what was not renamed.</summary>
    public void Dispose() => _written.ForEach(static one => BestEffort.Run(() => File.Delete(one.Temporary)));

    private static FileStream Create(string path, bool isPrivate)
    {
        // The file has no buffer, so that a write that fails does so once, and not again as the file is closed.
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.Delete, BufferSize = 0 };
        if (!isPrivate)
        {
            return new FileStream(path, options);
        }

        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            return new FileStream(path, options);
        }

        using var user = WindowsIdentity.GetCurrent();
        var security = new FileSecurity();
        security.SetAccessRuleProtection(isProtected: true, preserveInheritance: false);
        security.AddAccessRule(new FileSystemAccessRule(user.User!, FileSystemRights.FullControl, AccessControlType.Allow));
        return new FileInfo(path).Create(FileMode.CreateNew, FileSystemRights.Write, FileShare.Delete, 1, FileOptions.None, security);
    }
}
#endif
