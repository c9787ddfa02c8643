using System.Reflection;
using System.Runtime.Versioning;
using Xunit;

namespace PSSocketTools.Tests;

public sealed class BuildUnderTest
{
    [Fact]
    public void The_tests_run_against_the_intended_build()
    {
        var built = typeof(SocketToolsError).Assembly.GetCustomAttribute<TargetFrameworkAttribute>()!.FrameworkName;
        var expected = typeof(BuildUnderTest).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(metadata => metadata.Key == "CoreBuild").Value;

        Assert.Equal(expected, built);
    }
}
