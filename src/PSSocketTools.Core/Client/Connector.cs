using System.Net;
using PSSocketTools.Net;
using PSSocketTools.Platform;
using PSSocketTools.Tls;

namespace PSSocketTools.Client;

/// <summary>Connects to a server: resolves its name, connects to one of the addresses, and does the TLS handshake if asked; once, or until the server is available.</summary>
internal static class Connector
{
    // The shortest wait, which is enough for a server on this machine to answer.
    private static readonly TimeSpan MinWait = TimeSpan.FromMilliseconds(50);

    /// <param name="options">The target, the protocol, and how long to wait for the server.</param>
    /// <param name="report">Called on this thread during a wait with why there is no connection yet; null when nothing has answered so far.</param>
    /// <param name="trace">Reports each step on this thread; null for none.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="SocketToolsException">NameNotFound, ConnectionRefused, ConnectTimeout, Unreachable, TlsFailed and their like.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <returns>The connection, and the time that connecting took, without the wait.</returns>
    public static (BlockingChannel Channel, TimeSpan Time) Connect(
        SessionOptions options, Action<SocketToolsException?>? report, ConnectTrace? trace, CancellationToken cancellationToken) =>
        Connect(options, new ResolvableName(options.ComputerName, NameResolver.ToAddressesAsync), report, trace, cancellationToken);

    /// <summary>Connects with a given resolver, for tests.</summary>
    internal static (BlockingChannel Channel, TimeSpan Time) Connect(
        SessionOptions options, ResolvableName host, Action<SocketToolsException?>? report, ConnectTrace? trace, CancellationToken cancellationToken) =>
        options.Waits
            ? ConnectOrWait(options, host, report, trace, cancellationToken)
            : ConnectOnce(options, host, trace, cancellationToken);

    private static (BlockingChannel Channel, TimeSpan Time) ConnectOnce(
        SessionOptions options, ResolvableName host, ConnectTrace? trace, CancellationToken cancellationToken)
    {
        var startedAt = Clock.System.Timestamp;
        var deadline = Deadline.AfterLimit(startedAt, options.ConnectTimeout);
        if (options.Protocol == SocketProtocol.Udp)
        {
            return (OpenDatagrams(options, host, deadline, trace, cancellationToken), Clock.System.Since(startedAt));
        }

        var resolution = TimeSpan.Zero;
        using var race = new ConnectRace(
            options,
            options.Protocol == SocketProtocol.Unix
                ? [UnixEndPoint.Parse(options.SocketPath!)]
                : Interleave(Resolve(options, host, deadline, trace, cancellationToken, out resolution)),
            deadline,
            trace);
        var connected = race.Run(cancellationToken);
        var (channel, time) = ShakeHands(connected, options, trace, cancellationToken);
        return (channel, resolution + connected.Delay + time);
    }

    /// <summary>
    /// Retries while the server is not available: its name has no address or an old one, there is no route, no answer or a refusal, or
    /// a proxy accepts and closes because the server behind it is not ready.
    /// </summary>
    private static (BlockingChannel Channel, TimeSpan Time) ConnectOrWait(
        SessionOptions options, ResolvableName host, Action<SocketToolsException?>? report, ConnectTrace? trace, CancellationToken cancellationToken)
    {
        var deadline = Deadline.AfterLimit(options.WaitFor < MinWait ? MinWait : options.WaitFor);
        var delay = ConnectPace.RetryDelay;
        SocketToolsException? last = null;
        while (true)
        {
            var startedAt = Clock.System.Timestamp;
            try
            {
                if (options.Protocol == SocketProtocol.Udp)
                {
                    return (OpenDatagrams(options, host, deadline, trace, cancellationToken), Clock.System.Since(startedAt));
                }

                using var race = new ConnectRace(options, options.Protocol == SocketProtocol.Unix ? null : host, deadline, report, trace);
                var connected = race.Run(cancellationToken);
                return ShakeHands(connected, options, trace, cancellationToken);
            }
            catch (SocketToolsException exception) when (exception.MayPass)
            {
                report?.Invoke(exception);
                if (!deadline.HasPassed)
                {
                    trace?.Waiting(exception);
                }

                Deadline.Earlier(Deadline.AfterLimit(startedAt, delay), deadline).Wait(cancellationToken);
                if (deadline.HasPassed)
                {
                    // The last attempt may have timed out early at the deadline, so that an earlier error is more informative.
                    throw exception.Error == SocketToolsError.ConnectTimeout && last is not null ? last : exception;
                }

                last = exception;
            }

            delay = ConnectPace.NextRetryDelay(delay, IsNear(options, host));
        }
    }

    private static BlockingDatagramChannel OpenDatagrams(
        SessionOptions options, ResolvableName host, Deadline deadline, ConnectTrace? trace, CancellationToken cancellationToken)
    {
        var endPoints = Likely(Resolve(options, host, deadline, trace, cancellationToken, out _));
        if (options.SourcePort != SessionOptions.AnySourcePort)
        {
            // While the first socket is open, a second one of its family can't have the port.
            endPoints = [.. endPoints.GroupBy(static endPoint => endPoint.AddressFamily).Select(static family => family.First())];
        }

        return BlockingDatagramChannel.Open(endPoints, options);
    }

