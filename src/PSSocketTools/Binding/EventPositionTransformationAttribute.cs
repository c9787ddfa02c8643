using System.Management.Automation;

namespace PSSocketTools.Binding;

/// <summary>Takes what <see cref="EventPosition"/> takes, with its own words where that is none.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class EventPositionTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        try
        {
            return EventPosition.From(inputData);
        }
        catch (ArgumentException exception)
        {
            throw new ArgumentTransformationMetadataException(exception.Message, exception);
        }
    }
}
