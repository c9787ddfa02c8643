using System.Management.Automation;
using PSSocketTools.Completion;
using PSSocketTools.Resources;

namespace PSSocketTools.Binding;

/// <summary>Leaves servers as they are, and says of one from another process that its port is what reaches it, and of a name how the server itself is given.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class ServerHereTransformationAttribute : ArgumentTransformationAttribute
{
    /// <summary>Whether what comes down the pipeline may still fit by its properties, ComputerName and Port.</summary>
    public bool IsBesidePort { get; set; }

    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        if (Argument.Refused(inputData, Deserialized.Is<EchoServer>) is not { } refused)
        {
            return inputData;
        }

        // By position a text may still be a computer, and down the pipeline a message: the binder tries that when the error is a failed cast.
        var isElsewhere = Deserialized.Is<EchoServer>(refused);
        var message = isElsewhere ? Deserialized.Server(refused)
            : Messages.Get("ServerByNameMeant", ViewCell.Plain($"{refused}", keepsLines: false), ValueCompleter.QuotedName($"{refused}"));
        throw IsBesidePort || !isElsewhere
            ? new ArgumentTransformationMetadataException(message, new PSInvalidCastException(message))
            : new ArgumentTransformationMetadataException(message);
    }
}
