#if NET
using System.Runtime.InteropServices;
#endif

namespace PSSocketTools.Lifetime;

/// <summary>
/// Stops what runs, in order, when the process is told to end: at exit, when a service manager ends it (SIGTERM), and when
/// its terminal closes (SIGHUP, and the closing of a console window or a shutdown on Windows). What was answered is in the
/// logs then, and no socket file stays.
/// </summary>
internal static class ProcessEnd
{
    // A second is what a closing console window leaves a process at the least, and what who waits for a service puts up with.
    private static readonly TimeSpan MostTime = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan TimeToAnswer = TimeSpan.FromSeconds(0.5);

    private static readonly object Gate = new();
    private static bool _isWatched;
#if NET
    // Referred to, since a registration that is collected ends.
    private static PosixSignalRegistration[] _signals = [];
#endif

    /// <summary>Begins to watch for the end, with the first server of the process.</summary>
    public static void Watch()
    {
        lock (Gate)
        {
            if (_isWatched)
            {
                return;
            }

            _isWatched = true;
            AppDomain.CurrentDomain.ProcessExit += static (_, _) => StopAll();
#if NET
            _signals = [PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal), PosixSignalRegistration.Create(PosixSignal.SIGHUP, OnSignal)];
#endif
        }
    }

#if NET
    /// <summary>The signal does after this what it would have done, unless somebody in the process keeps it alive.</summary>
    private static void OnSignal(PosixSignalContext context)
    {
        if (!context.Cancel)
        {
            StopAll();
        }
    }
#endif

    private static void StopAll()
    {
        try
        {
            var stopping = Running.Servers.All().Select(static server => server.StopAsync(TimeToAnswer)).ToArray();
            _ = Task.WaitAll(stopping, MostTime);
        }
        catch (AggregateException)
        {
            // Nobody is left to be told.
        }
    }
}
