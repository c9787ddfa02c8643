using System.Net;
using System.Net.Sockets;
using PSSocketTools.Net;
using PSSocketTools.Platform;
using PSSocketTools.Tls;

namespace PSSocketTools.Client;

/// <summary>
/// Reports step by step how a session is established, on the thread that connects. There is one only where the caller asked for steps,
/// so that no sentence is made otherwise. For one thread.
/// </summary>
internal sealed class ConnectTrace(SessionOptions options, Action<ConnectStep> write)
{
    // In a wait the same outcome is reported again after this time.
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly Dictionary<string, Attempts> _attempts = [];
    private readonly Attempts _others = new();
    private string? _addresses;

    /// <summary>Reports a name's addresses, when they have changed.</summary>
    /// <param name="all">The addresses.</param>
    /// <param name="chosen">Those of them that are connected to.</param>
    /// <param name="time">How long that took; null where it took place beside other things.</param>
    public void Resolved(IPAddress[] all, IPAddress[] chosen, TimeSpan? time)
    {
        var addresses = List(all);
        if (addresses == _addresses || NameResolver.Read(options.ComputerName) is not null)
        {
            return;
        }

        _addresses = addresses;
        write(new ConnectStep(
            ConnectStepKind.Resolved,
            time is { } known
                ? Messages.Get("TraceResolvedIn", options.ComputerName, addresses, known.TotalMilliseconds)
                : Messages.Get("TraceResolved", options.ComputerName, addresses),
            duration: time));
        if (chosen.Length < all.Length)
        {
            write(new ConnectStep(ConnectStepKind.Resolved, Messages.Get("TraceLeftOut", List(all.Except(chosen)))));
        }
    }

    /// <summary>Reports that an attempt begins, if it is the first on that address.</summary>
    public void Trying(EndPoint endPoint)
    {
        if (!_attempts.ContainsKey(EndPointText.Of(endPoint)))
        {
            _attempts.Add(EndPointText.Of(endPoint), new Attempts());
            Write(ConnectStepKind.Trying, endPoint, null, "TraceTrying", EndPointText.Of(endPoint));
        }
    }

    /// <summary>Reports how an attempt ended without a connection; in a wait, when that is new, or a second after it was reported.</summary>
    /// <param name="endPoint">The address.</param>
    /// <param name="error">Why.</param>
    /// <param name="source">Puts it into words.</param>
    /// <param name="time">How long it took.</param>
    public void Failed(EndPoint endPoint, SocketException error, SourceBinding source, TimeSpan time)
    {
        var reason = error.SocketErrorCode switch
        {
            _ when source.IsSourceError(error) => source.ToError(error, endPoint).Message,
            SocketError.ConnectionRefused when endPoint is IPEndPoint => Messages.Get("TraceRefused"),
            SocketError.TimedOut => Messages.Get("TraceNoAnswer"),
            SocketError.HostUnreachable or SocketError.NetworkUnreachable => Messages.Get("TraceNoRoute"),
            _ => source.ToError(error, endPoint).Message,
        };
        if (_attempts[EndPointText.Of(endPoint)].IsDue(reason, out var count))
        {
            var name = options.Waits ? "TraceAttemptFailed" : "TraceFailed";
            Write(ConnectStepKind.Failed, endPoint, time, name, EndPointText.Of(endPoint), time.TotalMilliseconds, reason.TrimEnd('.'), count);
        }
    }

    /// <summary>Reports that an attempt was abandoned without an answer: for another one that won, or at the end of the time.</summary>
    public void Abandoned(EndPoint endPoint, TimeSpan time, bool isTimeUp) => Write(
        ConnectStepKind.Failed, endPoint, time, isTimeUp ? "TraceCut" : "TraceAbandoned", EndPointText.Of(endPoint), time.TotalMilliseconds);

    /// <summary>Reports why a wait goes on, for what is not an address's own failure.</summary>
    public void Waiting(SocketToolsException reason)
    {
        if (_others.IsDue(reason.Message, out _))
        {
            write(new ConnectStep(ConnectStepKind.Waiting, Messages.Get("TraceWaiting", reason.Message), options.EndPointName));
        }
    }

    public void Connected(EndPoint? local, EndPoint remote, TimeSpan time) =>
        Write(
            ConnectStepKind.Connected,
            remote,
            time,
            remote is IPEndPoint ? "TraceConnected" : "TraceConnectedToPath",
            EndPointText.Of(remote),
            EndPointText.Of(local),
            time.TotalMilliseconds);

    /// <summary>Reports what the TLS handshake negotiated, the certificate, and which of its problems were ignored.</summary>
    public void Encrypted(EndPoint remote, TlsFacts facts, TimeSpan time)
    {
        Write(
            ConnectStepKind.Encrypted,
            remote,
            time,
            "TraceEncrypted",
            EndPointText.Of(remote),
            time.TotalMilliseconds,
            facts.Protocol,
            facts.CipherSuite,
            options.ServerName ?? options.ComputerName);
        if (facts.Certificate is not { } certificate)
        {
            return;
        }

        Write(
            ConnectStepKind.Encrypted,
            remote,
            null,
            "TraceCertificate",
            certificate.Subject,
            certificate.Names,
            certificate.NotAfter,
            certificate.Issuer,
            certificate.Thumbprint);
        var name = options.CertificateThumbprint is not null ? "TraceCertificatePinned" : "TraceCertificateSkipped";
        if (certificate.Problem() is { } problem)
        {
            Write(ConnectStepKind.Encrypted, remote, null, name, problem);
        }

        if (facts.WasAskedForCertificate is { } wasAsked && (wasAsked || options.ClientCertificate is not null))
        {
            Write(
                ConnectStepKind.Encrypted,
                remote,
                null,
                facts.HasSentCertificate ? "TraceClientCertificate" : wasAsked ? "TraceClientCertificateMissing" : "TraceClientCertificateUnasked",
                options.ClientCertificate?.Subject);
        }
    }

    /// <summary>Reports the session's framing and encoding, and over UDP its endpoints.</summary>
    public void Open(SessionContext session, BlockingChannel channel)
    {
        if (session.IsDatagrams)
        {
            Write(
                ConnectStepKind.Connected,
                channel.RemoteEndPoint,
                null,
                "TraceDatagrams",
                EndPointText.Of(channel.RemoteEndPoint),
                EndPointText.Of(channel.LocalEndPoint));
        }

        Write(
            ConnectStepKind.Open,
            channel.RemoteEndPoint,
            null,
            session.EndsByPause ? "TraceOpenByPause" : "TraceOpen",
            options.Delimiter is { } delimiter ? $"{options.Framing} '{delimiter}'" : options.LineEnding is { } end ? $"{options.Framing} {end}" : options.Framing.ToString(),
            options.Encoding.WebName,
            options.IdleGapMilliseconds);
    }

    private void Write(ConnectStepKind kind, EndPoint endPoint, TimeSpan? time, string message, params object?[] values) =>
        write(new ConnectStep(kind, Messages.Get(message, values), EndPointText.Of(endPoint), time));

    private static string List(IEnumerable<IPAddress> addresses) => string.Join(", ", addresses.Select(EndPointText.Of));

    /// <summary>How often something failed, and which reason was reported last, and when.</summary>
    private sealed class Attempts
    {
        private int _count;
        private string? _reported;
        private long _reportedAt;

        public bool IsDue(string reason, out int count)
        {
            count = ++_count;
            if (reason == _reported && Clock.System.Since(_reportedAt) < Interval)
            {
                return false;
            }

            (_reported, _reportedAt) = (reason, Clock.System.Timestamp);
            return true;
        }
    }
}
