BeforeDiscovery {
    # The programs of others that this machine has.
    $clients = @(
        foreach ($keyType in 'Ecdsa', 'Rsa') {
            @{ Client = 'curl'; KeyType = $keyType; Ask = { param($Pem, $Port) curl --silent --show-error --http0.9 --cacert $Pem --max-filesize 20 "https://localhost:$Port/" 2>&1 } }
            @{ Client = 'openssl'; KeyType = $keyType; Ask = { param($Pem, $Port) 'x' | openssl s_client -quiet -no_ign_eof -CAfile $Pem -verify_return_error -x509_strict -verify_hostname localhost -connect "localhost:$Port" 2>&1 } }
            @{ Client = 'python3'; KeyType = $keyType; Ask = { param($Pem, $Port) @'
import socket, ssl, sys
context = ssl.create_default_context(cafile=sys.argv[1])
context.verify_flags |= ssl.VERIFY_X509_STRICT
client = context.wrap_socket(socket.create_connection(('localhost', int(sys.argv[2]))), server_hostname='localhost')
client.sendall(b'x\n')
print(client.recv(2))
'@ | python3 - $Pem $Port 2>&1 } }
            @{ Client = 'node'; KeyType = $keyType; Ask = { param($Pem, $Port) @'
const [pem, port] = process.argv.slice(2);
require('tls').connect({ host: 'localhost', port: +port, ca: require('fs').readFileSync(pem) }, function () { this.write('x\n'); })
    .on('data', function () { this.end(); })
    .on('error', error => { console.error(error); process.exitCode = 1; });
'@ | node - $Pem $Port 2>&1 } }
        }
    ) | Where-Object { Get-Command $_.Client -CommandType Application -ErrorAction Ignore }
}

BeforeAll {
    Import-Module "$PSScriptRoot/../../PSSocketTools.psd1" -Force

    function Assert-Failure([scriptblock] $Script, [string] $Id, [string] $Category, $Target, [string] $Like) {
        $failure = $Script | Should -Throw -PassThru
        $failure.FullyQualifiedErrorId | Should -Be "$Id,PSSocketTools.Commands.NewEchoCertificateCommand"
        $failure.CategoryInfo.Category | Should -Be $Category
        $failure.TargetObject | Should -Be $Target
        $failure.Exception.Message | Should -BeLike $Like
    }
}

Describe 'New-EchoCertificate' {
    AfterEach {
        Get-EchoServer | Stop-EchoServer -Force
    }

    Context 'in PowerShell 7' -Tag Core {
        BeforeEach {
            $folder = Join-Path $TestDrive ([guid]::NewGuid())
            $null = New-Item -ItemType Directory $folder
            $pem = Join-Path $folder 'lab.pem'
            $key = Join-Path $folder 'lab.key'
        }

        It 'makes a certificate of <_> that a server serves with' -ForEach 'Ecdsa', 'Rsa' {
            $certificate = New-EchoCertificate -KeyType $_
            $certificate.HasPrivateKey | Should -BeTrue
            $server = Start-EchoServer -Certificate $certificate
            $session = $server | Connect-EchoServer
            ($session | Send-SocketMessage 'hello').Response | Should -Be 'hello'
            $server.CertificateThumbprint | Should -Be $certificate.GetCertHashString('SHA256')
            $session | Disconnect-EchoServer
        }

        It 'is for localhost and both loopback addresses, for a year' {
            $certificate = New-EchoCertificate
            $names = $certificate.Extensions | Where-Object { $_.Oid.Value -eq '2.5.29.17' }
            $names.EnumerateDnsNames() | Should -Be 'localhost'
            $names.EnumerateIPAddresses().IPAddressToString | Should -Be '127.0.0.1', '::1'
            $certificate.NotBefore | Should -BeLessThan (Get-Date)
            $certificate.NotAfter | Should -BeGreaterThan (Get-Date).AddDays(360)
        }

        It 'has the names it is given, whatever white space is around them' {
            $certificate = New-EchoCertificate ' Web.Example ', '*.lab.example', 'café.example', '10.0.0.7'
            $certificate.Subject | Should -BeExactly 'CN=web.example'
            ($certificate.Extensions | Where-Object { $_.Oid.Value -eq '2.5.29.17' }).EnumerateDnsNames() | Should -BeExactly 'web.example', '*.lab.example', 'xn--caf-dma.example'
        }

        It 'is refused by a client when it <Case>' -ForEach @(
            @{ Case = 'has expired'; With = { @{ NotAfter = (Get-Date).AddDays(-1) } } }
            @{ Case = 'is not valid yet'; With = { @{ NotBefore = (Get-Date).AddDays(1) } } }
            @{ Case = 'is for another name'; With = { @{ DnsName = 'other.example' } } }
        ) {
            $with = & $With
            $server = Start-EchoServer -Certificate (New-EchoCertificate @with)
            $failure = { Connect-EchoServer localhost $server.Port -UseTls -ErrorAction Stop } | Should -Throw -PassThru
            $failure.FullyQualifiedErrorId | Should -BeLike 'TlsFailed,*'
        }

        It 'writes a PFX file that a server opens with its password' {
            $password = ConvertTo-SecureString 'secret' -AsPlainText -Force
            $pfx = Join-Path $folder 'lab.pfx'
            $certificate = New-EchoCertificate -PfxPath $pfx -PfxPassword $password
            (Start-EchoServer -Certificate $pfx -CertificatePassword $password).CertificateThumbprint | Should -Be $certificate.GetCertHashString('SHA256')
            (Get-ChildItem $folder).Name | Should -Be 'lab.pfx'
        }

        It 'writes relative to the location' {
            Push-Location $folder
            try { $null = New-EchoCertificate -PemPath ./lab.pem } finally { Pop-Location }
            (Get-ChildItem $folder).Name | Should -Be 'lab.key', 'lab.pem'
        }

        It 'leaves private keys to their owner alone' -Tag Linux {
            $null = New-EchoCertificate -PemPath $pem -PfxPath "$folder/lab.pfx"
            (Get-Item $key, "$folder/lab.pfx").UnixMode | Should -Be '-rw-------', '-rw-------'
        }

        It 'writes a PEM file that <Client> takes for its trust anchor, with a key of <KeyType>' -Tag Linux -ForEach $clients {
            # One that has expired shows that the client looks.
            foreach ($case in @{ NotAfter = [datetime]::Now.AddDays(1); Trusts = $true }, @{ NotAfter = [datetime]::Now.AddDays(-1); Trusts = $false }) {
                $server = Start-EchoServer -DisconnectAfter 1 -Certificate (New-EchoCertificate -KeyType $KeyType -NotAfter $case.NotAfter -PemPath $pem -Force)
                $said = & $Ask $pem $server.Port | Out-String
                if ($case.Trusts) {
                    $server | Wait-EchoServer -Kind Connected, Error | ForEach-Object Kind | Should -Be 'Connected' -Because $said
                }
                else {
                    "$said" | Should -Match 'expired'
                }
            }
        }

        It 'leaves a file that is there, and says how to replace it' {
            $before = (New-EchoCertificate -PemPath $pem).Thumbprint
            $lines = Get-Content $pem
            Assert-Failure { New-EchoCertificate -PemPath $pem } FileFailed WriteError $key '*-Force*'
            Get-Content $pem | Should -Be $lines
            (New-EchoCertificate -PemPath $pem -Force).Thumbprint | Should -Not -Be $before
            Get-Content $pem | Should -Not -Be $lines
        }

        It 'says which folder is missing' {
            $missing = Join-Path $folder 'none/lab.pfx'
            Assert-Failure { New-EchoCertificate -PfxPath $missing } FileFailed WriteError $missing "*none*Use a path in a folder that is there*"
        }

        It 'does nothing with -WhatIf' {
            New-EchoCertificate -PemPath $pem -WhatIf | Should -BeNullOrEmpty
            Get-ChildItem $folder | Should -BeNullOrEmpty
        }

        It 'refuses a password without a PFX file' {
            Assert-Failure { New-EchoCertificate -PfxPassword (ConvertTo-SecureString 'x' -AsPlainText -Force) } InvalidOption InvalidArgument PfxPassword '*-PfxPath*'
        }

        It 'refuses an end before the beginning' {
            Assert-Failure { New-EchoCertificate -NotBefore 2030-01-02 -NotAfter 2030-01-01 } InvalidOption InvalidArgument NotAfter '*-NotBefore*'
        }
    }

    It 'refuses <_> for a name' -ForEach 'two words', 'web.example:443', 'https://web.example', '127.1', 'a*.example' {
        Assert-Failure { New-EchoCertificate $_ } InvalidOption InvalidArgument $_ '*no name for a certificate*'
    }

    It 'refuses a drive without files' {
        Assert-Failure { New-EchoCertificate -PfxPath env:x } InvalidOption InvalidArgument 'env:x' '*Environment*'
    }

    It 'says what Windows PowerShell has instead' -Tag Desktop {
        Assert-Failure { New-EchoCertificate } NotSupported NotImplemented $null '*New-SelfSignedCertificate*'
    }
}
