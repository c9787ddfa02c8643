using System;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Tasks;

/// <summary>A TLS echo server as one writes it in .NET: an asynchronous loop a client over SslStream. Compiled by the pwsh that runs it.</summary>
public static class EchoTls
{
    /// <summary>Starts to serve, for as long as the process lives.</summary>
    /// <returns>The port.</returns>
    public static int Start(X509Certificate2 certificate)
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start(4096);
        _ = AcceptAllAsync(listener, certificate);
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static async Task AcceptAllAsync(TcpListener listener, X509Certificate2 certificate)
    {
        while (true)
        {
            _ = ServeAsync(await listener.AcceptTcpClientAsync().ConfigureAwait(false), certificate);
        }
    }

    private static async Task ServeAsync(TcpClient client, X509Certificate2 certificate)
    {
        using (client)
        using (var stream = new SslStream(client.GetStream()))
        {
            client.NoDelay = true;
            await stream.AuthenticateAsServerAsync(certificate).ConfigureAwait(false);
            var buffer = new byte[65536];
            int count;
            while ((count = await stream.ReadAsync(buffer).ConfigureAwait(false)) > 0)
            {
                await stream.WriteAsync(buffer.AsMemory(0, count)).ConfigureAwait(false);
            }
        }
    }
}
