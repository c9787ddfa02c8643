namespace PSSocketTools;

/// <summary>Computes responses in place of the echo: a script block in runspaces, or any .NET code.</summary>
public interface IMessageResponder : IDisposable
{
    /// <summary>Computes the response to a message. Called in order within a connection, or for one sender of datagrams; concurrently for different ones.</summary>
    /// <param name="message">The message and who sent it.</param>
    /// <param name="cancellationToken">Cancelled when the response is no longer needed: the client has disconnected, or the server stops.</param>
    /// <returns>The response's bytes without their framing; null for no response. A failed task becomes an Error event.</returns>
    Task<byte[]?> RespondAsync(ReceivedMessage message, CancellationToken cancellationToken);
}
