using System.Collections;
using System.Globalization;
using System.Management.Automation;

namespace PSSocketTools.Binding;

/// <summary>Accepts ports as users write them: numbers, ranges (<c>'1-1024'</c>, <c>8000..8100</c>) and service names.</summary>
public sealed class PortTransformationAttribute : ArgumentTransformationAttribute
{
    /// <summary>Whether a value that is no port may have been meant as a computer, which the command takes too.</summary>
    public bool TakesComputers { get; set; }

    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        try
        {
            return PortRange.Merge(Read(inputData)).ToArray();
        }
        catch (SocketToolsException exception)
        {
            // Pipeline input that is no port may still be a computer's name: the binder tries that when the error is a failed cast.
            var message = TakesComputers && inputData is string computer && ComputerText.LooksLikeOne(computer)
                ? exception.Message + " " + Resources.Messages.Get("ComputerMeant", computer.Trim())
                : exception.Message;
            throw new ArgumentTransformationMetadataException(
                message, inputData is string ? new PSInvalidCastException(message, exception) : exception);
        }
    }

    private static IEnumerable<PortRange> Read(object? input)
    {
        var value = input is PSObject wrapped ? wrapped.BaseObject : input;
        return value switch
        {
            PortRange range => [range],
            string text => PortRange.ParseList(text),
            IEnumerable list => list.Cast<object?>().SelectMany(Read),
            byte or sbyte or short or ushort or int or uint or long or ulong or double or float or decimal =>
                PortRange.ParseList(Convert.ToString(value, CultureInfo.InvariantCulture)!),
            _ => throw NotAPort(input),
        };
    }

    private static ArgumentTransformationMetadataException NotAPort(object? input)
    {
        var message = Resources.Messages.Get("NotAPort", input?.GetType().Name ?? "null");
        return new ArgumentTransformationMetadataException(message, new PSInvalidCastException(message));
    }
}
