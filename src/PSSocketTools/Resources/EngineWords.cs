namespace PSSocketTools.Resources;

/// <summary>What users of the cmdlets write for what the engine's sentences name.</summary>
internal static class EngineWords
{
    private const string Fault = nameof(FaultKind) + ".";

    /// <summary>The options whose parameter has another name; each other option's parameter has its own.</summary>
    private static readonly Dictionary<string, string> Parameters = new()
    {
        [nameof(EchoServerOptions.IsDiscarding)] = "NoResponse",
        [nameof(EchoServerOptions.IsBroadcasting)] = "Broadcast",
        [nameof(EchoServerOptions.IncludesSender)] = "IncludeSender",
        [nameof(EchoServerOptions.IsSequential)] = "Sequential",
        [nameof(EchoServerOptions.IdleTimeout)] = "IdleTimeoutSec",
        [nameof(EchoServerOptions.MinDelayMilliseconds)] = "ResponseDelayMilliseconds",
        [nameof(EchoServerOptions.MaxDelayMilliseconds)] = "ResponseDelayMilliseconds",
        [nameof(EchoServerOptions.StopAfter)] = "StopAfterSec",
        [nameof(FaultKind.Fragment)] = "FragmentBytes",
        [nameof(FaultKind.Truncate)] = "TruncateAfterBytes",
        [nameof(EchoServerFaultOptions.IsPerConnection)] = "PerConnection",
        [nameof(SelfSignedCertificate)] = "SelfSigned",
        [nameof(EchoServerOptions.TrustedClientCertificates)] = "TrustedClientCertificate",
        [nameof(EchoServerOptions.TrustedClientThumbprints)] = "TrustedClientCertificate",
        [nameof(CertificateFileOptions.Overwrite)] = "Force",
        [nameof(SessionOptions.ConnectTimeout)] = "TimeoutSec",
        [nameof(SessionOptions.ResponseTimeout)] = "ResponseTimeoutSec",
        [nameof(SessionOptions.WaitFor)] = "WaitSec",
        [nameof(PortScanOptions.RetryLimit)] = "WaitSec",
        [nameof(PortScanOptions.Timeout)] = "TimeoutSec",
        [nameof(EchoLoadOptions.Duration)] = "DurationSec",
    };

    /// <summary>The parameter of an option, without its dash.</summary>
    public static string Parameter(string option) => Parameters.TryGetValue(option, out var parameter) ? parameter : option;

    /// <summary>Makes the engine's sentences name parameters and cmdlets.</summary>
    public static void Tell()
    {
        MessageTerms.Name = static name => name switch
        {
            "EchoConnection.CloseAsync" => "Disconnect-EchoConnection",
            "EchoServer.GetConnections" => "Get-EchoConnection",
            "EchoSession.Close" => "Disconnect-EchoServer",
            "EchoSession.CloseSend" => "Disconnect-EchoServer -SendOnly",
            "EchoSession.Connect" => "Connect-EchoServer",
            "EchoSession.Receive" => "Receive-SocketMessage",
            nameof(LocalPortTest) => "Test-PortAvailability",
            "ResponseHandling.None" => "-NoResponse",
            "ResponseHandling.Received" => "-NoWait",
            _ when name.StartsWith(Fault, StringComparison.Ordinal) => "-" + Parameter(name.Substring(Fault.Length)),
            _ => "-" + Parameter(name),
        };
        MessageTerms.Sentence = static name => name is
            // A cmdlet or PowerShell itself knows a way out that the engine has no name for.
            "DescriptorsShort" or "PortInUseByThis" or "ReceiveTimeout" or "SelfSignedNotSupported" or "ServerStopped"
            or "UnixSocketNotSupported" or "WaitTimeout" ? Messages.Get(name) : null;
    }
}
