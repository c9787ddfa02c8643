using System.Net;
using System.Net.Sockets;
using PSSocketTools.Client;
using PSSocketTools.Net;
using PSSocketTools.Ports.Probing;
using Xunit;

namespace PSSocketTools.Tests.Net;

/// <summary>The resolver throws, answers nothing, or answers what no server can be at: each is an error that names it, and leaves nothing open.</summary>
public sealed class FaultsAtResolverTests
{
    private const string Name = "lab.example";

    private static readonly TimeSpan Ample = TimeSpan.FromSeconds(20);

    // None of them goes over the wire: the machine has no way to any of them, for a stream.
    private static readonly IPAddress[] Garbage =
    [
        IPAddress.Parse("224.0.0.1"), IPAddress.Broadcast, IPAddress.Parse("::ffff:255.255.255.255"), IPAddress.Broadcast,
    ];

    private static readonly string[] NotThere = ["Unreachable", "Failed", "AddressNotAvailable", "AccessDenied"];

    /// <summary>How it fails; each in the task it gives out, or before it has one.</summary>
    public static TheoryData<string, bool> Failures
    {
        get
        {
            var all = new TheoryData<string, bool>();
            foreach (var name in new[] { nameof(SocketException), nameof(ArgumentException), nameof(InvalidOperationException), nameof(OperationCanceledException) })
            {
                all.Add(name, false);
                all.Add(name, true);
            }

            return all;
        }
    }

