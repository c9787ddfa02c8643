using System.Management.Automation;

namespace PSSocketTools.Binding;

/// <summary>Takes an asterisk for every state.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class AllStatesTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData) =>
        (inputData is PSObject wrapped ? wrapped.BaseObject : inputData) is string text && text.Trim() == "*" ? PortHolderState.All : inputData;
}
