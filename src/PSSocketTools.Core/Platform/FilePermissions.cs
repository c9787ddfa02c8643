namespace PSSocketTools.Platform;

/// <summary>Who may use a file, on systems that say so by mode bits.</summary>
internal static class FilePermissions
{
    /// <summary>Leaves reading and writing to the file's owner alone (mode 0600).</summary>
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
