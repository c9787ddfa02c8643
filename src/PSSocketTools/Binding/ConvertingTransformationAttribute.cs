using System.Management.Automation;

namespace PSSocketTools.Binding;

/// <summary>Converts an argument as its type does by itself, and has the type's own sentence for the error where that fails.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal abstract class ConvertingTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public sealed override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        try
        {
            return Convert(inputData);
        }
        catch (ArgumentException exception)
        {
            throw new ArgumentTransformationMetadataException(exception.Message, exception);
        }
    }

    /// <summary>Converts an argument, which PowerShell may have wrapped.</summary>
    /// <exception cref="ArgumentException">It can't be converted.</exception>
    protected abstract object Convert(object? argument);
}
