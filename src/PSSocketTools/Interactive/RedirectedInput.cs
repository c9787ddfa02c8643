namespace PSSocketTools.Interactive;

/// <summary>
/// Standard input that is no terminal, line by line. A read of it can't be cancelled: one that nobody waits for any more
/// goes on, and its line is the next one's who asks here.
/// </summary>
internal static class RedirectedInput
{
    private static Task<string?>? _unfinished;

    /// <summary>The next line; null at the end of input.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled before there was one.</exception>
    public static string? ReadLine(CancellationToken cancellationToken)
    {
        var reading = Interlocked.Exchange(ref _unfinished, null) ?? Start(Console.In.ReadLine);
        try
        {
            return Wait(reading, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            Interlocked.CompareExchange(ref _unfinished, reading, null);
            throw;
        }
    }

    /// <summary>What a function gives that may block for long.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled first; the function goes on.</exception>
    public static string? Await(Func<string?> function, CancellationToken cancellationToken) => Wait(Start(function), cancellationToken);

    private static Task<string?> Start(Func<string?> function) =>
        Task.Factory.StartNew(function, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static string? Wait(Task<string?> reading, CancellationToken cancellationToken)
    {
        Task.WaitAny([reading], cancellationToken);
        return reading.GetAwaiter().GetResult();
    }
}
