using System.Collections.ObjectModel;
using System.Management.Automation;
using System.Text;
using PSSocketTools.Resources;

namespace PSSocketTools.Responders;

/// <summary>
/// Computes responses with a script block, isolated from the caller's session: in a bounded pool of runspaces, which see of it only
/// what $using: names.
/// </summary>
/// <param name="script">The script block.</param>
/// <param name="encoding">The encoding of its responses.</param>
/// <param name="timeout">How long it may take for a response before it is stopped; zero for no limit.</param>
internal sealed class ScriptResponder(ResponderScript script, Encoding encoding, TimeSpan timeout) : IMessageResponder
{
    /// <summary>The default for how long a script block may take for a response, in seconds.</summary>
    public const double DefaultTimeoutSeconds = 30;

    private readonly ScriptWorkers _workers = new(script);

    /// <inheritdoc/>
    public async Task<byte[]?> RespondAsync(ReceivedMessage message, CancellationToken cancellationToken)
    {
        var worker = await _workers.TakeAsync(cancellationToken).ConfigureAwait(false);
        PSDataCollection<PSObject> output = [];
        Task running;
        try
        {
            running = worker.RunAsync(message, output);
        }
        catch
        {
            _workers.Return(worker);
            throw;
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        if (timeout > TimeSpan.Zero)
        {
            limit.CancelAfter(timeout);
        }

        if (await Task.WhenAny(running, Task.Delay(Timeout.Infinite, limit.Token)).ConfigureAwait(false) != running)
        {
            _ = _workers.StopAsync(worker, running);
            cancellationToken.ThrowIfCancellationRequested();
            throw new TimeoutException(Messages.Get("ResponderTimeout", timeout.TotalSeconds));
        }

        try
        {
            // Cancels the other wait.
            limit.Cancel();
            await running.ConfigureAwait(false);
            var given = output.ReadAll();
            return ResponderScript.TryRemoveEnd(given)
                ? ToBytes(given, message)
                : throw new InvalidOperationException(Messages.Get("ResponderExited"));
        }
        catch (RuntimeException exception) when (exception is IContainsErrorRecord { ErrorRecord.Exception: { } cause } && cause != exception)
        {
            // The error itself, rather than the exception that says that an error ended the script.
            throw new InvalidOperationException(cause.Message, exception);
        }
        finally
        {
            _workers.Return(worker);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _workers.Dispose();

    /// <summary>No output is no response; bytes are sent unchanged; anything else is text, its lines joined.</summary>
    private byte[]? ToBytes(Collection<PSObject> output, ReceivedMessage message)
    {
        var values = output.Where(static o => o is not null).ToArray();
        if (values.Length == 0)
        {
            return null;
        }

        if (Array.TrueForAll(values, static v => v.BaseObject is byte))
        {
            return [.. values.Select(static v => (byte)v.BaseObject)];
        }

        if (values.Length == 1 && values[0].BaseObject is byte[] bytes)
        {
            return bytes;
        }

        return encoding.GetBytes(string.Join(message.GetLineEnd(), values.Select(LanguagePrimitives.ConvertTo<string>)));
    }
}
