using System.Collections;
using System.Management.Automation;
using System.Net;

namespace PSSocketTools.Binding;

/// <summary>Accepts names and addresses, and refuses to convert anything else, such as a port, to a name.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class ComputerNameTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData) => Read(inputData).ToArray();

    private static IEnumerable<string> Read(object? input)
    {
        var value = Argument.BaseOf(input);
        return value switch
        {
            string text when text.Trim().Length > 0 => [text.Trim()],
            IPAddress address => [address.ToString()],
            IEnumerable list when value is not string => list.Cast<object?>().SelectMany(Read),
            _ => throw NotAComputer(value),
        };
    }

    private static ArgumentTransformationMetadataException NotAComputer(object? value)
    {
        var message = Resources.Messages.Get("NotAComputer", value);
        return new ArgumentTransformationMetadataException(message, new PSInvalidCastException(message));
    }
}
