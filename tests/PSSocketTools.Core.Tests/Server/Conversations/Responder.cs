namespace PSSocketTools.Tests.Server.Conversations;

/// <summary>A responder that is a function.</summary>
internal sealed class Responder(Func<ReceivedMessage, CancellationToken, Task<byte[]?>> respond) : IMessageResponder
{
    public Responder(Func<ReceivedMessage, Task<byte[]?>> respond)
        : this((message, _) => respond(message))
    {
    }

    public Task<byte[]?> RespondAsync(ReceivedMessage message, CancellationToken cancellationToken) => respond(message, cancellationToken);

    public void Dispose()
    {
    }
}
