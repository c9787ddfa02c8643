namespace PSSocketTools.Platform;

/// <summary>Blocking waits for tasks that throw the task's original exception.</summary>
internal static class TaskWaits
{
    /// <summary>Waits for a task's result; false when the time passed first.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled first.</exception>
    public static bool Wait<T>(this Task<T> task, int milliseconds, CancellationToken cancellationToken, out T result)
    {
        if (Task.WaitAny([task], milliseconds, cancellationToken) < 0)
        {
            result = default!;
            return false;
        }

        result = task.GetAwaiter().GetResult();
        return true;
    }

    /// <summary>Waits for a task's end; false when the time passed first.</summary>
    public static bool Ends(this Task task, Deadline deadline)
    {
        if (Task.WaitAny([task], deadline.Milliseconds) < 0)
        {
            return false;
        }

        task.GetAwaiter().GetResult();
        return true;
    }
}
