using System.Net;
using System.Net.Sockets;
using PSSocketTools.Net;

namespace PSSocketTools.Client;

/// <summary>The address and port of this machine that a session connects from, as far as the options name them: binds sockets to them, and explains their errors.</summary>
internal sealed class SourceBinding
{
    private readonly SessionOptions _options;
    private readonly AddressSelection _selection;

    /// <exception cref="SocketToolsException">InvalidOption: the options do not belong together, or the source address is a name.</exception>
    public SourceBinding(SessionOptions options)
    {
        _options = options;
        if (options.Protocol == SocketProtocol.Unix)
        {
            RequireNone();
        }

        OptionRange.Require(options.SourcePort, SessionOptions.AnySourcePort, SessionOptions.HighestPort, nameof(options.SourcePort));
        _selection = new AddressSelection(options.IPv4, options.IPv6, options.SourceAddress, options.EndPointName);
    }

    private bool HasSourcePort => _options.SourcePort != SessionOptions.AnySourcePort;

    /// <summary>Those of a name's addresses that can be connected to from here, in the order given.</summary>
    /// <exception cref="SocketToolsException">NameNotFound: the name has addresses of the other family alone; InvalidOption: so is the address.</exception>
    public IPAddress[] Reachable(IPAddress[] addresses) => _selection.Of(_options.ComputerName, addresses);

    /// <summary>Binds a socket to the source address and port, if the options name one of them.</summary>
    /// <exception cref="SocketException">The address or the port is not available.</exception>
    public void Bind(Socket socket)
    {
        if (socket.AddressFamily == AddressFamily.Unix || (Source is null && !HasSourcePort))
        {
            return;
        }

        try
        {
            socket.Bind(EndPointFor(socket.AddressFamily));
        }
        catch (SocketException exception)
        {
            throw new BindException(exception.SocketErrorCode);
        }
    }

    /// <summary>Whether a connect failed before anything was sent to the server, because the source address or port is not available.</summary>
    public bool IsSourceError(SocketException exception) => exception is BindException || IsPairTaken(exception);

    /// <summary>The error of a failed connect, about the source address or port where that is the cause.</summary>
    public SocketToolsException ToError(SocketException exception, EndPoint remote)
    {
        if (_options.Protocol == SocketProtocol.Unix)
        {
            return SocketErrors.ToConnectErrorAtPath(exception, _options.EndPointName);
        }

        var source = EndPointText.Of(Source is null ? "*" : EndPointText.Of(Source), _options.SourcePort);
        if (exception is BindException)
        {
            return exception.SocketErrorCode switch
            {
                SocketError.AddressAlreadyInUse => Of(SocketToolsError.PortInUse, "SourcePortInUse", source),
                SocketError.AccessDenied => Of(SocketToolsError.PortAccessDenied, "SourcePortDenied", source),
                SocketError.AddressNotAvailable or SocketError.AddressFamilyNotSupported or SocketError.InvalidArgument =>
                    Of(SocketToolsError.AddressNotAvailable, "SourceNotHere", Source is null ? source : EndPointText.Of(Source)),
                _ => SocketErrors.ToConnectError(exception, source),
            };
        }

        if (IsPairTaken(exception))
        {
            return Of(SocketToolsError.PortInUse, "SourcePortConnected", source, EndPointText.Of(remote));
        }

        // A loopback address leads to no other machine: EINVAL on Linux, and WSAEADDRNOTAVAIL on Windows.
        return Source is not null && exception.SocketErrorCode is SocketError.InvalidArgument or SocketError.AddressNotAvailable
            or SocketError.HostUnreachable or SocketError.NetworkUnreachable
            ? new SocketToolsException(
                SocketToolsError.Unreachable,
                Messages.Get("UnreachableFromSource", _options.EndPointName, EndPointText.Of(Source!)),
                _options.EndPointName,
                exception)
            : SocketErrors.ToConnectError(exception, _options.EndPointName);

        SocketToolsException Of(SocketToolsError error, string message, params object[] values) =>
            new(error, Messages.Get(message, values), values[0], exception);
    }

    private IPAddress? Source => _selection.Source;

    // Linux reports a pair of endpoints that is in use by the first of these, Windows by the second.
    private bool IsPairTaken(SocketException exception) =>
        HasSourcePort && exception.SocketErrorCode is SocketError.AddressNotAvailable or SocketError.AddressAlreadyInUse;

    private IPEndPoint EndPointFor(AddressFamily family) =>
        new(Source ?? (family == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any), _options.SourcePort);

    private void RequireNone()
    {
        var given = _options.IPv4 ? nameof(_options.IPv4)
            : _options.IPv6 ? nameof(_options.IPv6)
            : _options.SourceAddress is not null ? nameof(_options.SourceAddress)
            : HasSourcePort ? nameof(_options.SourcePort)
            : null;
        if (given is not null)
        {
            throw Invalid(Messages.Get("UnixHasNoAddress", Messages.Name(given)));
        }
    }

    private SocketToolsException Invalid(string message) => new(SocketToolsError.InvalidOption, message, _options.EndPointName);

    /// <summary>A socket could not be bound to the source address and port.</summary>
    private sealed class BindException(SocketError error) : SocketException((int)error);
}
