using PSSocketTools.Net;

namespace PSSocketTools;

/// <summary>What the repeated tests of one target came to.</summary>
public sealed class PortHistory
{
    internal PortHistory(PortAvailability first)
    {
        ComputerName = first.ComputerName;
        Port = first.Port;
        Protocol = first.Protocol;
        Service = first.Service;
        Verification = first.Verification;
        FirstTest = first.Timestamp;
    }

    /// <summary>The computer tested, as it was asked for.</summary>
    public string ComputerName { get; }

    /// <summary>The port, 1 to 65535.</summary>
    public int Port { get; }

    /// <summary>Tcp or Udp.</summary>
    public string Protocol { get; }

    /// <summary>The service registered for the port; null where there is none.</summary>
    public string? Service { get; }

    /// <summary>The addresses that answered or were tried, in the order they came up, with commas between.</summary>
    public string? Addresses { get; internal init; }

    /// <summary>What was asked of each connection beside that it is accepted: the name of a <see cref="PortVerification"/>; null where nothing was.</summary>
    public string? Verification { get; }

    /// <summary>When the first test ended, in local time.</summary>
    public DateTime FirstTest { get; }

    /// <summary>When the last test ended, in local time.</summary>
    public DateTime LastTest { get; internal init; }

    /// <summary>What the last test found: the name of a <see cref="PortStatus"/>.</summary>
    public string LastStatus { get; internal init; } = "";

    /// <summary>How many tests were made.</summary>
    public int Sent { get; internal init; }

    /// <summary>How many found the port open, or locally free.</summary>
    public int Succeeded { get; internal init; }

    /// <summary>How many of a hundred did not.</summary>
    public double LossPercent => 100.0 * (Sent - Succeeded) / Sent;

    /// <summary>The shortest latency of those that succeeded, in milliseconds; null where none was measured.</summary>
    public double? MinimumMilliseconds { get; internal init; }

    /// <summary>The arithmetic mean of the latencies, in milliseconds.</summary>
    public double? MeanMilliseconds { get; internal init; }

    /// <summary>The longest latency, in milliseconds.</summary>
    public double? MaximumMilliseconds { get; internal init; }

    /// <summary>When a test failed first, in local time; null where none did.</summary>
    public DateTime? FirstFailure { get; internal init; }

    /// <summary>What that test found: the name of a <see cref="PortStatus"/>; null where none failed.</summary>
    public string? FirstFailureStatus { get; internal init; }

    /// <summary>When a test succeeded last, in local time; null where none did.</summary>
    public DateTime? LastSuccess { get; internal init; }

    /// <summary>The longest time from a failure to the next success, or to the last test, in milliseconds; null where none failed.</summary>
    public double? LongestOutageMilliseconds { get; internal init; }

    /// <summary>The target and the loss, for a debugger or a string.</summary>
    public override string ToString() => $"{Platform.OutsideText.Clean(EndPointText.Of(ComputerName, Port))} {Succeeded}/{Sent}";
}
