using System.Collections;
using System.Management.Automation;

namespace PSSocketTools.Binding;

/// <summary>Leaves servers as they are, and says of one from another process that its port is what reaches it.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class ServerHereTransformationAttribute : ArgumentTransformationAttribute
{
    /// <summary>Whether what comes down the pipeline may still fit by its properties, ComputerName and Port.</summary>
    public bool IsBesidePort { get; set; }

    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var elsewhere = inputData is PSObject { BaseObject: IEnumerable and not string } or IEnumerable and not string
            ? LanguagePrimitives.GetEnumerable(inputData).Cast<object?>().FirstOrDefault(Deserialized.Is<EchoServer>)
            : Deserialized.Is<EchoServer>(inputData) ? inputData : null;
        if (elsewhere is null)
        {
            return inputData;
        }

        var message = Deserialized.Server(elsewhere);
        throw IsBesidePort
            ? new ArgumentTransformationMetadataException(message, new PSInvalidCastException(message))
            : new ArgumentTransformationMetadataException(message);
    }
}
