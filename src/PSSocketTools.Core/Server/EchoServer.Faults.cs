namespace PSSocketTools;

// This part adds and removes faults, which a user asks for.
public sealed partial class EchoServer
{
    /// <summary>Adds a fault, which strikes the messages and connections from now on, those that are open included.</summary>
    /// <param name="options">What it does and when.</param>
    /// <exception cref="SocketToolsException">InvalidOption: options are out of range, or do not go together or with this server; ServerStopped.</exception>
    public EchoServerFault AddFault(EchoServerFaultOptions options)
    {
        RequireFault(options);
        return _faults.Add(options);
    }

    /// <summary>Throws where <see cref="AddFault"/> would, and adds nothing.</summary>
    /// <param name="options">What it would do and when.</param>
    /// <exception cref="SocketToolsException">As of AddFault.</exception>
    public void RequireFault(EchoServerFaultOptions options)
    {
        (options ?? throw new ArgumentNullException(nameof(options))).Validate(_protocol, _isDiscarding, _isBroadcasting);
        RequireRunning();
    }

    /// <summary>The faults it has, in the order of adding, also those that have struck as often as they may.</summary>
    public IReadOnlyList<EchoServerFault> GetFaults() => _faults.All();

    /// <summary>Removes a fault; what it stalls or delays goes on at once.</summary>
    /// <param name="fault">The fault.</param>
    /// <returns>False when it was not there any more.</returns>
    public bool RemoveFault(EchoServerFault fault) => _faults.Remove(fault ?? throw new ArgumentNullException(nameof(fault)));

    private void WakeConversations()
    {
        foreach (var conversation in _transport.Conversations)
        {
            conversation.Mailbox.Wake();
        }
    }
}
