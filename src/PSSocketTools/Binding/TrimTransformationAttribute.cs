using System.Collections;
using System.Management.Automation;

namespace PSSocketTools.Binding;

/// <summary>Removes the white space around names and addresses, which lines of a file and cells of a table often have.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class TrimTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData) => Trim(inputData)!;

    private static object? Trim(object? input)
    {
        var value = Argument.BaseOf(input);
        return value switch
        {
            string text => text.Trim(),
            IList list => list.Cast<object?>().Select(Trim).ToArray(),
            _ => input,
        };
    }
}
