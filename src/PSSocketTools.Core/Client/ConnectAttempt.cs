using System.Net;
using System.Net.Sockets;
using PSSocketTools.Net;
using PSSocketTools.Platform;

namespace PSSocketTools.Client;

/// <summary>An attempt to connect to an address, on a dedicated thread so that the socket stays a blocking one.</summary>
internal sealed class ConnectAttempt
{
    private readonly object _sync = new();
    private bool _abandoned;

    /// <exception cref="TaskSchedulerException">No descriptor is left for a thread.</exception>
    public ConnectAttempt(EndPoint endPoint, SourceBinding source)
    {
        EndPoint = endPoint;
        Outcome = Task.Factory.StartNew(() => Connect(endPoint, source), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    public EndPoint EndPoint { get; }

    /// <summary>When it began, a <see cref="Clock.Timestamp"/>.</summary>
    public long StartedAt { get; } = Clock.System.Timestamp;

    /// <summary>How long it has taken.</summary>
    public TimeSpan Duration => Clock.System.Since(StartedAt);

    /// <summary>How long the connect took: as the system measured it, or else by the clock around the system call. Its thread, which had to start first, is no part of it.</summary>
    public TimeSpan Latency { get; private set; }

    /// <summary>Null when the connection was established, otherwise why not.</summary>
    public Task<SocketException?> Outcome { get; }

    public Socket? Socket { get; private set; }

    public void Abandon()
    {
        lock (_sync)
        {
            _abandoned = true;
            // The close cancels a pending connect.
            Socket?.Dispose();
        }
    }

    private SocketException? Connect(EndPoint endPoint, SourceBinding source)
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
                    endPoint.AddressFamily, SocketType.Stream, endPoint is IPEndPoint ? ProtocolType.Tcp : ProtocolType.Unspecified, source);
            }

            if (endPoint is IPEndPoint)
            {
                Socket.NoDelay = true;
            }

            SynRetransmission.Disable(Socket);
            var startedAt = Clock.System.Timestamp;
            Socket.Connect(endPoint);
            var time = Clock.System.Since(startedAt);
            Latency = TcpRoundTrip.Of(Socket) is { } milliseconds ? TimeSpan.FromTicks((long)(milliseconds * TimeSpan.TicksPerMillisecond)) : time;
            if (!SelfConnection.Is(Socket, endPoint))
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
