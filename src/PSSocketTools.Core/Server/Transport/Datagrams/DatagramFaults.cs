using PSSocketTools.Platform;
using PSSocketTools.Server.Conversations;
using PSSocketTools.Server.Faults;

namespace PSSocketTools.Server.Transport.Datagrams;

/// <summary>The faults that strike one datagram and the response to it.</summary>
internal sealed class DatagramFaults(FaultList list, FaultClient client)
{
    private readonly long _receivedAt = Clock.System.Timestamp;
    private readonly Queue<FaultAction> _waits = new();

    // How long all waits until now take from the receipt on.
    private int _milliseconds;

    /// <summary>Whether the datagram, or the response to it, is dropped.</summary>
    public bool IsDropped { get; private set; }

    /// <summary>Whether the response is sent twice.</summary>
    public bool IsDuplicated { get; private set; }

    /// <summary>A datagram was received.</summary>
    public void StrikeMessage() => Strike(FaultPoint.Message, null);

    /// <summary>A response is ready.</summary>
    public void StrikeResponse(OutputBuffer output) => Strike(FaultPoint.Response, output);

    /// <summary>Waits for the delays that have struck. They are measured from the receipt on, so that those of several datagrams run at the same time.</summary>
    /// <exception cref="OperationCanceledException">The server stopped first.</exception>
    public async Task WaitAsync(CancellationToken aborted)
    {
        while (_waits.Count > 0)
        {
            var wait = _waits.Dequeue();
            var end = Deadline.AfterLimit(_receivedAt, TimeSpan.FromMilliseconds(_milliseconds + wait.Milliseconds));
            while (true)
            {
                var removed = list.WhenRemoved;
                if (wait.IsOver)
                {
                    break;
                }

                if (end.HasPassed)
                {
                    _milliseconds += wait.Milliseconds;
                    break;
                }

                using var stopWaiting = CancellationTokenSource.CreateLinkedTokenSource(aborted);
                await Task.WhenAny(Task.Delay(end.Milliseconds, stopWaiting.Token), removed).ConfigureAwait(false);
                stopWaiting.Cancel();
                aborted.ThrowIfCancellationRequested();
            }
        }
    }

    private void Strike(FaultPoint point, OutputBuffer? response)
    {
        foreach (var fault in list.Active ?? [])
        {
            var options = fault.Options;
            var (content, length, _) = response is { Messages.Count: > 0 } ? response.Messages[0] : default;
            var hasEffect = options.Kind switch
            {
                FaultKind.Corrupt => length > 0,
                _ => response is not { Messages.Count: 0 },
            };
            if (options.Point != point || !client.TryStrike(fault, hasEffect, out var number))
            {
                continue;
            }

            switch (options.Kind)
            {
                case FaultKind.Delay:
                    _waits.Enqueue(FaultAction.Delay(fault, number, hasPendingResponse: true));
                    break;

                case FaultKind.Corrupt:
                    fault.Corrupt(response!.Buffer, content, length, number);
                    break;

                case FaultKind.Duplicate:
                    IsDuplicated = true;
                    break;

                default:
                    // A datagram that is dropped meets no later fault.
                    IsDropped = true;
                    return;
            }
        }
    }
}
