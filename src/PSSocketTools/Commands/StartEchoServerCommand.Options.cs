using PSSocketTools.Binding;
using PSSocketTools.Lifetime;
using PSSocketTools.Resources;
using PSSocketTools.Responders;

namespace PSSocketTools.Commands;

// From its parameters to the engine's options.
public sealed partial class StartEchoServerCommand
{
    private EchoServerOptions ToOptions()
    {
        if (SelfSigned && Certificate is not null)
        {
            throw new SocketToolsException(SocketToolsError.InvalidOption, Messages.Get("SelfSignedOrCertificate"), Certificate);
        }

        if (CertificatePassword is not null && Certificate is not string)
        {
            throw new SocketToolsException(SocketToolsError.InvalidOption, Messages.Get("PasswordWithoutFile"), nameof(CertificatePassword));
        }

        if (SocketPath is not null && IsBound(nameof(Port)))
        {
            throw new SocketToolsException(SocketToolsError.InvalidOption, Messages.Get("SocketPathOrPort"), nameof(SocketPath));
        }

        foreach (var name in new[] { nameof(Backlog), nameof(MaxConnections), nameof(MaxMessageBytes), nameof(IdleGapMilliseconds), nameof(BufferSize), nameof(SelfSigned) })
        {
            if (Protocol == SocketProtocol.Udp && IsBound(name))
            {
                throw new SocketToolsException(SocketToolsError.InvalidOption, Messages.Get("NotWithUdp", name), name);
            }
        }

        if (Responder is null && IsBound(nameof(ResponderTimeoutSec)))
        {
            throw new SocketToolsException(
                SocketToolsError.InvalidOption, Messages.Get("ResponderTimeoutNeedsResponder"), nameof(ResponderTimeoutSec));
        }

        var framing = Delimiter is null || IsBound(nameof(Framing)) ? Framing : MessageFraming.Delimiter;
        if (framing != MessageFraming.Auto && IsBound(nameof(IdleGapMilliseconds)))
        {
            throw new SocketToolsException(SocketToolsError.InvalidOption, Messages.Get("IdleGapNeedsAuto", framing), nameof(IdleGapMilliseconds));
        }

        var trusted = TrustedCertificates.Read(TrustedClientCertificate, SessionState);
        var options = new EchoServerOptions
        {
            Id = Running.Servers.NextId(),
            Name = Name,
            Port = Port,
            Address = ListenAddress,
            Protocol = Protocol,
            SocketPath = ToFullPath(SocketPath),
            IsSequential = Sequential,
            Framing = framing,
            Delimiter = Delimiter?.ToDelimiter(Encoding.Encoding),
            LineEnding = IsBound(nameof(LineEnding)) ? LineEnding : null,
            IdleGapMilliseconds = IdleGapMilliseconds,
            ResponseFormat = ResponseFormat,
            Transform = Transform,
            Responder = Responder is null
                ? null
                : new ScriptResponder(
                    new ResponderScript(Responder, SessionState), Encoding.Encoding, ToTimeLimit(ResponderTimeoutSec, nameof(ResponderTimeoutSec))),
            IsDiscarding = NoResponse,
            IsBroadcasting = Broadcast,
            IncludesSender = IncludeSender,
            ErrorResponse = ErrorResponse,
            ExitCommand = ExitCommand,
            Farewell = Farewell,
            Greeting = Greeting,
            Encoding = Encoding.Encoding,
            BufferSize = BufferSize,
            Backlog = Backlog,
            MaxConnections = MaxConnections,
            MaxMessageBytes = MaxMessageBytes,
            IdleTimeout = ToTimeLimit(IdleTimeoutSec, nameof(IdleTimeoutSec)),
            AllowFrom = AllowFrom,
            RequireClientCertificate = RequireClientCertificate,
            TrustedClientCertificates = trusted.Certificates,
            TrustedClientThumbprints = trusted.Thumbprints,
            MinDelayMilliseconds = ResponseDelayMilliseconds.Least,
            MaxDelayMilliseconds = ResponseDelayMilliseconds.Most,
            DisconnectAfter = DisconnectAfter,
            ResetAfter = ResetAfter,
            FragmentBytes = FragmentBytes,
            StopAfter = ToTimeLimit(StopAfterSec, nameof(StopAfterSec)),
            StopAfterConnections = StopAfterConnections,
            LogPath = ToFullPath(LogPath),
            EventCapacity = EventCapacity,
            EventMessageBytes = EventMessageBytes,
        };

        // Last, so that nothing that fails comes after it: one that is made or read here is disposed of with the server.
        return options with
        {
            Certificate = SelfSigned ? SelfSignedCertificate.Create() : CertificateFile.Open(Certificate, CertificatePassword, SessionState),
            OwnsCertificate = SelfSigned || Certificate is string,
        };
    }

    /// <summary>A limit in seconds; one too short for the clocks that measure it would come out as none.</summary>
    private static TimeSpan ToTimeLimit(double seconds, string name) => seconds is 0 or >= TimeLimit.LowestSeconds
        ? TimeSpan.FromSeconds(seconds)
        : throw new SocketToolsException(SocketToolsError.InvalidOption, Messages.Get("TimeLimitTooShort", name, seconds), name);

    private string? ToFullPath(string? path) => path is null ? null : FilePath.ToFull(path, SessionState);
}
