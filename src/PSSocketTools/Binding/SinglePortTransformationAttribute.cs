using System.Globalization;
using System.Management.Automation;
using System.Text.RegularExpressions;
using PSSocketTools.Resources;

namespace PSSocketTools.Binding;

/// <summary>Accepts one port as a decimal number; PowerShell itself would convert '0x50' to 80, '1kb' to 1024 and $null to 0.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class SinglePortTransformationAttribute : ArgumentTransformationAttribute
{
    /// <summary>Whether a value that is no port may have been meant as the address to listen on, which the command has a parameter for.</summary>
    public bool SuggestsAddress { get; set; }

    /// <summary>Whether a value that is no port may have been meant as the computer, which stands before the port.</summary>
    public bool SuggestsOrder { get; set; }

    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var value = Argument.BaseOf(inputData);
        var text = value switch
        {
            string written => written.Trim(),
            byte or sbyte or short or ushort or int or uint or long or ulong or double or float or decimal =>
                Convert.ToString(value, CultureInfo.InvariantCulture)!,
            _ => null,
        };
        if (text is not null && int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var port))
        {
            return port is >= EchoServerOptions.LowestPort and <= EchoServerOptions.HighestPort && (port >= SessionOptions.LowestPort || SuggestsAddress)
                ? port
                : throw NotAPort(Messages.Get(SuggestsAddress ? "PortNotInRangeToListen" : "PortNotInRange", port));
        }

        var message = Messages.Get("PortNumberNotUnderstood", text ?? value?.GetType().Name ?? "null");
        if (SuggestsAddress && text is not null && ComputerText.LooksLikeOne(text))
        {
            message += " " + Messages.Get("AddressMeant", text);
        }
        else if (SuggestsAddress && text is not null && Regex.IsMatch(text, @"^\d+\s*(-|\.\.)\s*\d+$"))
        {
            message += " " + Messages.Get("FreePortOfRangeMeant", text.Replace(" ", string.Empty));
        }
        else if (SuggestsOrder && text is not null && ComputerText.LooksLikeOne(text))
        {
            message += " " + Messages.Get("ComputerStandsFirst");
        }

        throw NotAPort(message);
    }

    // Pipeline input may still fit another parameter: the binder tries that when the error is a failed cast.
    private static ArgumentTransformationMetadataException NotAPort(string message) => new(message, new PSInvalidCastException(message));
}
