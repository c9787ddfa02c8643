# Certificates of every kind, and OpenSSL at the other end.
BeforeDiscovery {
    $openssl = [bool] (Get-Command openssl -CommandType Application -ErrorAction Ignore)
    $trusts = $openssl -and $PSEdition -eq 'Core' -and $IsLinux
    $kinds = @(
        @{ Kind = 'self-signed'; Names = 'localhost', '127.0.0.1'; From = -30; Until = 30; Problems = , 'self-signed' }
        @{ Kind = 'expired'; Names = 'localhost', '127.0.0.1'; From = -30; Until = -1; Problems = 'expired on', 'self-signed' }
        @{ Kind = 'not yet valid'; Names = 'localhost', '127.0.0.1'; From = 1; Until = 30; Problems = 'not valid before', 'self-signed' }
        @{ Kind = 'of another name'; Names = , 'elsewhere.example'; From = -30; Until = 30; Problems = 'do not include 127.0.0.1', 'self-signed' }
        @{ Kind = 'expired and of another name'; Names = , 'elsewhere.example'; From = -30; Until = -1; Problems = 'expired on', 'do not include 127.0.0.1', 'self-signed' }
    )
}

BeforeAll {
    Import-Module "$PSScriptRoot/../../PSSocketTools.psd1" -Force
    . "$PSScriptRoot/English.ps1"
    . "$PSScriptRoot/SessionAssertions.ps1"
    . "$PSScriptRoot/SamePowerShell.ps1"
    $manifest = (Resolve-Path "$PSScriptRoot/../../PSSocketTools.psd1").Path

    # A certificate for names and addresses, from and until so many days from now; with an issuer, that one's.
    function New-TestCertificate([string[]] $Names, $From = -30, $Until = 30, $Issuer) {
        $key = [Security.Cryptography.RSA]::Create(2048)
        $request = [Security.Cryptography.X509Certificates.CertificateRequest]::new("CN=$($Names[0])", $key, 'SHA256', [Security.Cryptography.RSASignaturePadding]::Pkcs1)
        $alternatives = [Security.Cryptography.X509Certificates.SubjectAlternativeNameBuilder]::new()
        foreach ($name in $Names) {
            $address = $null
            if ([Net.IPAddress]::TryParse($name, [ref] $address)) { $alternatives.AddIpAddress($address) } else { $alternatives.AddDnsName($name) }
        }
        $request.CertificateExtensions.Add($alternatives.Build())
        $now = [DateTimeOffset]::UtcNow
        if ($Issuer) {
            $bare = $request.Create($Issuer, $now.AddDays($From), $now.AddDays($Until), [byte[]] (1..8))
            $made = [Security.Cryptography.X509Certificates.RSACertificateExtensions]::CopyWithPrivateKey($bare, $key)
        }
        else {
            $request.CertificateExtensions.Add([Security.Cryptography.X509Certificates.X509BasicConstraintsExtension]::new($true, $false, 0, $true))
            $made = $request.CreateSelfSigned($now.AddDays($From), $now.AddDays($Until))
        }
        # Windows serves TLS with a key that is stored alone.
        [Security.Cryptography.X509Certificates.X509Certificate2]::new($made.Export('Pfx'), '', 'Exportable')
    }

    function Export-Pem($Certificate, [string] $Path) {
        $key = [Security.Cryptography.X509Certificates.RSACertificateExtensions]::GetRSAPrivateKey($Certificate)
        Set-Content $Path $Certificate.ExportCertificatePem(), $key.ExportPkcs8PrivateKeyPem()
        $Path
    }

    $script:processes = [Collections.Generic.List[Diagnostics.Process]]::new()
    function Start-OpenSsl([string] $Arguments) {
        $start = [Diagnostics.ProcessStartInfo]@{
            FileName = 'openssl'; Arguments = $Arguments; UseShellExecute = $false
            RedirectStandardInput = $true; RedirectStandardOutput = $true; RedirectStandardError = $true
        }
        $process = [Diagnostics.Process]::Start($start)
        $script:processes.Add($process)
        $process
    }

    # A server that gives each line back reversed, and its port.
    function Start-ReversingServer([string] $Arguments) {
        $process = Start-OpenSsl "s_server -accept 127.0.0.1:0 -rev $Arguments"
        while ($null -ne ($line = $process.StandardOutput.ReadLine())) {
            if ($line -match '^ACCEPT .*:(\d+)$') { return [int] $Matches[1] }
        }
        throw $process.StandardError.ReadToEnd()
    }
}

