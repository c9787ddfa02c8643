using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using PSSocketTools.Net;

namespace PSSocketTools.Server.Transport;

/// <summary>Has .NET open what a server's first client, or first failure, would make it open: by then there may be no descriptor for it.</summary>
internal static class Warmth
{
    /// <summary>Loads the assemblies and the sentences; the first time counts.</summary>
    public static void Touch()
    {
        GC.KeepAlive(typeof(SslStream));
        GC.KeepAlive(new AuthenticationException(new SocketException((int)SocketError.TooManyOpenSockets).Message));
        GC.KeepAlive(Messages.Get("DescriptorsShort", 0));
    }
}
