using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using PSSocketTools.Net;
using PSSocketTools.Platform;
using PSSocketTools.Tls;

namespace PSSocketTools.Client;

/// <summary>
/// Connects to the first of a name's addresses that answers: the attempts start one after the other without waiting long
/// for each other, IPv6 and IPv4 in turn (RFC 8305, "Happy Eyeballs").
/// </summary>
internal static class Connector
{
    // RFC 8305, section 5: the recommended Connection Attempt Delay.
    private static readonly TimeSpan AttemptDelay = TimeSpan.FromMilliseconds(250);

    /// <exception cref="SocketToolsException">NameNotFound, ConnectionRefused, ConnectTimeout, Unreachable, TlsFailed and their like.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static Channel Connect(SessionOptions options, CancellationToken cancellationToken)
    {
        var deadline = Deadline.After(options.ConnectTimeout);
        var (socket, remote) = options.Protocol switch
        {
            SocketProtocol.Unix => Race([UnixEndPoint.Of(options.SocketPath!)], options, deadline, cancellationToken),
            SocketProtocol.Udp => ConnectDatagrams(Likely(Resolve(options, deadline, cancellationToken)), options),
            _ => Race(Interleave(Resolve(options, deadline, cancellationToken)), options, deadline, cancellationToken),
        };
        try
        {
            return options.UseTls ? TlsHandshake.Run(socket, remote, options, deadline, cancellationToken) : new SocketChannel(socket, remote);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static bool AreLoopback(IPEndPoint[] endPoints) => Array.TrueForAll(endPoints, endPoint => IPAddress.IsLoopback(endPoint.Address));

    /// <summary>The families in turn, beginning with that of the resolver's first address, each in the resolver's order (RFC 8305, section 4).</summary>
    internal static IPEndPoint[] Interleave(IPEndPoint[] endPoints)
    {
        var first = endPoints.Where(e => e.AddressFamily == endPoints[0].AddressFamily).ToArray();
        var second = endPoints.Where(e => e.AddressFamily != endPoints[0].AddressFamily).ToArray();
        var ordered = new List<IPEndPoint>(endPoints.Length);
        for (var at = 0; at < Math.Max(first.Length, second.Length); at++)
        {
            ordered.AddRange(first.Skip(at).Take(1));
            ordered.AddRange(second.Skip(at).Take(1));
        }

        return [.. ordered];
    }

    private static IPEndPoint[] Resolve(SessionOptions options, Deadline deadline, CancellationToken cancellationToken)
    {
        var resolving = AddressName.ToAddressesAsync(options.ComputerName);
        if (!resolving.Wait(deadline.Milliseconds, cancellationToken, out var addresses))
        {
            throw TimedOut(options);
        }

        return Array.ConvertAll(addresses, address => new IPEndPoint(address, options.Port));
    }

    /// <summary>
    /// A datagram's way can't be tried without sending one. Of the two loopback addresses, the one whose port somebody has comes
    /// first; of others, the resolver knows best.
    /// </summary>
    private static IPEndPoint[] Likely(IPEndPoint[] endPoints)
    {
        if (endPoints.Length < 2 || !AreLoopback(endPoints))
        {
            return endPoints;
        }

        var table = SocketTable.Read(SocketProtocol.Udp);
        return [.. endPoints.OrderBy(endPoint => PortHolder.Find(table, endPoint.Address, endPoint.Port).Address is null)];
    }

    /// <summary>A socket for datagrams to the first address that the machine has a way to.</summary>
    private static (Socket Socket, EndPoint Remote) ConnectDatagrams(IPEndPoint[] endPoints, SessionOptions options)
    {
        SocketException? failure = null;
        foreach (var endPoint in endPoints)
        {
            Socket? socket = null;
            try
            {
                socket = ClientSocket.Open(endPoint.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
                socket.Connect(endPoint);
                return (socket, endPoint);
            }
            catch (SocketException exception)
            {
                socket?.Dispose();
                failure ??= exception;
            }
        }

        throw SocketErrors.Connecting(failure!, options.EndPointName);
    }

    private static (Socket Socket, EndPoint Remote) Race(EndPoint[] endPoints, SessionOptions options, Deadline deadline, CancellationToken cancellationToken)
    {
        var attempts = new List<Attempt>(endPoints.Length);
        var running = new List<Attempt>(endPoints.Length);
        Attempt? winner = null;
        SocketException? failure = null;
        try
        {
            var next = 0;
            while (winner is null)
            {
                if (next < endPoints.Length)
                {
                    Begin(endPoints[next++]);
                }
                else if (running.Count == 0)
                {
                    throw options.Protocol == SocketProtocol.Unix
                        ? SocketErrors.ConnectingToPath(failure!, options.EndPointName)
                        : SocketErrors.Connecting(failure!, options.EndPointName);
                }

                var left = deadline.Milliseconds;
                var more = next < endPoints.Length;
                var wait = more && (left < 0 || left > AttemptDelay.TotalMilliseconds) ? (int)AttemptDelay.TotalMilliseconds : left;
                var first = Task.WaitAny([.. running.Select(attempt => attempt.Outcome)], wait, cancellationToken);
                if (first >= 0)
                {
                    var ended = running[first];
                    running.RemoveAt(first);
                    if (ended.Outcome.GetAwaiter().GetResult() is not { } error)
                    {
                        winner = ended;
                    }
                    else if (SynRetransmission.MayBeginAnew(error.SocketErrorCode, ended.Duration) && !deadline.HasPassed)
                    {
                        Begin(ended.EndPoint);
                    }
                    else
                    {
                        // A refusal says more than an address that this machine has no way to.
                        failure = failure is null || error.SocketErrorCode == SocketError.ConnectionRefused ? error : failure;
                    }
                }
                else if (deadline.HasPassed)
                {
                    throw TimedOut(options);
                }
            }

            return (winner.Socket!, winner.EndPoint);
        }
        finally
        {
            foreach (var attempt in attempts)
            {
                if (attempt != winner)
                {
                    attempt.Abandon();
                }
            }
        }

        void Begin(EndPoint endPoint)
        {
            Attempt attempt;
            try
            {
                attempt = new Attempt(endPoint);
            }
            catch (TaskSchedulerException exception) when (DescriptorLimit.IsReached())
            {
                // .NET starts no thread without a descriptor.
                throw SocketErrors.Exhausted(options.EndPointName, exception);
            }

            attempts.Add(attempt);
            running.Add(attempt);
        }
    }

    /// <param name="options">What was to be connected to.</param>
    /// <param name="message">The sentence that says what did not answer.</param>
    internal static SocketToolsException TimedOut(SessionOptions options, string message = "ConnectTimeout") => new(
        SocketToolsError.ConnectTimeout,
        Messages.Get(message, options.EndPointName, options.ConnectTimeout.TotalSeconds),
        options.EndPointName);

    /// <summary>One address being tried, on a thread of its own so that the socket stays a blocking one.</summary>
    private sealed class Attempt
    {
        private readonly object _sync = new();
        private bool _abandoned;

        private readonly Stopwatch _clock = Stopwatch.StartNew();

        public Attempt(EndPoint endPoint)
        {
            EndPoint = endPoint;
            Outcome = Task.Factory.StartNew(() => Connect(endPoint), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }

        public EndPoint EndPoint { get; }

        /// <summary>How long it took.</summary>
        public TimeSpan Duration => _clock.Elapsed;

        /// <summary>Null when the connection came about, else why it did not.</summary>
        public Task<SocketException?> Outcome { get; }

        public Socket? Socket { get; private set; }

        public void Abandon()
        {
            lock (_sync)
            {
                _abandoned = true;
                // Ends a connect that is still under way.
                Socket?.Dispose();
            }
        }

        private SocketException? Connect(EndPoint endPoint)
        {
            try
            {
                lock (_sync)
                {
                    if (_abandoned)
                    {
                        return new SocketException((int)SocketError.OperationAborted);
                    }

                    Socket = ClientSocket.Open(
                        endPoint.AddressFamily, SocketType.Stream, endPoint is IPEndPoint ? ProtocolType.Tcp : ProtocolType.Unspecified);
                }

                if (endPoint is IPEndPoint)
                {
                    Socket.NoDelay = true;
                }

                SynRetransmission.LeaveOut(Socket);
                Socket.Connect(endPoint);
                if (!EndPointText.IsSelfConnected(Socket, endPoint))
                {
                    return null;
                }

                Socket.LingerState = new LingerOption(true, 0);
                Socket.Dispose();
                return new SocketException((int)SocketError.ConnectionRefused);
            }
            catch (SocketException exception)
            {
                Socket?.Dispose();
                return exception;
            }
            catch (ObjectDisposedException)
            {
                return new SocketException((int)SocketError.OperationAborted);
            }
        }
    }
}
