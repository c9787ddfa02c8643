using System.Globalization;

namespace PSSocketTools.Binding;

/// <summary>Converts to <see cref="DelayRange"/>.</summary>
internal sealed class DelayTransformationAttribute : ConvertingTransformationAttribute
{
    /// <inheritdoc/>
    protected override object Convert(object? argument) => Argument.BaseOf(argument) switch
    {
        DelayRange delay => delay,
        object[] several => DelayRange.Parse(string.Join(",", several)),
        var one => DelayRange.Parse(System.Convert.ToString(one, CultureInfo.InvariantCulture) ?? string.Empty),
    };
}
