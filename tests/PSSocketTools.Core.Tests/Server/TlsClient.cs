using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PSSocketTools.Tests.Server.Transport;
using Xunit;

namespace PSSocketTools.Tests.Server;

/// <summary>The client's side of TLS in tests, and their certificates.</summary>
internal static class TlsClient
{
    /// <summary>Makes a self-signed certificate.</summary>
    public static X509Certificate2 MakeCertificate(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=" + name, key, HashAlgorithmName.SHA256);
        var now = DateTimeOffset.UtcNow;
        using var made = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));

        // Windows can't use a key that is in memory alone.
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx), null);
    }

    /// <summary>Runs the handshake, and pins the server's certificate.</summary>
    public static async Task<SslStream> AuthenticateAsync(
        this BareClient client, X509Certificate2 server, X509Certificate2? own = null, SslProtocols versions = SslProtocols.None)
    {
        var stream = new SslStream(new NetworkStream(client.Socket), leaveInnerStreamOpen: false);
        await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            ClientCertificates = own is null ? null : [own],
            EnabledSslProtocols = versions,
            RemoteCertificateValidationCallback = (_, shown, _, _) => shown?.GetCertHashString() == server.Thumbprint,
        }).WaitAsync(Patience.Long);
        return stream;
    }

    /// <summary>Sends bytes, and asserts that they come back.</summary>
    public static async Task ExchangeAsync(this SslStream stream, byte[] message)
    {
        var answer = new byte[message.Length];
        var writing = stream.WriteAsync(message).AsTask();
        await stream.ReadExactlyAsync(answer).AsTask().WaitAsync(Patience.Long);
        await writing.WaitAsync(Patience.Long);
        Assert.True(message.AsSpan().SequenceEqual(answer));
    }
}
