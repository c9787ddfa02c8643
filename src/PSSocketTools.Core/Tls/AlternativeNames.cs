using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace PSSocketTools.Tls;

/// <summary>
/// The DNS names and addresses that a certificate is for: those of its subject alternative names (RFC 5280, section 4.2.1.6), or its
/// common name where it has none. .NET Framework has no reader for them.
/// </summary>
internal static class AlternativeNames
{
    private const string Extension = "2.5.29.17";

    private const byte Sequence = 0x30;
    private const byte DnsName = 0x82;
    private const byte IPAddressName = 0x87;

    public static List<string> Of(X509Certificate2 certificate)
    {
        var names = certificate.Extensions[Extension] is { } extension ? Read(extension.RawData) : [];
        if (names.Count == 0 && certificate.GetNameInfo(X509NameType.DnsName, forIssuer: false) is { Length: > 0 } common)
        {
            names.Add(common);
        }

        return names;
    }

    /// <summary>The DNS names and addresses of the extension, in its order; of one that is damaged, those before the damage.</summary>
    /// <param name="der">Its value: a SEQUENCE of GeneralName in DER (X.690).</param>
    internal static List<string> Read(byte[] der)
    {
        var names = new List<string>();
        var at = 0;
        if (!TryOpen(der, der.Length, ref at, out var tag, out var end) || tag != Sequence)
        {
            return names;
        }

        while (TryOpen(der, end, ref at, out tag, out var next))
        {
            if (tag == DnsName)
            {
                names.Add(Encoding.ASCII.GetString(der, at, next - at));
            }
            else if (tag == IPAddressName && next - at is 4 or 16)
            {
                var address = new byte[next - at];
                Buffer.BlockCopy(der, at, address, 0, address.Length);
                names.Add(new IPAddress(address).ToString());
            }

            at = next;
        }

        return names;
    }

    /// <summary>Reads a tag and a length; afterwards the content goes from <paramref name="at"/> to <paramref name="next"/>.</summary>
    private static bool TryOpen(byte[] der, int end, ref int at, out byte tag, out int next)
    {
        (tag, next) = (0, 0);
        if (end - at < 2)
        {
            return false;
        }

        tag = der[at++];
        int length = der[at++];
        if (length >= 0x80)
        {
            // The long form: so many bytes of length. DER has no other with the highest bit, and nothing here needs more than three.
            var count = length & 0x7F;
            if (count is 0 or > 3 || end - at < count)
            {
                return false;
            }

            for (length = 0; count > 0; count--)
            {
                length = (length << 8) | der[at++];
            }
        }

        next = at + length;
        return next <= end;
    }
}
