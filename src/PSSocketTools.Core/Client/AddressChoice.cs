using System.Net;
using System.Net.Sockets;
using PSSocketTools.Net;

namespace PSSocketTools.Client;

/// <summary>Which addresses of a name a session connects to, and from which address and port of this machine.</summary>
internal sealed class AddressChoice
{
    private readonly SessionOptions _options;
    private readonly IPAddress? _source;
    private readonly AddressFamily? _family;

    /// <exception cref="SocketToolsException">InvalidOption: the options do not belong together, or the source is no address.</exception>
    public AddressChoice(SessionOptions options)
    {
        _options = options;
        if (options.Protocol == SocketProtocol.Unix)
        {
            RequireNone();
        }

        if (options.IPv4 && options.IPv6)
        {
            throw Invalid(Messages.Get("OptionsExclude", Messages.Name(nameof(options.IPv4)), Messages.Name(nameof(options.IPv6))));
        }

        OptionRange.Require(nameof(options.SourcePort), options.SourcePort, SessionOptions.AnySourcePort, SessionOptions.HighestPort);
        _family = options.IPv4 ? AddressFamily.InterNetwork : options.IPv6 ? AddressFamily.InterNetworkV6 : null;
        if (options.SourceAddress is not { } text)
        {
            return;
        }

        _source = AddressName.Read(text, nameof(options.SourcePort)) ?? throw Invalid(Messages.Get("SourceIsName", text));
        if (_family is { } family && family != _source.AddressFamily)
        {
            throw OtherFamily(_source);
        }

        _family = _source.AddressFamily;
    }

    /// <summary>Whether each socket has the same port at this end.</summary>
    public bool HasSourcePort => _options.SourcePort != SessionOptions.AnySourcePort;

    /// <summary>The addresses that can be connected to, in the order given.</summary>
    /// <exception cref="SocketToolsException">NameNotFound: the name has addresses of the other family alone; InvalidOption: so is the address.</exception>
    public IPAddress[] Of(IPAddress[] addresses)
    {
        if (_family is not { } family)
        {
            return addresses;
        }

        var chosen = Array.FindAll(addresses, address => address.AddressFamily == family);
        return chosen.Length > 0 || addresses.Length == 0 ? chosen
            : AddressName.Read(_options.ComputerName) is { } literal ? throw OtherFamily(literal)
            : throw new SocketToolsException(
                SocketToolsError.NameNotFound,
                Messages.Get(
                    "NameOfOtherFamily",
                    _options.ComputerName,
                    FamilyName(addresses[0].AddressFamily),
                    string.Join(", ", addresses.Select(EndPointText.Of)),
                    Reason(),
                    FamilyName(family)),
                _options.ComputerName);
    }

    /// <summary>Binds a socket to the source that was asked for, if any.</summary>
    /// <exception cref="SourceException">The address or the port can't be had.</exception>
    public void Bind(Socket socket)
    {
        if (socket.AddressFamily == AddressFamily.Unix || (_source is null && !HasSourcePort))
        {
            return;
        }

        try
        {
            socket.Bind(EndPointFor(socket.AddressFamily));
        }
        catch (SocketException exception)
        {
            throw new SourceException(exception.SocketErrorCode);
        }
    }

    /// <summary>Whether a connect failed before the server was asked, because its source can't be had.</summary>
    public bool IsOfSource(SocketException exception) => exception is SourceException || IsPairTaken(exception);

    /// <summary>The error of a failed connect: of the source where it is about that.</summary>
    public SocketToolsException ToError(SocketException exception, EndPoint remote)
    {
        if (_options.Protocol == SocketProtocol.Unix)
        {
            return SocketErrors.ConnectingToPath(exception, _options.EndPointName);
        }

        var source = EndPointText.Of(_source is null ? "*" : EndPointText.Of(_source), _options.SourcePort);
        if (exception is SourceException)
        {
            return exception.SocketErrorCode switch
            {
                SocketError.AddressAlreadyInUse => Of(SocketToolsError.PortInUse, "SourcePortInUse", source),
                SocketError.AccessDenied => Of(SocketToolsError.PortAccessDenied, "SourcePortDenied", source),
                SocketError.AddressNotAvailable or SocketError.AddressFamilyNotSupported or SocketError.InvalidArgument =>
                    Of(SocketToolsError.AddressNotAvailable, "SourceNotHere", _source is null ? source : EndPointText.Of(_source)),
                _ => SocketErrors.Connecting(exception, source),
            };
        }

        if (IsPairTaken(exception))
        {
            return Of(SocketToolsError.PortInUse, "SourcePortConnected", source, EndPointText.Of(remote));
        }

        // A loopback address leads to no other machine: EINVAL on Linux, and WSAEADDRNOTAVAIL on Windows.
        return _source is not null && exception.SocketErrorCode is SocketError.InvalidArgument or SocketError.AddressNotAvailable
            or SocketError.HostUnreachable or SocketError.NetworkUnreachable
            ? new SocketToolsException(
                SocketToolsError.Unreachable,
                Messages.Get("UnreachableFromSource", _options.EndPointName, EndPointText.Of(_source!)),
                _options.EndPointName,
                exception)
            : SocketErrors.Connecting(exception, _options.EndPointName);

        SocketToolsException Of(SocketToolsError error, string message, params object[] values) =>
            new(error, Messages.Get(message, values), values[0], exception);
    }

    // Linux tells a pair of ends that is in use by the first of these, Windows by the second.
    private bool IsPairTaken(SocketException exception) =>
        HasSourcePort && exception.SocketErrorCode is SocketError.AddressNotAvailable or SocketError.AddressAlreadyInUse;

    private IPEndPoint EndPointFor(AddressFamily family) =>
        new(_source ?? (family == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any), _options.SourcePort);

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

    private SocketToolsException OtherFamily(IPAddress address)
    {
        var wanted = address.AddressFamily == AddressFamily.InterNetwork ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork;
        return Invalid(Messages.Get("AddressOfOtherFamily", EndPointText.Of(address), FamilyName(address.AddressFamily), Reason(), FamilyName(wanted)));
    }

    /// <summary>The option that asks for one family.</summary>
    private string Reason() => Messages.Name(
        _options.IPv4 ? nameof(_options.IPv4)
        : _options.IPv6 ? nameof(_options.IPv6)
        : $"{nameof(_options.SourceAddress)} {_options.SourceAddress}");

    private SocketToolsException Invalid(string message) => new(SocketToolsError.InvalidOption, message, _options.EndPointName);

    private static string FamilyName(AddressFamily family) => family == AddressFamily.InterNetwork ? "IPv4" : "IPv6";
}
