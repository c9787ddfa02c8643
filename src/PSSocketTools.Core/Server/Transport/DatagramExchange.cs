using PSSocketTools.Framing;
using PSSocketTools.Server.Conversations;
using PSSocketTools.Server.Journal;

namespace PSSocketTools.Server.Transport;

/// <summary>Responds to datagrams: each is a message of its own, so that there is no conversation state.</summary>
internal static class DatagramExchange
{
    /// <summary>The message in a datagram, without its line end where the framing is by lines.</summary>
    public static Frame ToMessage(ConversationPlan plan, byte[] buffer, int offset, int count)
    {
        var terminator = Terminator.None;
        if (!plan.Options.IsRaw && plan.Options.Framing != MessageFraming.None && count > 0 && buffer[offset + count - 1] == '\n')
        {
            terminator = count > 1 && buffer[offset + count - 2] == '\r' ? Terminator.CarriageReturnLineFeed : Terminator.LineFeed;
        }

        return new Frame(buffer, offset, count - plan.Writer.Overhead(terminator), terminator, true);
    }

    /// <summary>Writes the response to a message, which the responder computes if there is a context for it, into a buffer, which stays empty when there is none.</summary>
    public static async Task WriteResponseAsync(
        ConversationPlan plan,
        ServerRecord record,
        ClientFacts client,
        ResponderContext? context,
        Frame message,
        long sequence,
        ResponseBuffer output,
        CancellationToken cancellationToken)
    {
        if (context is null || plan.IsExitCommand(message))
        {
            WriteResponse(plan, record, client, message, sequence, output);
        }
        else if (await RespondAsync(plan, record, client, context, message, sequence, cancellationToken).ConfigureAwait(false) is { } content)
        {
            output.AppendResponse(content, message.Terminator);
        }
    }

    /// <summary>Writes the response to a message of a server without a responder into a buffer, which stays empty when there is none.</summary>
    public static void WriteResponse(
        ConversationPlan plan, ServerRecord record, ClientFacts client, in Frame message, long sequence, ResponseBuffer output)
    {
        if (plan.IsExitCommand(message))
        {
            if (plan.Farewell?.For(client, record.Clock) is { } farewell)
            {
                output.AppendResponse(farewell, message.Terminator);
            }
        }
        else if (!plan.Options.IsDiscarding)
        {
            var begin = output.Begin(message.Terminator);
            plan.Response.Write(output, message, client, sequence, record.Clock);
            output.End(begin, message.Terminator);
        }
    }

    private static async Task<byte[]?> RespondAsync(
        ConversationPlan plan,
        ServerRecord record,
        ClientFacts client,
        ResponderContext context,
        Frame message,
        long sequence,
        CancellationToken cancellationToken)
    {
        try
        {
            return await plan.Options.Responder!.RespondAsync(plan.ToReceivedMessage(message, client, sequence, record.Clock, context), cancellationToken).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Any exception of a responder is reported in the journal and does not affect other senders.
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            record.Failed(client, ServerEventReason.ResponderFailed, exception.Message);
            return plan.ErrorResponse;
        }
    }
}
