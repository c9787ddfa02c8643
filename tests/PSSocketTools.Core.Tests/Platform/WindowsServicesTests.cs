using System.Text;
using PSSocketTools.Platform;
using Xunit;

namespace PSSocketTools.Tests.Platform;

public sealed class WindowsServicesTests
{
    /// <summary>Two services of one process and one of another, as EnumServicesStatusEx lays them out: entries first, then the names they point to.</summary>
    [Theory]
    [InlineData(4, 44)]
    [InlineData(8, 56)]
    public void It_reads_each_service_s_name_and_process(int pointerSize, int entrySize)
    {
        const long Address = 0x7FFF_0000;
        (string Name, int Process)[] services = [("RpcEptMapper", 900), ("Dnscache", 1744), ("RpcSs", 900)];
        var table = new byte[4096];
        var text = services.Length * entrySize;
        for (var i = 0; i < services.Length; i++)
        {
            var name = Encoding.Unicode.GetBytes(services[i].Name + '\0');
            name.CopyTo(table, text);
            Write(table, i * entrySize, Address + text, pointerSize);
            text += name.Length;
            Write(table, (i * entrySize) + pointerSize, Address + text, pointerSize);
            BitConverter.GetBytes(services[i].Process).CopyTo(table, (i * entrySize) + (2 * pointerSize) + 28);
        }

        Assert.Equal(services.Select(static one => (one.Process, one.Name)), WindowsServices.Parse(table, Address, services.Length, pointerSize));
    }

    private static void Write(byte[] table, int at, long pointer, int size) => BitConverter.GetBytes(pointer)[..size].CopyTo(table, at);
}
