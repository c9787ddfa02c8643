using System.Globalization;
using System.Text;

namespace PSSocketTools.Binding;

/// <summary>Converts to <see cref="EncodingArgument"/>.</summary>
internal sealed class EncodingTransformationAttribute : ConvertingTransformationAttribute
{
    /// <inheritdoc/>
    protected override object Convert(object? argument) => Argument.BaseOf(argument) switch
    {
        EncodingArgument encoding => encoding,
        Encoding encoding => new EncodingArgument(encoding),
        var name => EncodingArgument.Parse(System.Convert.ToString(name, CultureInfo.InvariantCulture) ?? string.Empty),
    };
}
