namespace PSSocketTools.Binding;

/// <summary>Converts to <see cref="DelimiterArgument"/>.</summary>
internal sealed class DelimiterTransformationAttribute : ConvertingTransformationAttribute
{
    /// <inheritdoc/>
    protected override object Convert(object? argument) => DelimiterArgument.From(Argument.BaseOf(argument));
}
