using System.Net;
using System.Net.Sockets;
using PSSocketTools.Net;

namespace PSSocketTools.Server;

/// <summary>The sockets that a server listens on, or receives datagrams with, without those that have failed, in the order of opening.</summary>
internal sealed class ServerSockets
{
    private readonly string? _path;
    private readonly List<(Socket Socket, EndPoint? EndPoint)> _sockets;
    private volatile string _endPoint;

    /// <param name="sockets">The sockets; the server's transport closes them.</param>
    /// <param name="path">The path of a Unix domain socket; null for ports.</param>
    public ServerSockets(IEnumerable<Socket> sockets, string? path)
    {
        _path = path;
        _sockets = [.. sockets.Select(static socket => (socket, (EndPoint?)socket.LocalEndPoint))];
        First = _sockets[0].EndPoint as IPEndPoint;
        _endPoint = TextOfAll();
    }

    /// <summary>The first endpoint; null for a path.</summary>
    public IPEndPoint? First { get; }

    /// <summary>Every endpoint as text; where no socket is left, the last one's.</summary>
    public string EndPoint => _endPoint;

    /// <summary>Whether other machines may reach one of the endpoints: it is not a loopback address.</summary>
    public bool CanBeReachedFromOutside
    {
        get
        {
            lock (_sockets)
            {
                return _sockets.Exists(static one => one.EndPoint is IPEndPoint ip && !IPAddress.IsLoopback(ip.Address));
            }
        }
    }

    /// <summary>Whether no socket is left.</summary>
    public bool IsEmpty
    {
        get
        {
            lock (_sockets)
            {
                return _sockets.Count == 0;
            }
        }
    }

    /// <summary>A copy, of the sockets as they are now.</summary>
    public IReadOnlyList<Socket> ToArray()
    {
        lock (_sockets)
        {
            return [.. _sockets.Select(static one => one.Socket)];
        }
    }

    /// <summary>Removes a socket that has failed.</summary>
    /// <param name="socket">The socket; null, or one that was removed before, for none.</param>
    /// <param name="what">What has failed.</param>
    /// <returns>The same with the socket's endpoint.</returns>
    public string Remove(Socket? socket, string what)
    {
        lock (_sockets)
        {
            var lost = _sockets.FindIndex(one => one.Socket == socket);
            if (lost < 0)
            {
                return what;
            }

            var sentence = Messages.Get(
                _sockets.Count > 1 ? "ListenerFailed" : "LastListenerFailed", TextOf(_sockets[lost].EndPoint), what.TrimEnd('.'));
            _sockets.RemoveAt(lost);
            _endPoint = _sockets.Count > 0 ? TextOfAll() : _endPoint;
            return sentence;
        }
    }

    /// <summary>The name for a client on this machine: an address bound to all is reached over loopback.</summary>
    /// <param name="address">The address that the server was to listen on.</param>
    public string? ConnectableName(string address)
    {
        if (First is null)
        {
            return null;
        }

        if (AddressLiteral.IsWildcard(First.Address))
        {
            return string.Equals(address, NameResolver.Any, StringComparison.OrdinalIgnoreCase) || address == "*"
                ? NameResolver.Localhost
                : EndPointText.Of(First.Address.Equals(IPAddress.Any) ? IPAddress.Loopback : IPAddress.IPv6Loopback);
        }

        return address;
    }

    private string TextOfAll() => string.Join(", ", _sockets.Select(one => TextOf(one.EndPoint)));

    private string TextOf(EndPoint? endPoint) => _path ?? EndPointText.Of(endPoint);
}
