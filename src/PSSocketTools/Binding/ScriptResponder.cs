using System.Collections.Concurrent;
using System.Collections.ObjectModel;
using System.Management.Automation;
using System.Management.Automation.Language;
using System.Management.Automation.Runspaces;
using System.Text;
using PSSocketTools.Resources;

namespace PSSocketTools.Binding;

/// <summary>
/// Computes responses with a script block, isolated from the caller's session: in a bounded pool of runspaces, which see the
/// caller's variables only through $using:.
/// </summary>
internal sealed class ScriptResponder : IMessageResponder
{
    /// <summary>The default for how long a script block may take for a response, in seconds.</summary>
    public const double DefaultTimeoutSeconds = 30;

    private const string UsingPrefix = "__using_";

    private static readonly object CameToItsEnd = new();

    private static readonly TimeSpan StopTime = TimeSpan.FromSeconds(1);

    // How many script blocks run at once.
    private static readonly int Places = Math.Max(4, Environment.ProcessorCount);

    private readonly string _script;
    private readonly Dictionary<string, object?> _variables;
    private readonly Encoding _encoding;
    private readonly ConcurrentBag<PowerShell> _idle = [];
    private readonly HashSet<PowerShell> _all = [];
    private readonly SemaphoreSlim _places = new(Places);
    private readonly TimeSpan _timeout;

    // Cancelled while every slot is taken by a script that can't be stopped.
    private CancellationTokenSource _hopeless = new();
    private int _stuck;
    private bool _disposed;

    private ScriptResponder(string script, Dictionary<string, object?> variables, Encoding encoding, TimeSpan timeout)
    {
        _timeout = timeout;
        _script = script;
        _variables = variables;
        _encoding = encoding;
    }

    /// <summary>Prepares a script block; the values of its $using: variables are read now.</summary>
    /// <param name="script">The script block.</param>
    /// <param name="encoding">The encoding of its responses.</param>
    /// <param name="timeout">How long it may take for a response before it is stopped; zero for no limit.</param>
    /// <param name="session">Where the variables are.</param>
    /// <exception cref="SocketToolsException">InvalidOption: a $using: variable does not exist.</exception>
    public static ScriptResponder Create(ScriptBlock script, Encoding encoding, TimeSpan timeout, SessionState session)
    {
        var ast = (ScriptBlockAst)script.Ast;
        var variables = new Dictionary<string, object?>(StringComparer.OrdinalIgnoreCase);
        var start = ast.Extent.StartOffset;
        var text = new StringBuilder(ast.Extent.Text);
        var usings = ast.FindAll(static a => a is UsingExpressionAst, searchNestedScriptBlocks: true)
            .Select(static a => UsingExpressionAst.ExtractUsingVariable((UsingExpressionAst)a))
            .OrderByDescending(static a => a.Extent.StartOffset);
        foreach (var variable in usings)
        {
            var name = variable.VariablePath.UserPath;
            var value = session.PSVariable.Get(name)
                ?? throw new SocketToolsException(SocketToolsError.InvalidOption, Messages.Get("UsingVariableMissing", name), name);
            variables[UsingPrefix + name] = value.Value;
            text.Remove(variable.Extent.StartOffset - start, variable.Extent.Text.Length);
            text.Insert(variable.Extent.StartOffset - start, variable.Splatted ? $"@{UsingPrefix}{name}" : $"${{{UsingPrefix}{name}}}");
        }

        // The text of a literal script block includes its braces; that of one made of text or a file does not.
        var block = ast.Parent is ScriptBlockExpressionAst ? text.ToString() : "{" + text + "\n}";

        // This last output shows that the script block ran to its end: exit, and a break outside a loop, end the whole script.
        var invoke = (ast.ProcessBlock is null ? $"$_ = $args[0]; & {block} $args[1]" : $"$args[0] | & {block} $args[1]") + "\n$args[2]";
        return new ScriptResponder(invoke, variables, encoding, timeout);
    }