Describe 'A TLS session' -Tag Core {
    AfterEach {
        Get-EchoSession | Disconnect-EchoServer -Reset
        Get-EchoServer | Stop-EchoServer -Force
        foreach ($process in $script:processes) {
            if (-not $process.HasExited) { $process.Kill() }
            $process.Dispose()
        }
        $script:processes.Clear()
    }

    It 'with a certificate that is <Kind> is refused with every reason, and what would pin it; unchecked, it tells the same' -ForEach $kinds {
        $certificate = New-TestCertificate $Names $From $Until
        $server = Start-EchoServer -Address 127.0.0.1 -Certificate $certificate
        Connect-EchoServer 127.0.0.1 $server.Port -UseTls -ErrorVariable failed -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        Assert-Error $failed TlsFailed SecurityError
        $said = $failed[0].Exception.Message

        $session = Connect-EchoServer 127.0.0.1 $server.Port -UseTls -SkipCertificateCheck
        foreach ($problem in $Problems) {
            $said | Should -BeLike "*$problem*"
            $session.CertificateProblem | Should -BeLike "*$problem*"
        }
        @($session.CertificateProblem -split '; ').Count | Should -Be $Problems.Count
        $session.CertificateNames | Should -Be ($Names -join ', ')
        $session.CertificateNotAfter | Should -Be $certificate.NotAfter
        $session.CertificateNotBefore | Should -Be $certificate.NotBefore
        $said | Should -BeLike "*names $($Names -join ', '), *$($certificate.NotBefore.ToString('yyyy-MM-dd HH:mm', [cultureinfo]::InvariantCulture))*$($certificate.NotAfter.ToString('yyyy-MM-dd HH:mm', [cultureinfo]::InvariantCulture))*"

        # What the error offers works as it stands there.
        $said -match '-CertificateThumbprint ([0-9A-F]{64})' | Should -BeTrue
        $session.CertificateThumbprint | Should -Be $Matches[1]
        $pinned = Connect-EchoServer 127.0.0.1 $server.Port -UseTls -CertificateThumbprint $Matches[1]
        ($pinned | Send-SocketMessage 'oi').Response | Should -Be 'oi'
    }

    if ($openssl) {
        It 'speaks with openssl s_server' {
            $certificate = New-TestCertificate 'mail.example', '127.0.0.1'
            $port = Start-ReversingServer "-cert `"$(Export-Pem $certificate (Join-Path $TestDrive 'server.pem'))`""
            $session = Connect-EchoServer 127.0.0.1 $port -UseTls -ServerName mail.example -SkipCertificateCheck
            ($session | Send-SocketMessage 'abc', 'olé').Response[0] | Should -Be 'cba'
            $session.CertificateSubject | Should -Be 'CN=mail.example'
            $session.CertificateNames | Should -Be 'mail.example, 127.0.0.1'
            $session.CertificateProblem | Should -Be 'It is self-signed, and not trusted on this machine.'
            $session.CipherSuite | Should -BeLike 'TLS_*'
        }

        It 'speaks <Version> with an openssl s_server that speaks nothing else, and is told when it offers another' -Tag Linux -ForEach @(
            @{ Version = 'Tls12'; Option = '-tls1_2'; Other = 'Tls13' }
            @{ Version = 'Tls13'; Option = '-tls1_3'; Other = 'Tls12' }
        ) {
            $certificate = New-TestCertificate '127.0.0.1'
            $port = Start-ReversingServer "$Option -cert `"$(Export-Pem $certificate (Join-Path $TestDrive 'server.pem'))`""
            Connect-EchoServer 127.0.0.1 $port -UseTls -SkipCertificateCheck -TlsProtocol $Other -ErrorVariable failed -ErrorAction SilentlyContinue
            Assert-Error $failed TlsFailed SecurityError
            $failed[0].Exception.Message | Should -BeLike "*$Other*-TlsProtocol*"
            (Connect-EchoServer 127.0.0.1 $port -UseTls -SkipCertificateCheck).TlsProtocol | Should -Be $Version
        }

        It 'is told by an alert of <Version> why openssl s_server does not accept its certificate' -Tag Linux -ForEach @(
            @{ Version = 'Tls12'; Option = '-tls1_2' }
            @{ Version = 'Tls13'; Option = '-tls1_3' }
        ) {
            $issuer, $elsewhere = (New-TestCertificate 'An issuer'), (New-TestCertificate 'Another issuer')
            $certificate = New-TestCertificate '127.0.0.1'
            $issuerFile = Export-Pem $issuer (Join-Path $TestDrive 'issuer.pem')
            $certificateFile = Export-Pem $certificate (Join-Path $TestDrive 'server.pem')
            $port = Start-ReversingServer "$Option -cert `"$certificateFile`" -Verify 2 -verify_return_error -CAfile `"$issuerFile`""
            $options = @{ ComputerName = '127.0.0.1'; Port = $port; UseTls = $true; SkipCertificateCheck = $true; ErrorAction = 'Stop' }
            $ask = {
                # In TLS 1.3 the client's handshake is over before the server has seen its certificate.
                try { (Connect-EchoServer @options | Send-SocketMessage 'abc' -ErrorAction Stop).Response }
                catch { "$($_.FullyQualifiedErrorId -replace ',.*'): $($_.Exception.Message)" }
            }
            & $ask | Should -BeLike "TlsFailed: 127.0.0.1:$port requires a client certificate, and got none (the TLS alert *-ClientCertificate."
            $options.ClientCertificate = New-TestCertificate 'ana' -From -2 -Until 2 -Issuer $elsewhere
            & $ask | Should -BeLike 'TlsFailed: *refused the client certificate CN=ana with the TLS alert unknown_ca: its issuer is not trusted there.*'
            $options.ClientCertificate = New-TestCertificate 'ana' -From -2 -Until -1 -Issuer $issuer
            & $ask | Should -BeLike 'TlsFailed: *refused the client certificate CN=ana with the TLS alert certificate_expired: it has expired, or is not valid yet.*'
            $options.ClientCertificate = New-TestCertificate 'ana' -From -2 -Until 2 -Issuer $issuer
            $session, $said = (Connect-EchoServer @options -Verbose 4>&1).Where({ $_ -is [PSSocketTools.EchoSession] }, 'Split')
            $said.Message | Should -Contain 'The server asked for a client certificate, and was sent CN=ana.'
            ($session | Send-SocketMessage 'abc').Response | Should -Be 'cba'
        }

        It 'is had by openssl s_client, which checks the name and the certificate' {
            $certificate = New-TestCertificate 'localhost'
            $pem = Export-Pem $certificate (Join-Path $TestDrive 'client.pem')
            $server = Start-EchoServer -Address 127.0.0.1 -Certificate $certificate -ExitCommand exit
            $client = Start-OpenSsl "s_client -quiet -connect 127.0.0.1:$($server.Port) -servername localhost -verify_hostname localhost -verify_return_error -CAfile `"$pem`""
            $client.StandardInput.Write("um`nexit`n")
            $client.StandardInput.Flush()
            $client.StandardOutput.ReadLine() | Should -Be 'um'
            $client.WaitForExit(30000) | Should -BeTrue
            (Get-EchoServerEvent -Server $server -Kind Message)[0].Message | Should -Be 'um'
        }
    }

    if ($trusts) {
        It 'has no problem with a certificate that is trusted, and one with its name alone where that differs' -Tag Linux {
            $issuer = New-TestCertificate 'An issuer'
            $certificate = New-TestCertificate 'localhost' -From -2 -Until 2 -Issuer $issuer
            Set-Content (Join-Path $TestDrive 'trusted.pem') $issuer.ExportCertificatePem()
            $server = Start-EchoServer -Address 127.0.0.1 -Certificate $certificate
            $script = @"
. '$PSScriptRoot/English.ps1'
Import-Module '$manifest'
`$at = @{ ComputerName = '127.0.0.1'; Port = $($server.Port); UseTls = `$true }
`$session = Connect-EchoServer @at -ServerName localhost
"[`$(`$session.CertificateProblem)]"
"[`$((Connect-EchoServer @at -SkipCertificateCheck).CertificateProblem)]"
try { Connect-EchoServer @at -ErrorAction Stop } catch { `$_.Exception.Message }
"@
            $before = $env:SSL_CERT_FILE
            try {
                $env:SSL_CERT_FILE = Join-Path $TestDrive 'trusted.pem'
                $said = & $pwsh @pwshArguments -NoProfile -NonInteractive -Command $script
            }
            finally { $env:SSL_CERT_FILE = $before }
            $said[0] | Should -Be '[]'
            $said[1] | Should -Be '[Its names do not include 127.0.0.1.]'
            $said[2] | Should -BeLike '*Its names do not include 127.0.0.1. It has the names localhost, and*-ServerName*-CertificateThumbprint*'
            $said[2] | Should -Not -BeLike '*trusted*'
        }
    }
}
