using CsCheck;
using PSSocketTools.Load;
using Xunit;

namespace PSSocketTools.Tests.Load;

public sealed class LoadMessagesTests
{
    [Fact]
    public void A_number_is_read_as_far_as_it_has_room() => Gen.Select(Gen.Int[1, 40], Gen.Int[1, 5], Gen.Long[0, 100_000_000_000], Gen.Int[1, 200]).Sample(
        static (size, buffers, first, count) =>
        {
            var messages = new LoadMessages(size, buffers);
            for (var number = first; number < first + count; number++)
            {
                var message = messages.Write(number);
                Assert.Equal(size, message.Length);
                Assert.Equal(number % messages.DistinctNumbers, messages.Read(message) % messages.DistinctNumbers);
            }
        });

    [Fact]
    public void Another_text_is_no_message()
    {
        var messages = new LoadMessages(8, 1);
        var message = messages.Write(123);
        Assert.Equal(-1, messages.Read([.. message, 1]));
        Assert.Equal(-1, messages.Read([.. message.Take(7)]));
        Assert.Equal(-1, messages.Read([.. message.Take(7), (byte)'!']));
    }
}
