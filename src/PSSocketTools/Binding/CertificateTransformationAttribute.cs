using System.Management.Automation;
using System.Security.Cryptography.X509Certificates;

namespace PSSocketTools.Binding;

/// <summary>Accepts a certificate, or the path of a PFX or PEM file, which is opened later with its password.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class CertificateTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var value = Argument.BaseOf(inputData);
        return value switch
        {
            X509Certificate2 => value,
            FileInfo file => file.FullName,
            _ => value?.ToString() ?? string.Empty,
        };
    }
}
