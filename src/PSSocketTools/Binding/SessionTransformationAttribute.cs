using System.Management.Automation;
using PSSocketTools.Completion;
using PSSocketTools.Resources;

namespace PSSocketTools.Binding;

/// <summary>Leaves sessions as they are, and says of a name or of a session from another process how the session itself is given.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class SessionTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        if (Argument.Refused(inputData, Deserialized.Is<EchoSession>) is not { } refused)
        {
            return inputData;
        }

        var message = Deserialized.Refusal(refused) ?? Messages.Get("SessionByNameMeant", ViewCell.Plain($"{refused}", keepsLines: false), ValueCompleter.QuotedName($"{refused}"));

        // By position it may still be a computer, and down the pipeline a message: the binder tries that when the error is a failed cast.
        throw new ArgumentTransformationMetadataException(message, new PSInvalidCastException(message));
    }
}
