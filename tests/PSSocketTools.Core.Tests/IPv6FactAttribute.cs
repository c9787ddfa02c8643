using PSSocketTools.Net;
using Xunit;

namespace PSSocketTools.Tests;

/// <summary>A test that needs IPv6; where the machine has none it is skipped, and says so.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class IPv6FactAttribute : FactAttribute
{
    public IPv6FactAttribute()
    {
        if (!IPv6Stack.IsEnabled())
        {
            Skip = "This machine has no IPv6.";
        }
    }
}
