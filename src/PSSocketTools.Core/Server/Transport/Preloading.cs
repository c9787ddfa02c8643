using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using PSSocketTools.Net;

namespace PSSocketTools.Server.Transport;

/// <summary>Loads what a server's first connection, or first failure, would load, since then there may be no descriptor for it.</summary>
internal static class Preloading
{
    /// <summary>Loads the assemblies and messages, once in a process.</summary>
    public static void Run()
    {
        GC.KeepAlive(typeof(SslStream));
        GC.KeepAlive(new AuthenticationException(new SocketException((int)SocketError.TooManyOpenSockets).Message));
        GC.KeepAlive(Messages.Get("DescriptorsShort", 0));
    }
}
