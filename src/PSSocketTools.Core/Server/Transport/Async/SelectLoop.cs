using System.Net;
using System.Net.Sockets;
using PSSocketTools.Platform;

namespace PSSocketTools.Server.Transport.Async;

/// <summary>
/// A thread that waits for the sockets of many connections at once, and runs the connections one after the other. .NET's asynchronous
/// receive would wake a thread that waits for the system's events and two of the pool, which costs more than all the rest of a message.
/// </summary>
/// <remarks>
/// A selection costs something for each socket in it. Connections that are silent are released where there are too many of them, or
/// where others want their place: for those .NET's receive costs nothing while they wait.
/// </remarks>
/// <param name="report">Gets the exception that ends the loop; the connections go on without it.</param>
/// <param name="maxMembers">How many connections may wait here.</param>
internal sealed class SelectLoop(Action<Exception> report, int maxMembers = SelectLoop.MaxMembers) : IDisposable
{
    // For more sockets at once .NET allocates memory on some systems.
    private const int MaxSelected = 78;

    private const int MaxMembers = 512;

    // How many may wait here while few of them are ready at a time.
    private const int FewMembers = 64;

    // How many sockets are selected before it is asked whether that was worth it, and for one that is ready at most.
    private const int SelectedPerReview = 16 * 1024;
    private const int MaxSelectedPerReady = FewMembers;

    // How long a connection may be silent at least before it has to make room for another.
    private const int SilentMilliseconds = 50;

    // How long a datagram may take to arrive here before it counts as dropped.
    private const int WakeTestMicroseconds = 1_000_000;

    private static readonly byte[] WakeByte = [0];

    private readonly object _posting = new();
    private readonly List<Socket> _sockets = [];

    // The connections that wait, and those whose sockets are being selected.
    private List<ReceiveWait> _members = [];
    private List<ReceiveWait> _selected = [];
    private List<Action> _posts = [];
    private List<Action> _postBatch = [];
    private volatile bool _hasPosts;
    private volatile bool _isEnding;

    // Whether nothing can be posted any more.
    private bool _hasEnded;
    private Thread? _thread;
    private volatile int _threadId;
    private Socket? _wake;

    // Whether the last round found no socket ready.
    private bool _isQuiet;

    // Whether something may have come to the wake socket.
    private bool _isWoken;

    // Since the last review: how many sockets were selected, and how many were ready.
    private int _selectedCount;
    private int _readyCount;
    private readonly int _maxMembers = maxMembers;
    private int _capacity = maxMembers;

    // Read by other threads too, for which a wrong time does no harm.
    private Deadline _nextRelease = Deadline.Passed;
    private volatile bool _isFull;

    /// <summary>Whether this is the loop's thread.</summary>
    public bool IsCurrent => _threadId == Environment.CurrentManagedThreadId;

    /// <summary>Whether another connection may find room. From any thread.</summary>
    public bool MayHaveRoom => !_isFull || _nextRelease.HasPassed;

    /// <summary>Receives a datagram to end a wait; null before the first post. For tests.</summary>
    internal Socket? WakeSocket => _wake;

    /// <summary>Queues an action for the loop's thread, in order. From any thread.</summary>
    /// <returns>False when there is no thread, or it can't be woken.</returns>
    public bool TryPost(Action action)
    {
        lock (_posting)
        {
            if (_hasEnded || !TryStart())
            {
                return false;
            }

            if (!TryWake())
            {
                return false;
            }

            _posts.Add(action);
            return true;
        }
    }

    /// <summary>Selects a socket until it is ready, or the connection is released. On the loop's thread.</summary>
    /// <returns>False when there is no room.</returns>
    public bool TryAdd(ReceiveWait wait)
    {
        if (_members.Count >= _capacity && _nextRelease.HasPassed)
        {
            ReleaseSilent();
        }

        _isFull = _members.Count >= _capacity;
        if (_isFull || _isEnding)
        {
            return false;
        }

        _members.Add(wait);
        return true;
    }

    /// <summary>Forgets a connection. On the loop's thread.</summary>
    public void Remove(ReceiveWait wait) => _members.Remove(wait);

    /// <summary>Ends the thread, and waits for its end.</summary>
    public void Dispose()
    {
        lock (_posting)
        {
            _isEnding = true;
            if (_thread is null)
            {
                _hasEnded = true;
                return;
            }

            // A thread that can't be woken has no connections left to serve: a stop goes on without its end.
            if (IsCurrent || !(_hasEnded || TryWake()))
            {
                return;
            }
        }

        _thread.Join();
    }

    /// <summary>Starts the thread, with the first connection.</summary>
    private bool TryStart()
    {
        if (_thread is not null)
        {
            return true;
        }

        try
        {
            _wake = OpenWake();
            _thread = new Thread(Run) { IsBackground = true, Name = "EchoSelect" };
            _thread.Start();
            return true;
        }
        catch (Exception exception) when (exception is SocketException or OutOfMemoryException)
        {
            // Without a descriptor or memory to spare, or a loopback address that delivers, the connections go on without the loop.
            _wake?.Dispose();
            _thread = null;
            _hasEnded = true;
            return false;
        }
    }

