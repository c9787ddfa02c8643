namespace PSSocketTools.Binding;

/// <summary>Converts to <see cref="EventPosition"/>.</summary>
internal sealed class EventPositionTransformationAttribute : ConvertingTransformationAttribute
{
    /// <inheritdoc/>
    protected override object Convert(object? argument) => EventPosition.From(argument);
}
