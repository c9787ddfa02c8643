using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Text.RegularExpressions;
using PSSocketTools.Resources;

namespace PSSocketTools.Binding;

/// <summary>Accepts ports as users write them: numbers, ranges (<c>'1-1024'</c>, <c>8000..8100</c>) and service names.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class PortRangesTransformationAttribute : ArgumentTransformationAttribute
{
    /// <summary>Whether a value that is no port may have been meant as a computer, which the command takes too.</summary>
    public bool SuggestsComputer { get; set; }

    /// <summary>Whether a value that is no port may have been meant as the computer, which stands before the port.</summary>
    public bool SuggestsOrder { get; set; }

    /// <summary>Whether a value that is no port may have been meant as a process's name, which the command takes too.</summary>
    public bool SuggestsProcess { get; set; }

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
            var value = Argument.BaseOf(inputData);
            var message = value is string text && Meant(text.Trim()) is { } meant ? exception.Message + " " + meant : exception.Message;
            throw new ArgumentTransformationMetadataException(
                message, inputData is string ? new PSInvalidCastException(message, exception) : exception);
        }
    }

    /// <summary>What to write where something else than a port was meant; null where that can't be told.</summary>
    private string? Meant(string text)
    {
        if (ComputerText.PortBehind(text) is { } parts)
        {
            return parts.Computer.All(char.IsDigit) ? null
                : SuggestsComputer ? Messages.Get("ComputerMeant", parts.Computer, parts.Port)
                : Messages.Get("PortAloneMeant", parts.Port);
        }

        if (SuggestsProcess)
        {
            return Messages.Get("ProcessMeant", text);
        }

        return !ComputerText.LooksLikeOne(text) ? null
            : SuggestsComputer ? Messages.Get("ComputerMeant", text, TypedBehind() ?? "80")
            : SuggestsOrder ? Messages.Get("ComputerStandsFirst")
            : null;
    }

    /// <summary>The ports that were typed behind the computer's name, which the binder does not come to any more; null where none were.</summary>
    private static string? TypedBehind()
    {
        var statement = Runspace.DefaultRunspace?.Debugger?.GetCallStack().FirstOrDefault()?.Position.Text ?? "";
        var typed = Regex.Match(statement, @"\bTest-PortAvailability\s+\S+\s+(?<ports>\w[\w,.-]*)", RegexOptions.IgnoreCase).Groups["ports"].Value;
        try
        {
            _ = PortRange.ParseList(typed);
            return typed;
        }
        catch (SocketToolsException)
        {
            return null;
        }
    }

    private static IEnumerable<PortRange> Read(object? input)
    {
        var value = Argument.BaseOf(input);
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
        var message = Messages.Get("NotAPort", input?.GetType().Name ?? "null");
        return new ArgumentTransformationMetadataException(message, new PSInvalidCastException(message));
    }
}
