# Mutual TLS: which client certificates a server accepts, what it tells of the others, and what their clients are told.
BeforeAll {
    Import-Module "$PSScriptRoot/../../PSSocketTools.psd1" -Force
    . "$PSScriptRoot/English.ps1"
    . "$PSScriptRoot/SessionAssertions.ps1"
}

Describe 'Start-EchoServer -TrustedClientCertificate' -Tag Core {
    BeforeAll {
        $ana = New-EchoCertificate ana.example
        $rui = New-EchoCertificate rui.example -KeyType Rsa
        $old = New-EchoCertificate old.example -NotAfter (Get-Date).AddDays(-1)
        $pem = Join-Path $TestDrive 'two.pem'
        Set-Content $pem $rui.ExportCertificatePem(), $ana.ExportCertificatePem()
        $wide = Join-Path $TestDrive 'wide.pem'
        Set-Content $wide $ana.ExportCertificatePem() -Encoding unicode
        $der = Join-Path $TestDrive 'ana.cer'
        [IO.File]::WriteAllBytes($der, $ana.RawData)
        $sha256 = $ana.GetCertHashString('SHA256')

        # What a client gets for a message, or why it gets nothing.
        function Invoke-Client($Server, $Certificate, [string] $TlsProtocol) {
            $options = @{ ErrorAction = 'Stop' }
            if ($Certificate) { $options.ClientCertificate = $Certificate }
            if ($TlsProtocol) { $options.TlsProtocol = $TlsProtocol }
            try { ($Server | Connect-EchoServer @options | Send-SocketMessage 'in' -ErrorAction Stop).Response }
            catch { $_.Exception.Message }
        }
    }

    AfterEach {
        Get-EchoSession | Disconnect-EchoServer -Reset
        Get-EchoServer | Stop-EchoServer -Force
    }

    It 'accepts a client by <Name>, and no other' -ForEach @(
        @{ Name = 'its certificate'; Value = { $ana } }
        @{ Name = 'the path of a PEM file with several'; Value = { $pem } }
        @{ Name = 'a DER file'; Value = { Get-Item $der } }
        @{ Name = 'its SHA-1 thumbprint'; Value = { $ana.Thumbprint } }
        @{ Name = 'its SHA-256 thumbprint, in lower case and with colons'; Value = { $sha256.ToLower() -replace '..(?=.)', '$0:' } }
        @{ Name = 'its thumbprint with white space around'; Value = { " $($ana.Thumbprint)`t" } }
        @{ Name = 'its certificate, as the older class'; Value = { [Security.Cryptography.X509Certificates.X509Certificate]::new($ana.RawData) } }
        @{ Name = 'a PEM file in UTF-16, as Windows PowerShell writes it'; Value = { $wide } }
        @{ Name = 'one of several of each'; Value = { $der, $rui, ('0' * 64) } }
    ) {
        $server = Start-EchoServer -SelfSigned -TrustedClientCertificate (& $Value)
        Invoke-Client $server $ana | Should -Be 'in'
        ($server | Get-EchoServerEvent -Kind Connected).Message | Should -Be 'CN=ana.example'
        $client = $server | Get-EchoConnection
        $client.ClientCertificateSubject | Should -Be 'CN=ana.example'
        $client.ClientCertificateThumbprint | Should -Be $sha256
        Invoke-Client $server $old | Should -BeLike '*CN=old.example was refused.*'
        ($server | Get-EchoServerEvent -Kind Error).Reason | Should -Be 'ClientCertificateRefused'
    }

    It 'tells server and client over <_> why a client is refused' -ForEach @(
        'Tls12'
        if ($IsLinux) { 'Tls13' }
    ) {
        $server = Start-EchoServer -SelfSigned -TrustedClientCertificate $ana, $old
        Invoke-Client $server $null $_ | Should -BeLike '*The client sent no certificate, and this server requires one. With Connect-EchoServer, -ClientCertificate sends one*'
        Invoke-Client $server $rui $_ | Should -BeLike "*CN=rui.example was refused. It is not among the certificates that this server trusts, nor issued by one of them. If it is the right one, trust it: -TrustedClientCertificate $($rui.GetCertHashString('SHA256'))*"
        Invoke-Client $server $old $_ | Should -BeLike '*CN=old.example was refused. It expired on *'
        $events = $server | Get-EchoServerEvent
        $events.Kind | Should -Be 'Started', 'Error', 'Error', 'Error'
        $events[1..3].Reason | Should -Be (@('ClientCertificateRefused') * 3)
        Invoke-Client $server $ana $_ | Should -Be 'in'
    }

    It 'takes what its refusal offers' {
        $server = Start-EchoServer -SelfSigned -TrustedClientCertificate $ana
        Invoke-Client $server $old | Should -Match '-TrustedClientCertificate ([0-9A-F]{64})'
        $null = "$(($server | Get-EchoServerEvent -Kind Error).Message)" -match '-TrustedClientCertificate ([0-9A-F]{64})'
        $other = Start-EchoServer -SelfSigned -TrustedClientCertificate $Matches[1]
        Invoke-Client $other $old | Should -Be 'in'
    }

    It 'says that <Name> is no certificate' -ForEach @(
        @{ Name = 'a file that is not there'; File = 'missing.pem' }
        @{ Name = 'a file of text'; File = 'text.pem'; Content = 'hello' }
        @{ Name = 'a PEM file that is broken'; File = 'broken.pem'; Content = "-----BEGIN CERTIFICATE-----`n!!!`n-----END CERTIFICATE-----" }
        @{ Name = 'a file with nothing in it'; File = 'empty.pem'; Content = '' }
        @{ Name = 'a thumbprint with a digit too few'; File = '0' * 39 }
    ) {
        $path = Join-Path $TestDrive $File
        if ($null -ne $Content) { Set-Content $path $Content -NoNewline }
        Start-EchoServer -SelfSigned -TrustedClientCertificate $path -ErrorVariable failed -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        Assert-Error $failed FileFailed WriteError
        $failed[0].TargetObject | Should -Be $path
        $failed[0].Exception.Message | Should -BeLike "$path can't be read as a certificate: *-TrustedClientCertificate takes*"
    }

    It 'says that a path which no file can have is no certificate' {
        Start-EchoServer -SelfSigned -TrustedClientCertificate "a`0b.pem" -ErrorVariable failed -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        Assert-Error $failed FileFailed WriteError
        $failed[0].Exception.Message | Should -BeLike "*can't be read as a certificate: *-TrustedClientCertificate takes*"
    }

    It 'says that a folder is no certificate' {
        Start-EchoServer -SelfSigned -TrustedClientCertificate $TestDrive -ErrorVariable failed -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        Assert-Error $failed FileFailed WriteError
        $failed[0].Exception.Message | Should -BeLike '*is a folder*'
    }

    It 'says that a client certificate has no private key' {
        $server = Start-EchoServer -SelfSigned -TrustedClientCertificate $ana
        $bare = [Security.Cryptography.X509Certificates.X509Certificate2]::new($ana.RawData)
        $server | Connect-EchoServer -ClientCertificate $bare -ErrorVariable failed -ErrorAction SilentlyContinue
        Assert-Error $failed InvalidOption InvalidArgument
        $failed[0].Exception.Message | Should -BeLike '*CN=ana.example has no private key*'
    }
}
