using System.Management.Automation;
using System.Security;
using System.Security.Cryptography.X509Certificates;
using PSSocketTools.Binding;
using PSSocketTools.Completion;
using PSSocketTools.Resources;

namespace PSSocketTools.Commands;

/// <summary>New-EchoCertificate: a certificate for tests, as an object and as files; PowerShell 7.</summary>
[Cmdlet(VerbsCommon.New, "EchoCertificate", SupportsShouldProcess = true, HelpUri = OnlinePages.Folder + "New-EchoCertificate.md")]
[OutputType(typeof(X509Certificate2))]
public sealed class NewEchoCertificateCommand : SocketCommand
{
    /// <summary>The names and addresses it is for.</summary>
    [Parameter(Position = 0)]
    [TrimTransformation]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(CertificateNameCompleter))]
    public string[]? DnsName { get; set; }

    /// <summary>From when on it is valid, in the past or to come.</summary>
    [Parameter]
    public DateTimeOffset? NotBefore { get; set; }

    /// <summary>Until when it is valid, in the past or to come.</summary>
    [Parameter]
    public DateTimeOffset? NotAfter { get; set; }

    /// <summary>The kind of its key.</summary>
    [Parameter]
    [PSDefaultValue(Value = CertificateOptions.DefaultKeyType)]
    public CertificateKeyType KeyType { get; set; } = CertificateOptions.DefaultKeyType;

    /// <summary>The PFX file to write, with the private key.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? PfxPath { get; set; }

    /// <summary>The PFX file's password.</summary>
    [Parameter]
    [ValidateNotNull]
    public SecureString? PfxPassword { get; set; }

    /// <summary>The PEM file to write, with the certificate; the private key goes beside it, into a file that ends in .key.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? PemPath { get; set; }

    /// <summary>Replaces files that are there.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    /// <remarks>It takes nothing from the pipeline, so that this runs once; where something comes that way, it is refused and this does not run.</remarks>
    protected override void ProcessRecord()
    {
        X509Certificate2? made = null;
        try
        {
            var options = new CertificateOptions { NotBefore = NotBefore, NotAfter = NotAfter, KeyType = KeyType };
            options = DnsName is null ? options : options with { DnsName = DnsName };
            var files = new CertificateFileOptions
            {
                PfxPath = ToFullPath(PfxPath),
                PfxPassword = PfxPassword,
                PemPath = ToFullPath(PemPath),
                Overwrite = Force,
            };
            CertificateFiles.RequireWritable(files);
            var action = files.Paths.Count == 0
                ? Messages.Get("ActionMakeCertificate")
                : Messages.Get("ActionWriteCertificate", string.Join(", ", files.Paths));
            if (!ShouldProcess(string.Join(", ", options.DnsName), action))
            {
                return;
            }

            made = SelfSignedCertificate.Create(options);
            CertificateFiles.Write(made, files);
            WriteObject(made);
            made = null;
        }
        catch (SocketToolsException exception)
        {
            ThrowTerminating(exception);
        }
        finally
        {
            // Nobody has it, where its files could not be written.
            made?.Dispose();
        }
    }

    private string? ToFullPath(string? path) => path is null ? null : FilePath.ToFull(path, SessionState);
}