    /// <summary>Opens a socket that sends to itself: it is selected with the others, so that a datagram ends the wait.</summary>
    private static Socket OpenWake()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            socket.Connect(socket.LocalEndPoint!);
            socket.Blocking = false;

            // A packet filter may drop the datagrams without an error, and no wait would end.
            _ = socket.Send(WakeByte);
            if (!socket.Poll(WakeTestMicroseconds, SelectMode.SelectRead))
            {
                throw new SocketException((int)SocketError.TimedOut);
            }

            _ = socket.Receive(WakeByte);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Wakes the thread, which then runs what is posted.</summary>
    /// <returns>False when the system refuses the datagram, as it may without memory to spare.</returns>
    private bool TryWake()
    {
        if (!_hasPosts && !IsCurrent)
        {
            _ = _wake!.Send(WakeByte, 0, WakeByte.Length, SocketFlags.None, out var error);
            if (error != SocketError.Success)
            {
                return false;
            }
        }

        _hasPosts = true;
        return true;
    }

    private void Run()
    {
        _threadId = Environment.CurrentManagedThreadId;
        try
        {
            while (!_isEnding)
            {
                Select();
                if (_hasPosts || _isWoken)
                {
                    RunPosts();
                }

                if (_selectedCount >= SelectedPerReview)
                {
                    Review();
                }
            }
        }
#pragma warning disable CA1031 // An exception of a thread would end the process.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            BestEffort.Run(() => report(exception));
        }

        End();
    }

    /// <summary>Waits until sockets are ready, and runs their connections.</summary>
    private void Select()
    {
        (_members, _selected) = (_selected, _members);
        var count = _selected.Count;
        var readyBefore = _readyCount;
        if (count <= MaxSelected || _isQuiet)
        {
            Select(0, count, isWaiting: true);
        }
        else
        {
            for (var start = 0; start < count; start += MaxSelected)
            {
                Select(start, Math.Min(start + MaxSelected, count), isWaiting: false);
            }
        }

        _selected.Clear();
        _selectedCount += count;
        _isQuiet = _readyCount == readyBefore;
    }

    private void Select(int start, int end, bool isWaiting)
    {
        _sockets.Clear();
        for (var i = start; i < end; i++)
        {
            _sockets.Add(_selected[i].Socket);
        }

        if (isWaiting)
        {
            _sockets.Add(_wake!);
        }

        var microseconds = isWaiting && !_hasPosts ? Timeout.Infinite : 0;
        Socket.Select(_sockets, null, null, microseconds);

        // An error ends the wait, but its socket does not count as ready: one that is being reset, or one that other code has closed.
        // Each connection that receives finds its own error, and the others wait again.
        var hasError = _sockets.Count == 0 && microseconds == Timeout.Infinite;
        _isWoken = isWaiting && (hasError || (_sockets.Count > 0 && _sockets[_sockets.Count - 1] == _wake));

        // Those that are ready are left, in their order.
        var next = 0;
        for (var i = start; i < end; i++)
        {
            var wait = _selected[i];
            var isReady = next < _sockets.Count && _sockets[next] == wait.Socket;
            if (isReady)
            {
                next++;
                _readyCount++;
            }

            if (isReady || hasError)
            {
                wait.SetReady();
            }
            else
            {
                _members.Add(wait);
            }
        }
    }

    private void RunPosts()
    {
        lock (_posting)
        {
            // The datagram may arrive after the post was found without it.
            _ = _wake!.Receive(WakeByte, 0, WakeByte.Length, SocketFlags.None, out var error);
            if (error is not (SocketError.Success or SocketError.WouldBlock))
            {
                // Other code has closed the socket: no wait would last.
                throw new SocketException((int)error);
            }

            (_posts, _postBatch) = (_postBatch, _posts);
            _hasPosts = false;
        }

        foreach (var post in _postBatch)
        {
            BestEffort.Run(post, report);
        }

        _postBatch.Clear();
    }

    /// <summary>Has fewer connections wait here while too few of them are ready at a time, and more again otherwise.</summary>
    private void Review()
    {
        var isSparse = _selectedCount > MaxSelectedPerReady * _readyCount;
        (_selectedCount, _readyCount) = (0, 0);
        if (isSparse)
        {
            _capacity = FewMembers;
            ReleaseSilent();
        }
        else
        {
            _capacity = Math.Min(2 * _capacity, _maxMembers);
        }
    }

    /// <summary>Releases the connections that were silent since the last time.</summary>
    private void ReleaseSilent()
    {
        _nextRelease = Deadline.AfterMilliseconds(SilentMilliseconds);
        foreach (var wait in _members.ToArray())
        {
            if (wait.WasReady)
            {
                wait.WasReady = false;
            }
            else
            {
                _members.Remove(wait);
                wait.Release();
            }
        }
    }

    /// <summary>Releases all connections.</summary>
    private void End()
    {
        _isEnding = true;
        lock (_posting)
        {
            _hasEnded = true;
        }

        foreach (var post in _postBatch.Concat(_posts).ToArray())
        {
            BestEffort.Run(post, report);
        }

        foreach (var wait in _members.Concat(_selected).ToArray())
        {
            wait.Release();
        }

        _wake!.Dispose();
        _threadId = 0;
    }
}
