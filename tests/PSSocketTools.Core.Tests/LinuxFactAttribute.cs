using Xunit;

namespace PSSocketTools.Tests;

/// <summary>A test of what Linux alone has; elsewhere it is skipped, and says so.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class LinuxFactAttribute : FactAttribute
{
    public LinuxFactAttribute()
    {
        if (!OperatingSystem.IsLinux())
        {
            Skip = "This is not Linux.";
        }
    }
}
