namespace PSSocketTools.Platform;

/// <summary>Permissions of files on systems with mode bits.</summary>
internal static class FilePermissions
{
    /// <summary>Allows only the file's owner to read and write (mode 0600).</summary>
    public static void CloseToOthers(string path)
    {
#if NET
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
#else
        _ = path;
#endif
    }
}
