namespace PSSocketTools.Tests;

/// <summary>
/// A loopback address that only one test uses: all of 127.0.0.0/8 is this machine (RFC 1122, section 3.2.1.3), but for macOS.
/// No client of another test, such as a port scan, connects to a server there.
/// </summary>
internal static class OwnAddress
{
    public static string Pick() => OperatingSystem.IsMacOS()
        ? "127.0.0.1"
        : $"127.{Random.Shared.Next(64, 255)}.{Random.Shared.Next(256)}.{Random.Shared.Next(1, 255)}";
}