    /// <summary>Makes the channel, encrypted where that is asked for; the time is that of the connection's handshake and of TLS's, without what our own threads took.</summary>
    private static (BlockingChannel Channel, TimeSpan Time) ShakeHands(
        ConnectRace.Winner connected, SessionOptions options, ConnectTrace? trace, CancellationToken cancellationToken)
    {
        try
        {
            if (!options.UseTls)
            {
                return (new BlockingStreamChannel(connected.Socket, connected.Remote), connected.Latency);
            }

            var tls = new TlsClient(options.ServerName ?? options.ComputerName, options.EndPointName)
            {
                Certificate = options.ClientCertificate,
                Thumbprint = options.CertificateThumbprint,
                SkipCertificateCheck = options.SkipCertificateCheck,
                Versions = options.TlsProtocol,
            };
            var startedAt = Clock.System.Timestamp;
            var (stream, facts) = tls.Connect(connected.Socket, connected.Deadline, cancellationToken) ?? throw TimedOut(options, "TlsTimeout");
            var time = Clock.System.Since(startedAt);
            trace?.Encrypted(connected.Remote, facts, time);
            return (new BlockingTlsChannel(connected.Socket, connected.Remote, stream, facts), connected.Latency + time);
        }
        catch
        {
            connected.Socket.Dispose();
            throw;
        }
    }

    private static bool IsNear(SessionOptions options, ResolvableName host) => options.Protocol == SocketProtocol.Unix
        || (host.Resolve() is { Status: TaskStatus.RanToCompletion } resolved && Array.TrueForAll(resolved.Result, IPAddress.IsLoopback));

    private static bool AreLoopback(IPEndPoint[] endPoints) => Array.TrueForAll(endPoints, endPoint => IPAddress.IsLoopback(endPoint.Address));

    /// <summary>Alternates the address families, beginning with that of the resolver's first address, and keeps the resolver's order within each (RFC 8305, section 4).</summary>
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

    /// <summary>Resolves the name.</summary>
    /// <param name="options">The target.</param>
    /// <param name="host">The name.</param>
    /// <param name="deadline">When that times out.</param>
    /// <param name="trace">Reports the result; null for none.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <param name="time">How long the resolver took; zero of an address, which needs none.</param>
    private static IPEndPoint[] Resolve(
        SessionOptions options, ResolvableName host, Deadline deadline, ConnectTrace? trace, CancellationToken cancellationToken, out TimeSpan time)
    {
        var startedAt = Clock.System.Timestamp;
        var resolution = host.Resolve(ConnectPace.NameAge);
        var isKnown = resolution.IsCompleted;
        if (!resolution.Wait(deadline.Milliseconds, cancellationToken, out var addresses))
        {
            throw options.Waits ? NameResolver.NotResolvedYet(options.ComputerName) : TimedOut(options);
        }

        time = isKnown ? TimeSpan.Zero : Clock.System.Since(startedAt);
        var chosen = new SourceBinding(options).Reachable(addresses);
        trace?.Resolved(addresses, chosen, Clock.System.Since(startedAt));
        return Array.ConvertAll(chosen, address => new IPEndPoint(address, options.Port));
    }

    /// <summary>
    /// UDP can't be probed without sending a datagram (see <see cref="BlockingDatagramChannel"/>). Of the two loopback addresses, the one whose port is in use comes first;
    /// other addresses keep the resolver's order.
    /// </summary>
    private static IPEndPoint[] Likely(IPEndPoint[] endPoints)
    {
        if (endPoints.Length < 2 || !AreLoopback(endPoints))
        {
            return endPoints;
        }

        return UsedPortsFirst(endPoints, SocketTable.Read(SocketProtocol.Udp));
    }

    internal static IPEndPoint[] UsedPortsFirst(IPEndPoint[] endPoints, SocketTable table) =>
        [.. endPoints.OrderBy(endPoint => !BindConflict.Exists(table, endPoint.Address, endPoint.Port))];

    /// <param name="options">The target.</param>
    /// <param name="message">The message that says what did not answer.</param>
    internal static SocketToolsException TimedOut(SessionOptions options, string message = "ConnectTimeout") => new(
        SocketToolsError.ConnectTimeout,
        Messages.Get(message, options.EndPointName, options.ConnectTimeout.TotalSeconds),
        options.EndPointName);

    /// <summary>The error for a wait that timed out without any answer.</summary>
    internal static SocketToolsException WaitedFor(SessionOptions options) => new(
        SocketToolsError.ConnectTimeout,
        Messages.Get("WaitedForServer", options.EndPointName, options.WaitFor.TotalSeconds),
        options.EndPointName);
}
