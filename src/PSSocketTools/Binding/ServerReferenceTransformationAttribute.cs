using System.Collections;
using System.Management.Automation;

namespace PSSocketTools.Binding;

/// <summary>Takes anything but kinds of events for what names a server; what it names is told when it is looked for.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class ServerReferenceTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var value = Argument.BaseOf(inputData);
        var kinds = (value is IEnumerable list and not string ? list.Cast<object?>() : [value]).Select(EchoServerReference.ToKind).ToArray();

        // A kind's name does not convert to a reference, and the binder goes on to see what else it fits. An exception from here ends it.
        return value is null or EchoServerReference ? value!
            : kinds.Length > 0 && Array.TrueForAll(kinds, static kind => kind is not null) ? kinds[0]!
            : new EchoServerReference(inputData);
    }
}
