using System.Globalization;
using System.Text;

namespace PSSocketTools.Platform;

/// <summary>The names of users on Linux and macOS.</summary>
internal static unsafe class UnixUser
{
    // Room for struct passwd, which begins with the pointer to the name on every system.
    private const int EntrySize = 256;

    private const int TextCapacity = 64 * 1024;

    /// <summary>The name of a user, or the number of one without a name.</summary>
    public static string TextOf(long id) => NameOf(id) ?? id.ToString(CultureInfo.InvariantCulture);

    /// <summary>The name of a user; null where the number has none.</summary>
    public static string? NameOf(long id)
    {
        var entry = stackalloc byte[EntrySize];
        byte* found = null;
        fixed (byte* text = new byte[TextCapacity])
        {
            if (Libc.GetUser((uint)id, entry, text, TextCapacity, &found) != 0 || found is null)
            {
                return null;
            }

            var name = *(byte**)entry;
            var length = 0;
            while (name[length] != 0)
            {
                length++;
            }

            return Encoding.UTF8.GetString(name, length);
        }
    }
}
