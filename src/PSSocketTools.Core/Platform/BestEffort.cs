namespace PSSocketTools.Platform;

/// <summary>Runs one of several actions that must all run: an exception is reported instead of thrown.</summary>
internal static class BestEffort
{
    /// <param name="action">What to do.</param>
    /// <param name="report">Gets the exception; an exception that this throws itself is dropped.</param>
    public static void Run(Action action, Action<Exception>? report = null)
    {
        try
        {
            action();
        }
#pragma warning disable CA1031 // The actions after this one must run, whatever this one throws.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Report(exception, report);
        }
    }

    /// <inheritdoc cref="Run"/>
    public static async Task RunAsync(Func<Task> action, Action<Exception>? report = null)
    {
        try
        {
            await action().ConfigureAwait(false);
        }
#pragma warning disable CA1031 // The actions after this one must run, whatever its task fails with.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Report(exception, report);
        }
    }

    private static void Report(Exception exception, Action<Exception>? report)
    {
        try
        {
            report?.Invoke(exception);
        }
#pragma warning disable CA1031 // A failing report has no further place to go.
        catch
#pragma warning restore CA1031
        {
        }
    }
}
