namespace PSSocketTools.Server.Faults;

/// <summary>The faults of a server. Each conversation looks here for each message, and meets a fault that is added from the next on.</summary>
internal sealed class FaultList
{
    private readonly object _gate = new();
    private readonly List<EchoServerFault> _all = [];
    private volatile EchoServerFault[]? _active;
    private TaskCompletionSource<bool>? _removed;

    /// <param name="options">The faults that the server starts with.</param>
    public FaultList(IEnumerable<EchoServerFaultOptions> options)
    {
        foreach (var one in options)
        {
            Add(one);
        }
    }

    /// <summary>The server's id.</summary>
    public int ServerId { get; set; }

    /// <summary>A fault was removed: conversations that it held up may go on.</summary>
    public event Action? Removed;

    /// <summary>Those that may still strike, in the order of adding; null for none.</summary>
    public EchoServerFault[]? Active => _active;

    /// <summary>Completes when the next fault is removed.</summary>
    public Task WhenRemoved
    {
        get
        {
            lock (_gate)
            {
                return (_removed ??= new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }
        }
    }

    /// <summary>All of them, also those that have struck as often as they may.</summary>
    public EchoServerFault[] All()
    {
        lock (_gate)
        {
            return [.. _all];
        }
    }

    /// <summary>Adds a fault whose options are valid.</summary>
    public EchoServerFault Add(EchoServerFaultOptions options)
    {
        var fault = new EchoServerFault(options, this);
        lock (_gate)
        {
            _all.Add(fault);
            if (options.CanStrike)
            {
                _active = [.. _active ?? [], fault];
            }
        }

        return fault;
    }

    /// <summary>Removes a fault; what it held up goes on.</summary>
    /// <returns>False when it was not there any more.</returns>
    public bool Remove(EchoServerFault fault)
    {
        lock (_gate)
        {
            if (!_all.Remove(fault))
            {
                return false;
            }

            fault.IsRemoved = true;
            Deactivate(fault);
            _removed?.SetResult(true);
            _removed = null;
        }

        Removed?.Invoke();
        return true;
    }

    /// <summary>A fault has struck as often as it may: messages are no longer compared with it.</summary>
    public void Retire(EchoServerFault fault)
    {
        lock (_gate)
        {
            Deactivate(fault);
        }
    }

    private void Deactivate(EchoServerFault fault)
    {
        if (_active is { } active)
        {
            var left = Array.FindAll(active, one => one != fault);
            _active = left.Length > 0 ? left : null;
        }
    }
}
