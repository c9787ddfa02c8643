using System.Management.Automation;

namespace PSSocketTools.Binding;

/// <summary>Accepts a certificate, or the path of a PEM file, or of a PFX file without a password.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class ClientCertificateTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var path = Argument.BaseOf(inputData) switch
        {
            string text => text,
            FileInfo file => file.FullName,
            _ => null,
        };
        if (path is null)
        {
            return inputData;
        }

        try
        {
            return CertificateFile.Open(path, null, engineIntrinsics.SessionState, isClients: true)!;
        }
        catch (SocketToolsException exception)
        {
            throw new ArgumentTransformationMetadataException(exception.Message, exception);
        }
    }
}
