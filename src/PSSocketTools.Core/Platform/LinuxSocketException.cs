using System.ComponentModel;
using System.Net.Sockets;

namespace PSSocketTools.Platform;

/// <summary>A socket error of a call to the C library; keeps the number and the text of errors that .NET does not know.</summary>
internal sealed class LinuxSocketException(int number) : SocketException((int)LinuxErrors.ToSocketError(number))
{
    /// <summary>The system's number (errno).</summary>
    public int Number { get; } = number;

    /// <inheritdoc/>
    public override string Message => new Win32Exception(Number).Message;
}
