using System.ComponentModel;
using System.Globalization;
using System.Text.Json.Nodes;

namespace PSSocketTools.Bench;

/// <summary>Our TLS server inside pwsh on each transport, beside Go's crypto/tls and a plain loop over SslStream in pwsh.</summary>
internal sealed class TlsSection() : Section("tls", "TLS: the server inside pwsh, beside Go's crypto/tls and a loop over SslStream")
{
    private static readonly Load[] Loads =
    [
        new(64, 64, 1, IsTls: true),
        new(64, 64, 100, IsTls: true),
        new(64, 64, 100, IsTls: true, IsApart: true),
        new(8, 65536, 1, IsTls: true),
    ];

    /// <inheritdoc/>
    public override void Run(Workbench bench)
    {
        if (bench.Yardstick!.CompileTls() is { } missing)
        {
            bench.Report.Add(Name, Title, [], [$"Left out: {missing}."]);
            return;
        }

        var rows = new JsonArray();
        var notes = new List<string>();
        var homes = Transports.Start(notes);
        var folder = Directory.CreateTempSubdirectory("tls").FullName;
        var running = new List<IDisposable>();
        try
        {
            var plain = PowerShellProcess.Start();
            running.Add(plain);
            var (pfx, pem) = MakeCertificate(plain, folder);
            var subjects = new List<Subject>();
            try
            {
                var program = Go.Build("echo.go");
                var go = Yardstick.ServerProcess.Start(port => (program, [port.ToString(CultureInfo.InvariantCulture), pem, Path.ChangeExtension(pem, ".key")]));
                running.Add(go);
                subjects.Add(new Subject("Go", go.Port, go.Id));
            }
            catch (Exception exception) when (exception is Win32Exception or InvalidOperationException)
            {
                notes.Add($"Left out: Go: {exception.Message}");
            }

            subjects.Add(new Subject("a loop over SslStream", StartLoop(plain, pfx), plain.Id));
            var load = Loads[0];
            subjects.AddRange(homes.Select(home => home.Serve("echo", load, $"-Certificate ({ReadCertificate(pfx)})")));

            // What a server does first runs before the compiler has optimized it.
            Subject.Measure(bench, load, subjects);
            foreach (var each in Loads)
            {
                subjects.ForEach(static subject => subject.Forget());
                Subject.Measure(bench, each, subjects);
                subjects.ForEach(subject => rows.Add(subject.ToRow(each, subjects[0], subjects[0].Name)));
                Console.Error.WriteLine($"measured: {each}");
            }
        }
        finally
        {
            running.ForEach(static server => server.Dispose());
            homes.ForEach(static home => home.Shell.Dispose());
            Directory.Delete(folder, recursive: true);
        }

        bench.Report.Add(Name, Title, rows, notes);
    }

    /// <summary>Makes a certificate that all servers share.</summary>
    private static (string Pfx, string Pem) MakeCertificate(PowerShellProcess shell, string folder)
    {
        var pfx = Path.Combine(folder, "bench.pfx");
        var pem = Path.Combine(folder, "bench.pem");
        shell.Invoke($"[void](New-EchoCertificate -PfxPath '{pfx}' -PemPath '{pem}'); 'made'");
        return (pfx, pem);
    }

    private static string ReadCertificate(string pfx) =>
        $"[Security.Cryptography.X509Certificates.X509Certificate2]::new('{pfx}')";

    private static int StartLoop(PowerShellProcess shell, string pfx)
    {
        var source = Path.Combine(Workbench.Folder, "Peers", "EchoTls.cs").Replace("'", "''", StringComparison.Ordinal);
        return shell.Invoke($"Add-Type -Path '{source}' -CompilerOptions '-optimize+'; [EchoTls]::Start({ReadCertificate(pfx)})").GetValue<int>();
    }
}
