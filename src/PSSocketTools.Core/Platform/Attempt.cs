namespace PSSocketTools.Platform;

/// <summary>Does one of several things that must all be done, whatever becomes of it: what it throws is reported, not thrown.</summary>
internal static class Attempt
{
    /// <param name="action">What to do.</param>
    /// <param name="report">Gets what it threw; what this throws itself is dropped.</param>
    public static void To(Action action, Action<Exception>? report = null)
    {
        try
        {
            action();
        }
#pragma warning disable CA1031 // Whatever one of them throws, the others come after it.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Report(exception, report);
        }
    }

    /// <inheritdoc cref="To"/>
    public static async Task ToAsync(Func<Task> action, Action<Exception>? report = null)
    {
        try
        {
            await action().ConfigureAwait(false);
        }
#pragma warning disable CA1031 // As above.
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
#pragma warning disable CA1031 // There is nobody left to tell.
        catch
#pragma warning restore CA1031
        {
        }
    }
}
