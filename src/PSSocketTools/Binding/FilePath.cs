using System.Management.Automation;
using PSSocketTools.Resources;

namespace PSSocketTools;

/// <summary>Converts PowerShell's paths, relative to its location and on its drives, to paths of the file system.</summary>
internal static class FilePath
{
    private const string FileSystem = "FileSystem";

    /// <summary>The full path, whether or not it exists.</summary>
    /// <exception cref="SocketToolsException">InvalidOption: the path is on a drive that has no files, such as env: or HKCU:.</exception>
    public static string ToFull(string path, SessionState session)
    {
        var full = session.Path.GetUnresolvedProviderPathFromPSPath(path, out var provider, out _);
        return provider.Name == FileSystem
            ? full
            : throw new SocketToolsException(SocketToolsError.InvalidOption, Messages.Get("PathNotOfFiles", path, provider.Name), path);
    }
}
