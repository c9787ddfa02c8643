using System.Net.Sockets;

namespace PSSocketTools.Platform;

/// <summary>An asynchronous operation of a socket that does not take the caller's execution context along, where .NET can be told so.</summary>
internal abstract class UnflowedEventArgs : SocketAsyncEventArgs
{
#if NET
    protected UnflowedEventArgs()
        : base(true)
    {
    }
#endif
}
