using System.Management.Automation;

namespace PSSocketTools.Binding;

/// <summary>Takes what comes down the pipeline and fits nowhere: what runs in this process has parameters of its own.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class UnplacedInputTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    /// <remarks>The binder goes on to see what else fits when the error is a failed cast.</remarks>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData) =>
        Argument.Each(inputData).Any(static one => Argument.BaseOf(one) is EchoSession or EchoServer or EchoConnection)
            ? throw new ArgumentTransformationMetadataException(null, new PSInvalidCastException())
            : inputData;
}
