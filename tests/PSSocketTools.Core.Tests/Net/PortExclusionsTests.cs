using System.Net;
using System.Net.Sockets;
using PSSocketTools.Net;
using Xunit;

namespace PSSocketTools.Tests.Net;

public sealed class PortExclusionsTests
{
    private const string English = """

        Protocol tcp Port Exclusion Ranges

        Start Port    End Port
        ----------    --------
              1061        1160
             50000       50059     *
             65535       65535

        * - Administered port exclusions.

        """;

    private const string Portuguese = """
        Intervalos de Exclusão de Porta do Protocolo tcp

        Porta Inicial    Porta Final
        ----------    --------
              5357        5357

        * - Exclusões de portas administradas.
        """;

    [Theory]
    [InlineData(English, "1061-1160,50000-50059,65535")]
    [InlineData(Portuguese, "5357")]
    [InlineData("", "")]
    [InlineData("The system cannot find the file specified.", "")]
    [InlineData("9 1\n0 5\n70000 70001\n1 2 3\n-1 5\n1 2 3 4", "")]
    public void The_output_of_netsh_is_read_in_any_language(string output, string expected)
    {
        Assert.Equal(expected, string.Join(',', PortExclusions.Parse(output)));
        Assert.Equal(expected, string.Join(',', PortExclusions.Parse(output.ReplaceLineEndings("\r\n"))));
    }

    [Fact]
    public void An_excluded_port_is_reported_with_its_range_and_the_command_that_shows_it()
    {
        var sentence = SocketErrors.ExcludedText(
            new IPEndPoint(IPAddress.Loopback, 50051), new PortRange(50000, 50059), PortExclusions.Command(AddressFamily.InterNetwork, SocketProtocol.Tcp));

        Assert.Contains("127.0.0.1:50051", sentence, StringComparison.Ordinal);
        Assert.Contains("50000-50059", sentence, StringComparison.Ordinal);
        Assert.Contains("netsh int ipv4 show excludedportrange protocol=tcp", sentence, StringComparison.Ordinal);
        Assert.Equal("netsh int ipv6 show excludedportrange protocol=udp", PortExclusions.Command(AddressFamily.InterNetworkV6, SocketProtocol.Udp));
    }

    [Fact]
    public void Other_systems_exclude_no_ports()
    {
        if (!OperatingSystem.IsWindows())
        {
            Assert.Null(PortExclusions.Find(AddressFamily.InterNetwork, SocketProtocol.Tcp, 50051));
        }
    }
}
