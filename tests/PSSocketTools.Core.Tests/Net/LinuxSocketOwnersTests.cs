using PSSocketTools.Net;
using Xunit;

namespace PSSocketTools.Tests.Net;

/// <summary>The walk over processes, in a folder that looks as /proc does.</summary>
public sealed class LinuxSocketOwnersTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory().FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    [Trait("System", "Linux")]
    public void A_socket_belongs_to_every_process_that_has_it_once()
    {
        AddProcess(10, "master\n", "/usr/sbin/master", "socket:[100]", "socket:[100]", "/dev/null", "pipe:[100]");
        AddProcess(11, "worker\n", "worker: 1", "socket:[100]", "socket:[101]");
        Directory.CreateDirectory(Path.Combine(_root, "self", "fd"));

        var owners = Read(100, 101, 102);

        Assert.Equal([10, 11], owners.Of(100).Select(static one => one.Id).Order());
        Assert.Equal([new SocketOwner(11, "worker")], owners.Of(101));
        Assert.Empty(owners.Of(102));
        Assert.False(owners.IsIncomplete);
    }

    [Fact]
    [Trait("System", "Linux")]
    public void A_name_that_the_kernel_cut_is_the_program_s_and_another_is_cleaned()
    {
        AddProcess(10, "a-long-program-\n", "/opt/a-long-program-name\0--flag", "socket:[100]");
        AddProcess(11, "renamed-as-long\n", "/opt/program\0", "socket:[101]");
        AddProcess(12, "odd \u001b[31m\nname\n", "/opt/odd", "socket:[102]");

        var owners = Read(100, 101, 102);

        Assert.Equal("a-long-program-name", owners.Of(100)[0].Name);
        Assert.Equal("renamed-as-long", owners.Of(101)[0].Name);
        Assert.Equal("odd \uFFFD[31m\uFFFDname", owners.Of(102)[0].Name);
    }

    [Fact]
    [Trait("System", "Linux")]
    public void A_process_that_has_ended_is_no_error()
    {
        Directory.CreateDirectory(Path.Combine(_root, "10"));
        Assert.Empty(Read(100).Of(100));
    }

    private LinuxSocketOwners Read(params long[] inodes)
    {
        var owners = new LinuxSocketOwners();
        owners.Read([.. inodes], _root);
        return owners;
    }

    private void AddProcess(int id, string name, string command, params string[] descriptors)
    {
        var folder = Path.Combine(_root, id.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Directory.CreateDirectory(Path.Combine(folder, "fd"));
        File.WriteAllText(Path.Combine(folder, "comm"), name);
        File.WriteAllText(Path.Combine(folder, "cmdline"), command);
        for (var i = 0; i < descriptors.Length; i++)
        {
            File.CreateSymbolicLink(Path.Combine(folder, "fd", $"{i}"), descriptors[i]);
        }
    }
}
