namespace PSSocketTools.Tests.Echo;

/// <summary>A responder that is a function.</summary>
internal sealed class Responder(Func<ReceivedMessage, Task<byte[]?>> respond) : IMessageResponder
{
    public Task<byte[]?> RespondAsync(ReceivedMessage message) => respond(message);

    public void Dispose()
    {
    }
}
