using System.Globalization;
using System.Net;

namespace PSSocketTools.Net;

/// <summary>Formats endpoints and addresses.</summary>
internal static class EndPointText
{
    /// <summary>An address in canonical form: an IPv4-mapped one as IPv4.</summary>
    public static string Of(IPAddress address) => AddressLiteral.Canonical(address).ToString();

    /// <summary><c>127.0.0.1:5050</c> or <c>[::1]:5050</c>; the path, of a Unix socket.</summary>
    public static string Of(EndPoint? endPoint) => endPoint switch
    {
        IPEndPoint ip => Of(Of(ip.Address), ip.Port),
        null => string.Empty,
        _ => endPoint.ToString() ?? string.Empty,
    };

    /// <summary>A host and a port, with brackets where the host is an IPv6 address that has none (RFC 3986, section 3.2.2).</summary>
    public static string Of(string host, int port)
    {
        var number = port.ToString(CultureInfo.InvariantCulture);
        return host.IndexOf(':') >= 0 && host[0] != '[' ? $"[{host}]:{number}" : $"{host}:{number}";
    }
}
