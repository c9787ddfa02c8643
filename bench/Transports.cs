namespace PSSocketTools.Bench;

/// <summary>A pwsh whose servers are on one transport.</summary>
/// <param name="Name">The transport's name.</param>
/// <param name="Shell">The pwsh.</param>
internal sealed record Transports(string Name, PowerShellProcess Shell)
{
    private static readonly string[] Known = ["Epoll", "Async"];

    /// <summary>Starts a pwsh for each transport there is here, and notes which are not.</summary>
    public static List<Transports> Start(List<string> notes)
    {
        var found = new List<Transports>();
        foreach (var name in Known)
        {
            var shell = PowerShellProcess.Start(name);
            string? reason = null;
            try
            {
                if (shell.Invoke("$s = Start-EchoServer; $s.Transport; $s | Stop-EchoServer") is var used && used.GetValue<string>() != name)
                {
                    reason = $"the module used {used}";
                }
            }
            catch (InvalidOperationException exception)
            {
                reason = exception.Message;
            }

            if (reason is null)
            {
                found.Add(new Transports(name, shell));
            }
            else
            {
                shell.Dispose();
                notes.Add($"Left out: the transport {name}: {reason}.");
            }
        }

        return found;
    }

    /// <summary>Starts a server.</summary>
    /// <param name="what">What the table calls it, beside the transport.</param>
    /// <param name="load">What will be asked of it.</param>
    /// <param name="arguments">Further parameters of Start-EchoServer.</param>
    public Subject Serve(string what, Load load, string arguments = "")
    {
        var protocol = load.IsDatagrams ? "-Protocol Udp" : "-Backlog 4096";
        var server = Shell.Invoke($"$server = Start-EchoServer -Address 127.0.0.1 {protocol} {arguments}; $server.Port");
        return new Subject($"{Name}, {what}", server.GetValue<int>(), Shell.Id);
    }
}
