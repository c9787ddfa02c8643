using System.Management.Automation;

namespace PSSocketTools.Completion;

/// <summary>Offers the ports that something listens on, and who does.</summary>
public sealed class HeldPortCompleter : ValueCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<(string Value, string Tooltip)> Values() => new PortHolderSearch().Find(new PortHolderQuery())
        .GroupBy(static holder => holder.Port)
        .Select(static held => (Text(held.Key), string.Join(", ", held.Select(static holder => holder.ToString()).Distinct())));
}

/// <summary>Offers the names of processes that listen on ports, and on which.</summary>
public sealed class PortHolderNameCompleter : ValueCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<(string Value, string Tooltip)> Values() => new PortHolderSearch().Find(new PortHolderQuery())
        .Where(static holder => !string.IsNullOrEmpty(holder.ProcessName))
        .GroupBy(static holder => holder.ProcessName!, StringComparer.OrdinalIgnoreCase)
        .Select(static held => (WildcardPattern.Escape(held.Key), PortHolderIdCompleter.PortsOf(held)));
}

/// <summary>Offers the numbers of processes that listen on ports, and on which.</summary>
public sealed class PortHolderIdCompleter : ValueCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<(string Value, string Tooltip)> Values() => new PortHolderSearch().Find(new PortHolderQuery())
        .Where(static holder => holder.ProcessId is not null)
        .GroupBy(static holder => (Id: holder.ProcessId!.Value, Name: holder.ProcessName))
        .Select(static held => (Text(held.Key.Id), $"{held.Key.Name}: {PortsOf(held)}"));

    internal static string PortsOf(IEnumerable<PortHolder> held) =>
        string.Join(", ", held.Select(static holder => $"{holder.Protocol} {Text(holder.Port)}").Distinct());
}
