using System.Globalization;
using System.Runtime.CompilerServices;

namespace PSSocketTools.Tour;

/// <summary>The same session without PowerShell, on the engine: every line shown is the code that ran, and each step is checked.</summary>
internal static class CoreTour
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly bool IsColoured = !Console.IsOutputRedirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));

    /// <summary>Plays it.</summary>
    /// <returns>0; 1 when a step did not do what it says.</returns>
    public static int Play()
    {
        try
        {
            PlaySteps();
            return 0;
        }
        catch (Exception exception) when (exception is SocketToolsException or TourException)
        {
            Write("The tour failed: " + exception.Message, "31");
            return 1;
        }
    }

    private static void PlaySteps()
    {
        Say("Which port is free? Any of those the system hands out will do.");
        var test = new LocalPortTest();
        var port = Type(PortFinder.Find(test, ranges: null, count: 1, new PortReservations(Patience)))[0].Port;
        var before = Type(test.Test(port));
        Print(before);
        Require(before.GetStatus() == PortStatus.Available);

        Say("An echo server in the background: it listens when the call returns.");
        using var server = Type(EchoServer.Start(new EchoServerOptions { Port = port, Name = "tour" }));
        Print($"{server}: {server.State}");
        Require(server.State == "Listening" && server.Port == port);

        Say("Now the port is in use, and this very process has it.");
        var held = Type(test.Test(port));
        Print($"{held}, by {held.ProcessName} ({held.ProcessId})");
        Require(held.GetStatus() == PortStatus.InUse && held.ProcessId == Environment.ProcessId);

        Say("Two clients. Each has a port of its own, given by the system.");
        using var ana = Type(EchoSession.Connect(new SessionOptions { Id = 1, Name = "ana", Port = port }));
        using var rui = Type(EchoSession.Connect(new SessionOptions { Id = 2, Name = "rui", Port = port }));
        Print($"{ana}: {ana.State}, {ana.LocalEndPoint} -> {ana.RemoteEndPoint}");
        Print($"{rui}: {rui.State}, {rui.LocalEndPoint} -> {rui.RemoteEndPoint}");
        Require(ana.State == "Open" && rui.State == "Open" && ana.LocalEndPoint != rui.LocalEndPoint);

        Say("The server's side of it: the same port numbers, and when they came.");
        var connected = Type(server.WaitForEventsAsync([ServerEventKind.Connected], 2, Patience).GetAwaiter().GetResult());
        Print(connected);
        Require(connected.All(e => ana.LocalEndPoint.EndsWith($":{e.RemotePort}", StringComparison.Ordinal)
            || rui.LocalEndPoint.EndsWith($":{e.RemotePort}", StringComparison.Ordinal)));

        Say("A message, and its answer; then several.");
        var first = Type(ana.Send("Olá, mundo 👋"));
        Print(first);
        var more = Type("ação Grüße こんにちは🎉".Split(' ').Select(text => rui.Send(text)).ToList());
        more.ForEach(Print);
        Require(more.Prepend(first).All(m => Equals(m.Response, m.Message) && m.RoundTripMilliseconds > 0) && rui.MessagesReceived == 3);

        Say("No second server on that port: the error says who has it.");
        var error = Fail(() => EchoServer.Start(new EchoServerOptions { Port = port }));
        Write($"{error.Error}: {error.Message}", "31");
        Require(error.Error == SocketToolsError.PortInUse);

        Say("The clients leave. All the server saw, from its start on:");
        Run(() => ana.Close());
        Run(() => rui.Close());
        var left = Type(server.WaitForEventsAsync([ServerEventKind.Disconnected], 2, Patience).GetAwaiter().GetResult());
        var events = Type(server.GetEvents());
        Print(events);
        Require(left.All(e => e.Reason == "ClientClosed") && events.Count(e => e.Kind == "ResponseSent") == 4 && ana.State == "Closed");

        Say("The server stops, and the port is free again at once.");
        Run(() => server.StopAsync(Patience).GetAwaiter().GetResult());
        var after = Type(test.Test(port));
        Print(after);
        Require(server.State == "Stopped" && after.GetStatus() == PortStatus.Available);
    }

    private static void Say(string text)
    {
        Console.WriteLine();
        Write("C#> // " + text, "32");
    }

    /// <summary>Shows an expression as it stands in this file, and gives its value.</summary>
    private static T Type<T>(T value, [CallerArgumentExpression(nameof(value))] string code = "")
    {
        Write($"C#> {code}", "1");
        return value;
    }

    private static void Run(Action action, [CallerArgumentExpression(nameof(action))] string code = "")
    {
        Write($"C#> {WithoutLambda(code)}", "1");
        action();
    }

    private static SocketToolsException Fail(Func<object> function, [CallerArgumentExpression(nameof(function))] string code = "")
    {
        Write($"C#> {WithoutLambda(code)}", "1");
        try
        {
            _ = function();
        }
        catch (SocketToolsException exception)
        {
            return exception;
        }

        throw new TourException($"'{code}' was to fail, and did not.");
    }

    private static void Require(bool condition, [CallerArgumentExpression(nameof(condition))] string code = "")
    {
        if (!condition)
        {
            throw new TourException($"this does not hold: {code}");
        }
    }

    private static string WithoutLambda(string code) => code["() => ".Length..];

    private static void Print(object line) => Write(line.ToString()!.ReplaceLineEndings("\\n"), null);

    private static void Print(IEnumerable<ServerEvent> events)
    {
        foreach (var serverEvent in events)
        {
            Print((object)$"{serverEvent}".TrimEnd());
        }
    }

    private static void Print(SocketMessage message) => Print((object)string.Create(
        CultureInfo.InvariantCulture,
        $"{message.Message} -> {message.Response}, {message.BytesSent} bytes in {message.RoundTripMilliseconds:0.00} ms"));

    private static void Write(string text, string? style) =>
        Console.WriteLine(IsColoured && style is not null ? $"\e[{style}m{text}\e[0m" : text);

    private sealed class TourException(string message) : Exception(message);
}
