using System.Management.Automation;

namespace PSSocketTools.Binding;

/// <summary>Takes what <see cref="DelimiterArgument"/> takes, with its own words where that is none.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class DelimiterTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        try
        {
            return DelimiterArgument.From(Argument.BaseOf(inputData));
        }
        catch (ArgumentException exception)
        {
            throw new ArgumentTransformationMetadataException(exception.Message, exception);
        }
    }
}
