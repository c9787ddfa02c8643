using System.Text.RegularExpressions;
using PSSocketTools.Resources;

namespace PSSocketTools.Binding;

/// <summary>
/// A number alone where a computer and its port may stand is a port of this machine: no computer is called 7007, and
/// Start-EchoServer takes the same number for a port.
/// </summary>
internal static class LonePort
{
    private const string Target = "Port";

    /// <summary>The port given in place of a computer.</summary>
    /// <exception cref="SocketToolsException">InvalidOption: it is a computer, and the port is missing.</exception>
    public static int Read(string computerName)
    {
        var port = ReadSeveral([computerName])[0];
        return port.Count == 1 ? port.First : throw Missing(computerName);
    }

    /// <summary>The ports given in place of computers.</summary>
    /// <exception cref="SocketToolsException">InvalidOption: one is a computer, and the port is missing.</exception>
    public static PortRange[] ReadSeveral(string[] computerNames) =>
        Array.Find(computerNames, static name => !Regex.IsMatch(name, @"^\d+(-\d+)?$")) is { } computerName
            ? throw Missing(computerName)
            : [.. PortRange.ParseList(string.Join(",", computerNames))];

    /// <summary>The error of a command without a server or session to use.</summary>
    public static SocketToolsException TargetMissing(string sentence) =>
        new(SocketToolsError.InvalidOption, Messages.Get(sentence), Target);

    private static SocketToolsException Missing(string computerName)
    {
        var parts = Regex.Match(computerName, @"^(?:\[([^\]]+)\]|([^:/\[\]]+)):(\d+)$");
        var sentence = parts.Success
            ? Messages.Get("ComputerWithPort", computerName, parts.Groups[1].Value + parts.Groups[2].Value, parts.Groups[3].Value)
            : Messages.Get("PortOfComputerMissing", computerName);
        return new SocketToolsException(SocketToolsError.InvalidOption, sentence, Target);
    }
}
