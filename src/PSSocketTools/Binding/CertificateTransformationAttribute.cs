using System.Management.Automation;
using System.Security.Cryptography.X509Certificates;

namespace PSSocketTools.Binding;

/// <summary>Takes a certificate, or leaves the path of a PFX file to be opened with its password later.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class CertificateTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        return value switch
        {
            X509Certificate2 => value,
            FileInfo file => file.FullName,
            _ => value.ToString() ?? string.Empty,
        };
    }
}