    /// <inheritdoc/>
    public async Task<byte[]?> RespondAsync(ReceivedMessage message, CancellationToken cancellationToken)
    {
        await EnterAsync(cancellationToken).ConfigureAwait(false);
        PowerShell? worker = null;
        PSDataCollection<PSObject> output = [];
        Task running;
        try
        {
            worker = Take();
            worker.Commands.Clear();
            worker.AddScript(_script, useLocalScope: true).AddArgument(message.Message).AddArgument(message).AddArgument(CameToItsEnd);
            var input = new PSDataCollection<PSObject>();
            input.Complete();
            running = Task.Factory.FromAsync(worker.BeginInvoke(input, output), worker.EndInvoke);
        }
        catch
        {
            Leave(worker);
            throw;
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        if (_timeout > TimeSpan.Zero)
        {
            limit.CancelAfter(_timeout);
        }

        if (await Task.WhenAny(running, Task.Delay(Timeout.Infinite, limit.Token)).ConfigureAwait(false) != running)
        {
            _ = StopAsync(worker, running);
            cancellationToken.ThrowIfCancellationRequested();
            throw new TimeoutException(Messages.Get("ResponderTimeout", _timeout.TotalSeconds));
        }

        try
        {
            // Cancels the other wait.
            limit.Cancel();
            await running.ConfigureAwait(false);
            var given = output.ReadAll();
            if (given.Count == 0 || !ReferenceEquals(given[^1]?.BaseObject, CameToItsEnd))
            {
                throw new InvalidOperationException(Messages.Get("ResponderExited"));
            }

            given.RemoveAt(given.Count - 1);
            return ToBytes(given, message);
        }
        catch (RuntimeException exception) when (exception is IContainsErrorRecord { ErrorRecord.Exception: { } cause } && cause != exception)
        {
            // The error itself, rather than the exception that says that an error ended the script.
            throw new InvalidOperationException(cause.Message, exception);
        }
        finally
        {
            Leave(worker);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        PowerShell[] workers;
        lock (_all)
        {
            _disposed = true;
            workers = [.. _all];
        }

        // Interrupts scripts that loop, all at once. One that is inside .NET code may not react: the wait for it is short.
        var freeing = Task.WhenAll(workers.Select(static worker => FreeAsync(worker, Task.CompletedTask)));
        if (Task.WaitAny([freeing], StopTime) == 0)
        {
            freeing.GetAwaiter().GetResult();
        }
    }

    /// <summary>Stops a worker, and then disposes of it even if stopping failed.</summary>
    private static async Task FreeAsync(PowerShell worker, Task running)
    {
        try
        {
            await Task.Factory.FromAsync(worker.BeginStop, worker.EndStop, null).ConfigureAwait(false);
            await Task.WhenAny(running).ConfigureAwait(false);
        }
        finally
        {
            worker.Runspace.Dispose();
            worker.Dispose();
        }
    }

    /// <summary>Waits for a slot to run a script block; fails when scripts that can't be stopped take all of them.</summary>
    private async Task EnterAsync(CancellationToken cancellationToken)
    {
        CancellationToken hopeless;
        lock (_all)
        {
            hopeless = _hopeless.Token;
        }

        try
        {
            using var wait = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, hopeless);
            await _places.WaitAsync(wait.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException(Messages.Get("ResponderStuck", Places));
        }
    }

    private void Leave(PowerShell? worker)
    {
        if (worker is not null)
        {
            worker.Streams.ClearStreams();
            _idle.Add(worker);
        }

        _places.Release();
    }

    /// <summary>
    /// Stops a script whose response nobody waits for any more. One that is inside .NET code may not react: it keeps its slot and
    /// its thread until it ends by itself, so that there are never more threads than slots, however many messages come.
    /// </summary>
    private async Task StopAsync(PowerShell worker, Task running)
    {
        lock (_all)
        {
            _all.Remove(worker);
        }

        // Its outcome is the script's, which is handled elsewhere.
        var freeing = FreeAsync(worker, running);
        if (await Task.WhenAny(freeing, Task.Delay(StopTime)).ConfigureAwait(false) != freeing)
        {
            CountStuck(1);
            await Task.WhenAny(freeing).ConfigureAwait(false);
            CountStuck(-1);
        }

        _ = freeing.Exception;
        _ = running.Exception;
        _places.Release();
    }

    private void CountStuck(int more)
    {
        CancellationTokenSource? ended = null;
        lock (_all)
        {
            _stuck += more;
            if (_stuck == Places)
            {
                ended = _hopeless;
            }
            else if (_hopeless.IsCancellationRequested)
            {
                _hopeless = new CancellationTokenSource();
            }
        }

        ended?.Cancel();
    }

    private PowerShell Take()
    {
        if (_idle.TryTake(out var idle))
        {
            return idle;
        }

        var state = InitialSessionState.CreateDefault2();
        foreach (var variable in _variables)
        {
            state.Variables.Add(new SessionStateVariableEntry(variable.Key, variable.Value, null));
        }

        // An error that the script does not handle is a failed response, not an empty one.
        state.Variables.Add(new SessionStateVariableEntry("ErrorActionPreference", ActionPreference.Stop, null));
        var runspace = RunspaceFactory.CreateRunspace(state);
        runspace.ThreadOptions = PSThreadOptions.ReuseThread;
        runspace.Open();
        var worker = PowerShell.Create();
        worker.Runspace = runspace;
        lock (_all)
        {
            if (!_disposed)
            {
                _all.Add(worker);
                return worker;
            }
        }

        worker.Dispose();
        runspace.Dispose();
        throw new ObjectDisposedException(nameof(ScriptResponder));
    }

    /// <summary>No output is no response; bytes are sent unchanged; anything else is text, its lines joined.</summary>
    private byte[]? ToBytes(Collection<PSObject> output, ReceivedMessage message)
    {
        var values = output.Where(static o => o is not null).ToArray();
        if (values.Length == 0)
        {
            return null;
        }

        if (Array.TrueForAll(values, static v => v.BaseObject is byte))
        {
            return [.. values.Select(static v => (byte)v.BaseObject)];
        }

        if (values.Length == 1 && values[0].BaseObject is byte[] bytes)
        {
            return bytes;
        }

        return _encoding.GetBytes(string.Join(message.GetLineEnd(), values.Select(LanguagePrimitives.ConvertTo<string>)));
    }
}
