#if NET
using System.Runtime.InteropServices;
#endif

namespace PSSocketTools.Lifetime;

/// <summary>
/// Stops what runs, in order, when the process is about to end: at exit, when a service manager ends it (SIGTERM), and when
/// its terminal closes (SIGHUP, and the closing of a console window or a shutdown on Windows). The logs are complete then, and
/// no socket file is left.
/// </summary>
internal static class ProcessEnd
{
    // A closing console window leaves a process a second at least, and whoever waits for a service accepts a second.
    private static readonly TimeSpan MostTime = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(0.5);

    private static readonly object Gate = new();
    private static bool _isWatched;
#if NET
    // Kept in a field, since a registration ends when it is collected.
    private static PosixSignalRegistration[] _signals = [];
#endif

    /// <summary>Registers for the end of the process, with its first server.</summary>
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
    /// <summary>The signal has its usual effect after this, unless another handler cancels it.</summary>
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
            var stopping = Running.Servers.All().Select(static server => server.StopAsync(StopTimeout)).ToArray();
            _ = Task.WaitAll(stopping, MostTime);
        }
        catch (AggregateException)
        {
            // The process ends, so that there is nobody to report to.
        }
    }
}
