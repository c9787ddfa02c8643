namespace PSSocketTools.Platform;

/// <summary>The error queue of a Linux socket (ip(7), IP_RECVERR): an error number alone does not distinguish a router's refusal from the host's own.</summary>
internal static unsafe class LinuxErrorQueue
{
    private const int ControlLength = 512;

    // ee_origin of struct sock_extended_err: what follows it is the sender's address.
    private const int OriginIcmp = 2;
    private const int OriginIcmpIPv6 = 3;
    private const int ErrorLength = 16;

    /// <summary>Makes a socket keep the ICMP messages it gets. Where it can't, the queue stays empty.</summary>
    public static void Enable(int descriptor, int family)
    {
        var isOn = 1;
        _ = family == Libc.FamilyInet6
            ? Libc.SetSocketOption(descriptor, Libc.SolIPv6, Libc.IPv6ReceiveErrors, &isOn, sizeof(int))
            : Libc.SetSocketOption(descriptor, Libc.SolIP, Libc.IPReceiveErrors, &isOn, sizeof(int));
    }

    /// <summary>Empties the queue, and returns the last message; null when there was none.</summary>
    public static IcmpError? Take(int descriptor)
    {
        IcmpError? last = null;
        var control = stackalloc byte[ControlLength];
        while (true)
        {
            // Nothing of the datagram itself is read.
            var header = new Libc.MessageHeader { Control = control, ControlLength = ControlLength };
            if (Libc.ReceiveMessage(descriptor, &header, Libc.MessageErrorQueue | Libc.MessageDontWait) < 0)
            {
                return last;
            }

            last = Read(control, (int)header.ControlLength) ?? last;
        }
    }

    private static IcmpError? Read(byte* control, int length)
    {
        // struct cmsghdr: the length, with itself, then level and type.
        const int HeaderLength = 16;
        for (var at = 0; at + HeaderLength + ErrorLength <= length;)
        {
            var size = (int)*(nint*)(control + at);
            var level = *(int*)(control + at + 8);
            var type = *(int*)(control + at + 12);
            var error = control + at + HeaderLength;
            if ((level, type) is (Libc.SolIP, Libc.IPReceiveErrors) or (Libc.SolIPv6, Libc.IPv6ReceiveErrors) && error[4] is OriginIcmp or OriginIcmpIPv6)
            {
                var sender = error + ErrorLength;
                return new IcmpError(
                    error[4] == OriginIcmpIPv6,
                    error[5],
                    error[6],
                    *(ushort*)sender is Libc.FamilyInet or Libc.FamilyInet6 ? LinuxAddress.Read(sender) : null);
            }

            if (size < HeaderLength)
            {
                return null;
            }

            at += (size + 7) & ~7;
        }

        return null;
    }
}
