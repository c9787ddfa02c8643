using PSSocketTools.Server.Faults;
using PSSocketTools.Server.Journal;

namespace PSSocketTools.Server.Conversations;

/// <summary>
/// The faults that have struck one conversation, and what of them is still to be done before the conversation goes on, in the order
/// of striking. It is made for the first message that meets a fault.
/// </summary>
internal sealed class ConversationFaults(ClientRecord client, ServerRecord record)
{
    private readonly FaultClient _client = new(client, record);
    private readonly Queue<FaultAction> _actions = new();
    private readonly Queue<FaultAction> _actionsAfterResponse = new();
    private EchoServerFault? _fragmenting;
    private long _fragmentingNumber;
    private int _fragments;

    /// <summary>Why the conversation ends, once a step has ended it.</summary>
    public ServerEventReason EndReason { get; private set; }

    /// <summary>The fault that has ended the conversation.</summary>
    public string? EndFault { get; private set; }

    /// <summary>Whether the conversation waits for a fault.</summary>
    public bool IsWaiting => _actions.Count > 0 && _actions.Peek().IsWait;

    /// <summary>Whether it waits until a fault is removed, and sends nothing meanwhile.</summary>
    public bool IsStalled => _actions.Count > 0 && _actions.Peek() is { Milliseconds: Timeout.Infinite, IsOver: false };

    /// <summary>Whether it waits for a fault that has been removed.</summary>
    public bool IsReleased => _actions.Count > 0 && _actions.Peek().IsOver;

    /// <summary>Whether the response that is ready, or being sent, is sent alone, and the next one after what faults do to it.</summary>
    public bool SendsResponseAlone => _fragmenting is not null || _actionsAfterResponse.Count > 0;

    /// <summary>A client has connected.</summary>
    public void StrikeConnection(EchoServerFault[] faults) => Strike(faults, FaultPoint.Connect);

    /// <summary>A message was received.</summary>
    /// <returns>Whether something is to be done before it is handled.</returns>
    public bool StrikeMessage(EchoServerFault[] faults)
    {
        Strike(faults, FaultPoint.Message);
        return _actions.Count > 0;
    }

    /// <summary>A response is ready, or it is known that there is none.</summary>
    /// <param name="faults">The faults.</param>
    /// <param name="buffer">The response; a corrupted byte is changed here.</param>
    /// <param name="count">Its bytes, framing included; 0 for none.</param>
    /// <param name="contentOffset">Where its content begins.</param>
    /// <param name="contentCount">The bytes of its content.</param>
    /// <returns>How many of its bytes are to be sent.</returns>
    public int StrikeResponse(EchoServerFault[] faults, byte[] buffer, int count, int contentOffset, int contentCount)
    {
        var left = Strike(faults, FaultPoint.Response, buffer, count, contentOffset, contentCount);
        if (left == 0)
        {
            EndResponse();
        }

        return left;
    }

    /// <summary>How many bytes of a response are to be sent at once.</summary>
    /// <param name="left">How many of its bytes are left.</param>
    public int NextFragment(int left) => _fragmenting is { IsRemoved: false } fault ? Math.Min(left, fault.Options.FragmentBytes) : left;

    /// <summary>A fragment was sent, or the whole response.</summary>
    /// <param name="left">How many of its bytes are left.</param>
    public void Sent(int left)
    {
        if (left == 0)
        {
            EndResponse();
        }
        else if (_fragmenting is { Options: { MaxFragmentDelayMilliseconds: > 0 } options } fault)
        {
            var delay = fault.Draw(options.MinFragmentDelayMilliseconds, options.MaxFragmentDelayMilliseconds, _fragmentingNumber, ++_fragments);
            _actions.Enqueue(new FaultAction(fault, delay, true));
        }
    }

    /// <summary>The response was sent, or there is none: what comes after it is next.</summary>
    public void EndResponse()
    {
        _fragmenting = null;
        while (_actionsAfterResponse.Count > 0)
        {
            _actions.Enqueue(_actionsAfterResponse.Dequeue());
        }
    }

    /// <summary>The step of a fault; false when none is to be done.</summary>
    public bool TryStep(out Step step)
    {
        while (_actions.Count > 0)
        {
            var action = _actions.Peek();
            if (action.IsOver)
            {
                _actions.Dequeue();
                continue;
            }

            if (action.IsWait)
            {
                step = Step.Delay(action.Milliseconds, action.HasPendingResponse);
                return true;
            }

            EndReason = action.Fault.Options.EndReason;
            EndFault = action.Fault.ToString();
            step = action.Fault.Options.Kind == FaultKind.Reset ? Step.Reset() : Step.Close();
            return true;
        }

        step = default;
        return false;
    }

    /// <summary>The wait is over.</summary>
    public void Elapsed() => _actions.Dequeue();

    /// <summary>The wait was given up for something else.</summary>
    /// <param name="millisecondsLeft">How much of it is left.</param>
    public void Interrupted(int millisecondsLeft)
    {
        // The others keep their order behind it.
        var others = _actions.Skip(1).ToArray();
        var rest = _actions.Peek() with { Milliseconds = millisecondsLeft };
        _actions.Clear();
        _actions.Enqueue(rest);
        foreach (var other in others)
        {
            _actions.Enqueue(other);
        }
    }

    private int Strike(
        EchoServerFault[] faults, FaultPoint point, byte[]? buffer = null, int count = 0, int contentOffset = 0, int contentCount = 0)
    {
        // What stalls or ends the conversation waits for the response to be sent.
        var ends = point == FaultPoint.Response ? _actionsAfterResponse : _actions;
        foreach (var fault in faults)
        {
            var options = fault.Options;
            var hasEffect = point != FaultPoint.Response || options.Kind switch
            {
                FaultKind.Delay or FaultKind.Fragment => count > 0,
                FaultKind.Corrupt => contentCount > 0,
                FaultKind.Truncate => count > options.TruncateAfterBytes,
                _ => true,
            };
            if (options.Point != point || !_client.TryStrike(fault, hasEffect, out var number))
            {
                continue;
            }

            switch (options.Kind)
            {
                case FaultKind.Delay:
                    _actions.Enqueue(FaultAction.Delay(fault, number, hasPendingResponse: point != FaultPoint.Connect));
                    break;

                case FaultKind.Fragment:
                    (_fragmenting, _fragmentingNumber, _fragments) = (fault, number, 0);
                    break;

                case FaultKind.Corrupt:
                    fault.Corrupt(buffer!, contentOffset, contentCount, number);
                    break;

                case FaultKind.Stall:
                    ends.Enqueue(FaultAction.Stall(fault));
                    break;

                default:
                    // The conversation ends with this one: no later fault can strike.
                    ends.Enqueue(FaultAction.End(fault));
                    return options.Kind == FaultKind.Truncate ? options.TruncateAfterBytes : count;
            }
        }

        return count;
    }
}