    [Theory]
    [MemberData(nameof(Failures))]
    public void A_resolver_that_throws_means_a_name_without_an_address_everywhere(string failure, bool atOnce)
    {
        var resolver = new Failing(1, atOnce, failure, []);

        var error = Assert.Throws<SocketToolsException>(() => Connect(resolver));
        AssertNotFound(error);
        Assert.Equal(failure, error.InnerException!.GetType().Name);
        AssertNotFound(Assert.Throws<SocketToolsException>(() => Start(resolver.Anew())));
        AssertNotFound(Assert.Throws<SocketToolsException>(() => Test(resolver.Anew()).Test(7007, CancellationToken.None)));
        var result = Scan(resolver.Anew(), 7007);
        Assert.Equal("NameNotFound", result.Status);
        Assert.Contains(Name, result.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void A_resolver_that_returns_nothing_means_a_name_without_an_address()
    {
        static Task<IPAddress[]> Resolve(string name) => Task.FromResult<IPAddress[]>([]);
        AssertNotFound(Assert.Throws<SocketToolsException>(() => Connect(Resolve)));
        AssertNotFound(Assert.Throws<SocketToolsException>(() => Connect(Resolve, TimeSpan.FromMilliseconds(100))));
        AssertNotFound(Assert.Throws<SocketToolsException>(() => Start(Resolve)));
        AssertNotFound(Assert.Throws<SocketToolsException>(() => Test(Resolve).Test(7007, CancellationToken.None)));
        AssertNotFound(Assert.Throws<SocketToolsException>(() => Test(Resolve).WaitUntil(7007, PortGoal.Free, TimeSpan.FromMilliseconds(100), CancellationToken.None)));
        Assert.Equal("NameNotFound", Scan(Resolve, 7007).Status);
    }

    [Fact]
    public void Waiting_for_a_resolver_ends_with_the_timeout_or_the_cancellation()
    {
        static Task<IPAddress[]> Resolve(string name) => new TaskCompletionSource<IPAddress[]>().Task;
        using var cancelling = new CancellationTokenSource();
        cancelling.CancelAfter(TimeSpan.FromMilliseconds(100));
        Assert.Throws<OperationCanceledException>(() => Start(Resolve, cancelling.Token));
        var error = Assert.Throws<SocketToolsException>(() => Connect(Resolve, connectTimeout: TimeSpan.FromMilliseconds(100)));
        Assert.Equal(SocketToolsError.ConnectTimeout, error.Error);
        AssertNotFound(Assert.Throws<SocketToolsException>(() => Connect(Resolve, TimeSpan.FromMilliseconds(100))));
        AssertNotFound(Assert.Throws<SocketToolsException>(() => Test(Resolve).WaitUntil(7007, PortGoal.Free, TimeSpan.FromMilliseconds(100), CancellationToken.None)));
        Assert.Equal("TimedOut", Scan(Resolve, 7007, TimeSpan.FromMilliseconds(100)).Status);
    }

    [Fact]
    public void A_resolver_that_returns_an_unusable_address_is_an_error_that_names_it()
    {
        static Task<IPAddress[]> Resolve(string name) => Task.FromResult(Garbage);

        // For examples alone (RFC 5737, RFC 3849): no machine has them. Binding sends nothing.
        static Task<IPAddress[]> ResolveToOthers(string name) => Task.FromResult<IPAddress[]>([IPAddress.Parse("192.0.2.1"), IPAddress.Parse("2001:db8::1")]);
        var connecting = Assert.Throws<SocketToolsException>(() => Connect(Resolve));
        Assert.Contains(Name, connecting.Message, StringComparison.Ordinal);
        var starting = Assert.Throws<SocketToolsException>(() => Start(ResolveToOthers));
        Assert.Equal(SocketToolsError.AddressNotAvailable, starting.Error);
        Assert.Contains(Scan(Resolve, 7007).Status, NotThere);
        Assert.Equal("AddressNotAvailable", Test(ResolveToOthers).Test(7007, CancellationToken.None).Status);
    }

    /// <summary>The server is up to begin with, or comes after the resolver has failed: a wait lasts over the failure.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public async Task A_wait_continues_after_a_resolver_that_throws_once(int n)
    {
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var port = ((IPEndPoint)taken.LocalEndPoint!).Port;
        var resolver = new Failing(n, false, nameof(SocketException), [IPAddress.Loopback]);

        // No server listens before the failure is over, so that every wait includes it.
        var listening = resolver.WhenAskedAgain.ContinueWith(_ => taken.Listen(10), TaskScheduler.Default);
        var (channel, _) = await Task.Run(() => Connector.Connect(
            new SessionOptions { ComputerName = Name, Port = port, WaitFor = Ample }, new ResolvableName(Name, Canonical(resolver.ResolveAsync)), null, null, CancellationToken.None));
        await listening;
        using var accepted = await taken.AcceptAsync();
        channel.Dispose();

        // The one connection is closed with its session, and no other was left.
        Assert.Equal(0, await accepted.ReceiveAsync(new byte[1], SocketFlags.None).WaitAsync(Patience.Long));
        Assert.False(taken.Poll(0, SelectMode.SelectRead));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public async Task A_wait_for_a_free_port_continues_after_a_resolver_that_throws_once(int n)
    {
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        taken.Listen(1);
        var port = ((IPEndPoint)taken.LocalEndPoint!).Port;
        var resolver = new Failing(n, false, nameof(SocketException), [IPAddress.Loopback]);
        _ = resolver.WhenAskedAgain.ContinueWith(_ => taken.Dispose(), TaskScheduler.Default);

        var result = await Task.Run(() => Test(resolver.ResolveAsync).WaitUntil(port, PortGoal.Free, Ample, CancellationToken.None));
        Assert.Equal("Available", result.Status);

        // The sockets that the test bound are closed.
        using var again = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        again.Bind(new IPEndPoint(IPAddress.Loopback, port));
    }

    private static void AssertNotFound(SocketToolsException error)
    {
        Assert.Equal(SocketToolsError.NameNotFound, error.Error);
        Assert.Contains(Name, error.Message, StringComparison.Ordinal);
    }

    private static Func<string, Task<IPAddress[]>> Canonical(Func<string, Task<IPAddress[]>> resolver) =>
        name => NameResolver.ToAddressesAsync(name, resolver);

    private static void Connect(Failing resolver) => Connect(resolver.ResolveAsync);

    private static void Connect(Func<string, Task<IPAddress[]>> resolver, TimeSpan waitFor = default, TimeSpan? connectTimeout = null)
    {
        var options = new SessionOptions { ComputerName = Name, Port = 7007, WaitFor = waitFor, ConnectTimeout = connectTimeout ?? Ample };
        Connector.Connect(options, new ResolvableName(Name, Canonical(resolver)), null, null, CancellationToken.None).Channel.Dispose();
    }

    private static void Start(Failing resolver) => Start(resolver.ResolveAsync);

    private static void Start(Func<string, Task<IPAddress[]>> resolver, CancellationToken cancellationToken = default) =>
        EchoServer.Start(new EchoServerOptions { Address = Name, Resolver = resolver }, cancellationToken).Dispose();

    private static LocalPortTest Test(Failing resolver) => Test(resolver.ResolveAsync);

    private static LocalPortTest Test(Func<string, Task<IPAddress[]>> resolver) =>
        new(Name, SocketProtocol.Tcp, name => NameResolver.ToLocalAsync(name, resolver));

    private static PortAvailability Scan(Failing resolver, int port) => Scan(resolver.ResolveAsync, port);

    private static PortAvailability Scan(Func<string, Task<IPAddress[]>> resolver, int port, TimeSpan? timeout = null)
    {
        using var scan = new PortScan(new PortScanOptions { Timeout = timeout ?? Ample }, ProbeTransport.Create, Canonical(resolver));
        scan.Add([Name], [new PortRange(port, port)]);
        scan.Complete();
        var results = new List<PortAvailability>();
        while (!scan.IsFinished)
        {
            scan.Read(results, Timeout.Infinite);
        }

        return Assert.Single(results);
    }

    /// <summary>Returns addresses, but fails at the n-th call.</summary>
    private sealed class Failing(int n, bool atOnce, string failure, IPAddress[] answer)
    {
        private readonly TaskCompletionSource _askedAgain = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _questions;

        /// <summary>Completes with the call after the one that failed.</summary>
        public Task WhenAskedAgain => _askedAgain.Task;

        public Failing Anew() => new(n, atOnce, failure, answer);

        public Task<IPAddress[]> ResolveAsync(string name)
        {
            var question = Interlocked.Increment(ref _questions);
            if (question > n)
            {
                _askedAgain.TrySetResult();
            }

            if (question != n)
            {
                return Task.FromResult(answer);
            }

            Exception exception = failure switch
            {
                nameof(SocketException) => new SocketException((int)SocketError.TryAgain),
                nameof(ArgumentException) => new ArgumentException("failed as asked"),
                nameof(OperationCanceledException) => new OperationCanceledException(),
                _ => new InvalidOperationException("failed as asked"),
            };
            return atOnce ? throw exception : Task.FromException<IPAddress[]>(exception);
        }
    }
}
