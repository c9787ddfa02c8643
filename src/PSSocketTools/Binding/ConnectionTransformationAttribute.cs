using System.Management.Automation;

namespace PSSocketTools.Binding;

/// <summary>Leaves connections as they are, and says of one from another process where it can be used.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class ConnectionTransformationAttribute : ArgumentTransformationAttribute
{
    /// <summary>Whether what comes down the pipeline may still fit another parameter.</summary>
    public bool IsBesideInput { get; set; }

    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        if (Argument.Each(inputData).FirstOrDefault(Deserialized.Is<EchoConnection>) is not { } elsewhere)
        {
            return inputData;
        }

        // The binder tries the other parameters when the error is a failed cast.
        var message = Deserialized.Refusal(elsewhere)!;
        throw IsBesideInput
            ? new ArgumentTransformationMetadataException(message, new PSInvalidCastException(message))
            : new ArgumentTransformationMetadataException(message);
    }
}
