namespace PSSocketTools.Lifetime;

/// <summary>
/// The running servers or the open sessions of this process, by number: every runspace sees what another started, as with any
/// listening port, and each entry records the runspace that owns it.
/// </summary>
/// <typeparam name="T">EchoServer or EchoSession.</typeparam>
/// <param name="isOver">Whether an entry has ended, and is listed no more, even if its removal is still to come.</param>
internal sealed class Registry<T>(Func<T, bool> isOver)
    where T : class
{
    private readonly SortedDictionary<int, (T Entry, Guid Owner)> _entries = [];
    private int _lastId;

    /// <summary>A number that was not used before.</summary>
    public int NextId() => Interlocked.Increment(ref _lastId);

    public void Add(int id, T entry, Guid owner)
    {
        lock (_entries)
        {
            _entries.Add(id, (entry, owner));
        }
    }

    public void Remove(int id)
    {
        lock (_entries)
        {
            _entries.Remove(id);
        }
    }

    /// <summary>Everything, by number.</summary>
    public T[] All()
    {
        lock (_entries)
        {
            return [.. _entries.Values.Select(static e => e.Entry).Where(e => !isOver(e))];
        }
    }

    /// <summary>Removes and returns what a runspace owns.</summary>
    public T[] TakeOwnedBy(Guid owner)
    {
        lock (_entries)
        {
            var owned = _entries.Where(e => e.Value.Owner == owner).ToArray();
            foreach (var entry in owned)
            {
                _entries.Remove(entry.Key);
            }

            return [.. owned.Select(static e => e.Value.Entry)];
        }
    }
}
