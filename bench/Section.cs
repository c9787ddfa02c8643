namespace PSSocketTools.Bench;

/// <summary>One thing that is measured, and shown as one table.</summary>
internal abstract class Section(string name, string title)
{
    /// <summary>What <c>--only</c> calls it.</summary>
    public string Name { get; } = name;

    /// <summary>Whether all of it is held against the yardstick, or measured with its loads.</summary>
    public virtual bool NeedsYardstick => true;

    /// <summary>The table's heading.</summary>
    protected string Title { get; } = title;

    /// <summary>Measures and reports.</summary>
    public abstract void Run(Workbench bench);
}
