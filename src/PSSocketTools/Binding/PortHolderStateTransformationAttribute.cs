using System.Collections;
using System.Management.Automation;

namespace PSSocketTools.Binding;

/// <summary>Takes an asterisk for every state, and states as netstat, ss and lsof write them: LISTENING, ESTAB, TIME-WAIT, SYN_RECV.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class PortHolderStateTransformationAttribute : ArgumentTransformationAttribute
{
    private static readonly Dictionary<string, PortHolderState> Others = new(StringComparer.OrdinalIgnoreCase)
    {
        ["*"] = PortHolderState.All,
        ["Listening"] = PortHolderState.Listen,
        ["Unconn"] = PortHolderState.Bound,
        ["Estab"] = PortHolderState.Established,
        ["SynRecv"] = PortHolderState.SynReceived,
        ["Close"] = PortHolderState.Closed,
    };

    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData) => Read(inputData)!;

    private static object? Read(object? input)
    {
        var value = Argument.BaseOf(input);
        return value switch
        {
            string text => Read(text) ?? input,
            IList list => list.Cast<object?>().Select(Read).ToArray(),
            _ => input,
        };
    }

    private static object? Read(string text)
    {
        var name = text.Trim().Replace("_", string.Empty).Replace("-", string.Empty);
        return Others.TryGetValue(name, out var other) ? other
            : name.Length > 0 && char.IsLetter(name[0]) && Enum.TryParse<PortHolderState>(name, ignoreCase: true, out var state) ? state
            : null;
    }
}
