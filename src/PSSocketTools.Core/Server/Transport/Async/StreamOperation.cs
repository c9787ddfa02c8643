using System.Net.Sockets;
#if NET
using Operation = System.Threading.Tasks.ValueTask<int>;
using OperationAwaiter = System.Runtime.CompilerServices.ConfiguredValueTaskAwaitable<int>.ConfiguredValueTaskAwaiter;
#else
using Operation = System.Threading.Tasks.Task<int>;
using OperationAwaiter = System.Runtime.CompilerServices.ConfiguredTaskAwaitable<int>.ConfiguredTaskAwaiter;
#endif

namespace PSSocketTools.Server.Transport.Async;

/// <summary>An asynchronous operation of a stream, one at a time; its completion wakes a pump. It allocates nothing itself.</summary>
internal sealed class StreamOperation
{
    private readonly AsyncPump _pump;
    private readonly Action _onCompleted;
    private OperationAwaiter _operation;
    private volatile bool _isPending;

    public StreamOperation(AsyncPump pump)
    {
        _pump = pump;
        _onCompleted = OnCompleted;
    }

    /// <summary>Whether it was started and <see cref="TryComplete"/> has not returned its outcome yet.</summary>
    public bool IsStarted { get; private set; }

    /// <summary>Whether the operation is pending and holds the buffer.</summary>
    /// <remarks>
    /// Asked of its continuation, not of the operation: that says so before it calls the continuation, and may not be reused before.
    /// </remarks>
    public bool IsPending => _isPending;

    public void Start(Operation operation)
    {
        IsStarted = true;
        _operation = operation.ConfigureAwait(false).GetAwaiter();
        if (!_operation.IsCompleted)
        {
            _isPending = true;
            _operation.UnsafeOnCompleted(_onCompleted);
        }
    }

    /// <summary>Returns the outcome; WouldBlock while the operation is pending.</summary>
    /// <returns>The operation's result; -1 with an error.</returns>
    public int TryComplete(out SocketError error)
    {
        if (_isPending)
        {
            error = SocketError.WouldBlock;
            return -1;
        }

        IsStarted = false;
        try
        {
            error = SocketError.Success;
            return _operation.GetResult();
        }
        catch (Exception exception) when (TlsErrors.TryToSocketError(exception, out error))
        {
            return -1;
        }
    }

    /// <summary>Takes the outcome of an operation whose result nobody wants any more, so that its exception counts as observed.</summary>
    public void Discard()
    {
        if (IsStarted)
        {
            _ = TryComplete(out _);
        }
    }

    private void OnCompleted()
    {
        _isPending = false;
        _pump.Wake();
    }
}
