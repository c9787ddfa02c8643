using System.Net.Sockets;
using PSSocketTools.Platform;
using Xunit;

namespace PSSocketTools.Tests.Platform;

[Trait("System", "Linux")]
public sealed class DescriptorReserveTests
{
    [Fact]
    public void There_is_room_until_a_client_has_one_of_the_last_descriptors_and_again_when_lower_ones_are_free()
    {
        var free = LowestFree();
        var reserve = new DescriptorReserve(free + 1000 + 32);
        Assert.True(reserve.HasRoom());
        reserve.Opened(free + 999);
        Assert.True(reserve.HasRoom());

        // Lower descriptors were closed meanwhile, so that there is room.
        reserve.Opened(free + 1000);
        Assert.True(reserve.HasRoom());
    }

    [Fact]
    public void There_is_no_room_while_only_the_last_descriptors_are_free()
    {
        // As if the limit were just above what this process has open.
        var reserve = new DescriptorReserve(4);
        reserve.Opened(3);
        Assert.False(reserve.HasRoom());
        Assert.False(reserve.HasRoom());
    }

    [Fact]
    public void Without_a_limit_there_is_room()
    {
        var reserve = new DescriptorReserve(int.MaxValue);
        reserve.Opened(new IntPtr(long.MaxValue));
        Assert.True(reserve.HasRoom());
    }

    [Fact]
    public void A_server_does_not_start_on_the_descriptors_that_clients_and_the_process_need()
    {
        // Twice what the process keeps, of which its clients get the one half.
        var free = LowestFree();
        DescriptorReserve.RequireRoomForServer(free + 1000 + 64);
        var none = Assert.Throws<SocketException>(() => DescriptorReserve.RequireRoomForServer(free / 2));
        Assert.Equal(SocketError.TooManyOpenSockets, none.SocketErrorCode);
        DescriptorReserve.RequireRoomForServer(int.MaxValue);
    }

    private static int LowestFree()
    {
        using var file = File.OpenRead("/dev/null");
        return file.SafeFileHandle.DangerousGetHandle().ToInt32();
    }
}
