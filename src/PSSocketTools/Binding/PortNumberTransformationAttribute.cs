using System.Globalization;
using System.Management.Automation;
using PSSocketTools.Resources;

namespace PSSocketTools.Binding;

/// <summary>Takes one port as its number in decimal; PowerShell by itself would make 80 of '0x50', 1024 of '1kb' and 0 of nothing.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class PortNumberTransformationAttribute : ArgumentTransformationAttribute
{
    /// <summary>Whether what is no port may have been meant for the address to listen on, which the command takes by name.</summary>
    public bool IsBesideAddress { get; set; }

    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        var text = value switch
        {
            string written => written.Trim(),
            byte or sbyte or short or ushort or int or uint or long or ulong or double or float or decimal =>
                Convert.ToString(value, CultureInfo.InvariantCulture)!,
            _ => null,
        };
        if (text is not null && int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var port))
        {
            return port;
        }

        // What comes down the pipeline may still fit another parameter: the binder goes on to see, if the reason is a failed cast.
        var message = Messages.Get("PortNumberNotUnderstood", text ?? value?.GetType().Name ?? "null");
        if (IsBesideAddress && text is not null && ComputerText.LooksLikeOne(text))
        {
            message += " " + Messages.Get("AddressMeant", text);
        }

        throw new ArgumentTransformationMetadataException(message, new PSInvalidCastException(message));
    }
}
