using System.Globalization;
using System.Management.Automation;
using System.Text;

namespace PSSocketTools.Binding;

/// <summary>Converts to <see cref="EncodingArgument"/>, with its error where that fails.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
public sealed class EncodingTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var value = Argument.BaseOf(inputData);
        try
        {
            return value switch
            {
                EncodingArgument => value,
                Encoding encoding => new EncodingArgument(encoding),
                _ => EncodingArgument.Parse(Convert.ToString(value, CultureInfo.InvariantCulture) ?? string.Empty),
            };
        }
        catch (ArgumentException exception)
        {
            throw new ArgumentTransformationMetadataException(exception.Message, exception);
        }
    }
}
