using System.Globalization;
using System.Management.Automation;

namespace PSSocketTools.Binding;

/// <summary>Converts to <see cref="DelayRange"/>, with its error where that fails.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class DelayTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var value = Argument.BaseOf(inputData);
        try
        {
            var text = value is object[] several ? string.Join(",", several) : Convert.ToString(value, CultureInfo.InvariantCulture);
            return value as DelayRange ?? DelayRange.Parse(text ?? string.Empty);
        }
        catch (ArgumentException exception)
        {
            throw new ArgumentTransformationMetadataException(exception.Message, exception);
        }
    }
}
