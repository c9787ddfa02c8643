using PSSocketTools.Framing;
using PSSocketTools.Platform;
using PSSocketTools.Server.Journal;

namespace PSSocketTools.Server.Conversations;

/// <summary>The calls of the responder for one conversation, one after the other. They are cancelled when the conversation ends.</summary>
internal sealed class ResponderCalls(ConversationPlan plan, ServerRecord record, ClientRecord client, Mailbox mailbox) : IDisposable
{
    private readonly CancellationTokenSource _cancellation = new();
    private readonly ResponderContext _context = new(client, record, mailbox);

    /// <summary>The call that has not been taken yet; null for none.</summary>
    public Task<byte[]?>? Pending { get; private set; }

    /// <summary>How the message of the last call ended, as the response to it does.</summary>
    public Terminator Terminator { get; private set; }

    /// <summary>Whether the responder has asked to close the connection after the response.</summary>
    public bool IsClosing => _context.IsClosing;

    /// <summary>Whether the responder has asked to reset the connection.</summary>
    public bool IsResetting => _context.IsResetting;

    /// <summary>Calls the responder; an exception that it throws directly becomes a failed call.</summary>
    public void Begin(in Frame message, long sequence)
    {
        Terminator = message.Terminator;
        try
        {
            Pending = plan.Options.Responder!.RespondAsync(
                plan.ToReceivedMessage(message, sequence, record.Clock, _context), _cancellation.Token);
        }
#pragma warning disable CA1031 // Any exception of the responder is reported when the call is taken.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Pending = Task.FromException<byte[]?>(exception);
        }
    }

    /// <summary>Takes the pending call, which is completed.</summary>
    public Task<byte[]?> Take()
    {
        var call = Pending!;
        Pending = null;
        return call;
    }

    /// <summary>Reports in the journal why a call has failed.</summary>
    public void ReportFailure(Task call) => ReportFailure(call.Exception ?? (Exception)new OperationCanceledException());

    /// <inheritdoc/>
    public void Dispose()
    {
        // Cancelling runs the responder's callbacks, which may throw.
        BestEffort.Run(_cancellation.Cancel, ReportFailure);
        _cancellation.Dispose();
    }

    private void ReportFailure(Exception exception) =>
        record.Failed(client, ServerEventReason.ResponderFailed, exception.GetBaseException().Message);
}
