Describe 'Text that others chose' {
    BeforeAll {
        Import-Module "$PSScriptRoot/../../PSSocketTools.psd1" -Force
        . "$PSScriptRoot/BareServer.ps1"

        # An escape sequence of each kind, a title with its bell, a carriage return that would overwrite the line.
        $evil = "$([char] 27)[31m$([char] 0x9B)31m$([char] 27)]0;t$([char] 7)$([char] 13)"

        # All that a user can come to see of something: every view, and an error in full.
        function Get-Shown {
            param([Parameter(ValueFromPipeline)] $InputObject)
            process {
                $InputObject | Format-Table | Out-String
                $InputObject | Format-List | Out-String
                $InputObject | Format-Wide | Out-String
                $InputObject | Out-String
                if ($InputObject -is [System.Management.Automation.ErrorRecord]) {
                    $InputObject.Exception.Message
                    "$($InputObject.TargetObject)"
                }
            }
        }

        # What a script shows beside its results: its warnings, and each line of its progress.
        function Get-ShownBeside([string] $Script, [hashtable] $Values) {
            $shell = [powershell]::Create()
            try {
                $null = $shell.AddScript("param(`$Manifest, `$Values) Import-Module `$Manifest; $Script").
                    AddArgument("$PSScriptRoot/../../PSSocketTools.psd1").AddArgument($Values)
                $null = $shell.Invoke()
                $shell.Streams.Warning.Message
                $shell.Streams.Progress | ForEach-Object { $_.Activity; $_.StatusDescription; $_.CurrentOperation }
            }
            finally { $shell.Dispose() }
        }

        function Assert-Clean([string[]] $Shown, [string] $Has) {
            $all = $Shown -join "`n"
            $all | Should -Match ([regex]::Escape($Has)) -Because 'else nothing was shown that could be unclean'
            foreach ($character in $all.ToCharArray()) {
                if ([char]::IsControl($character) -and $character -notin "`r", "`n", "`t") {
                    throw "There is U+{0:X4} in: {1}" -f [int] $character, ($all -replace '\p{Cc}', '?')
                }
            }
            # Lines end as the views end them, and not where a peer would have it.
            $all -replace "`r`n" | Should -Not -Match "`r[^`n]"
        }
    }

    BeforeEach {
        if ($PSStyle) {
            $rendering = $PSStyle.OutputRendering
            $PSStyle.OutputRendering = 'PlainText'
        }
    }

    AfterEach {
        if ($PSStyle) { $PSStyle.OutputRendering = $rendering }
        Get-EchoSession | Disconnect-EchoServer -Reset
        Get-EchoServer | Stop-EchoServer -Force
        Stop-BareServer
    }

    It 'is clean as the name of a process that holds a port' -Tag Linux {
        $listener = [Net.Sockets.TcpListener]::new([ipaddress]::Loopback, 0)
        $listener.Start()
        $port = $listener.LocalEndpoint.Port
        $name = [IO.File]::ReadAllText('/proc/self/comm').Trim()
        try {
            [IO.File]::WriteAllText('/proc/self/comm', "$([char] 27)[31mX$([char] 0x9B)$([char] 13)Y")
            $result = Test-PortAvailability $port -Address 127.0.0.1
            $holder = Get-PortHolder $port
            Start-EchoServer $port -ErrorVariable failures -ErrorAction SilentlyContinue
        }
        finally {
            [IO.File]::WriteAllText('/proc/self/comm', $name)
            $listener.Stop()
        }
        $result.ProcessName | Should -Match 'X'
        $holder.ProcessName | Should -Be $result.ProcessName
        Assert-Clean (@($result, $holder, $failures[0] | Get-Shown) + "$holder") '[31mX'
    }

    It 'is clean as what a client sent' {
        $server = Start-EchoServer -Framing LengthPrefix
        $answer = $server | Connect-EchoServer | Send-SocketMessage "begin$($evil)end"
        $answer.Response | Should -BeExactly "begin$($evil)end" -Because 'what is sent is data'
        $null = Wait-EchoServer -Server $server -Kind ResponseSent
        Assert-Clean (@($answer) + @(Get-EchoServerEvent -Server $server) | Get-Shown) 'begin'
    }

    It 'is clean as the error of a responder' {
        $server = Start-EchoServer -Responder { throw "failed: $_" }
        $null = $server | Connect-EchoServer | Send-SocketMessage "x$([char] 27)[31mz" -ErrorAction SilentlyContinue -ErrorVariable failures
        $null = Wait-EchoServer -Server $server -Kind Error
        Assert-Clean (@(Get-EchoServerEvent -Server $server) + @($failures) + @($server) | Get-Shown) 'failed'
    }

    It 'is clean as the name in a certificate' -Tag Core {
        $key = [Security.Cryptography.RSA]::Create(2048)
        $subject = [Security.Cryptography.X509Certificates.X500DistinguishedNameBuilder]::new()
        $subject.AddCommonName("evil$([char] 27)[31m")
        $request = [Security.Cryptography.X509Certificates.CertificateRequest]::new($subject.Build(), $key, 'SHA256', [Security.Cryptography.RSASignaturePadding]::Pkcs1)
        $certificate = $request.CreateSelfSigned([DateTimeOffset]::Now.AddDays(-1), [DateTimeOffset]::Now.AddDays(1))
        $server = Start-EchoServer -Certificate $certificate
        Connect-EchoServer -Port $server.Port -UseTls -ErrorVariable failures -ErrorAction SilentlyContinue
        $session = Connect-EchoServer -Port $server.Port -UseTls -SkipCertificateCheck
        Assert-Clean (@($failures) + @($session) + @($server) | Get-Shown) 'localhost'
    }

    It 'is clean as the name in a certificate that a measurement warns of' -Tag Core {
        $key = [Security.Cryptography.RSA]::Create(2048)
        $subject = [Security.Cryptography.X509Certificates.X500DistinguishedNameBuilder]::new()
        $subject.AddCommonName("evil$([char] 27)[31m")
        $request = [Security.Cryptography.X509Certificates.CertificateRequest]::new($subject.Build(), $key, 'SHA256', [Security.Cryptography.RSASignaturePadding]::Pkcs1)
        $certificate = $request.CreateSelfSigned([DateTimeOffset]::Now.AddDays(-1), [DateTimeOffset]::Now.AddDays(1))
        $server = Start-EchoServer -Certificate $certificate
        $shown = Get-ShownBeside 'Measure-EchoServer -Port $Values.Port -UseTls -Count 1' @{ Port = $server.Port }
        Assert-Clean $shown 'localhost'
    }

    It 'is clean as a name that is waited for, in the lines of the progress' {
        # A name comes from a list as often as from a keyboard.
        $shown = Get-ShownBeside 'Connect-EchoServer $Values.Name 7 -WaitSec 1 -ErrorAction SilentlyContinue' @{ Name = "evil$($evil).invalid" }
        Assert-Clean $shown 'evil'
    }

    It 'is clean as a name that means nothing, in what <_> says of it' -ForEach @(
        'Connect-EchoServer $Values.Name 7', 'Send-SocketMessage x -ComputerName $Values.Name -Port 7', 'Enter-EchoSession $Values.Name 7'
        'Measure-EchoServer $Values.Name 7 -Count 1', 'Test-PortAvailability -ComputerName $Values.Name -Port 7'
        'Test-PortAvailability 7 -Address $Values.Name', 'Find-AvailablePort -Address $Values.Name', 'Get-PortHolder -Address $Values.Name', 'Start-EchoServer -Address $Values.Name'
        'Start-EchoServer -AllowFrom $Values.Name', 'Start-EchoServer -ResponseFormat "{$($Values.Name)}"'
        'Start-EchoServer -LogPath "$TestDrive/none/$($Values.Name)"', 'Start-EchoServer -Certificate "$TestDrive/$($Values.Name)"'
    ) {
        $Values = @{ Name = "evil$($evil).invalid" }
        $caught = $null
        $failures = @()
        $results = try { . ([scriptblock]::Create("$_ -ErrorVariable failures -ErrorAction SilentlyContinue")) } catch { $caught = $_ }
        $said = @($results | ForEach-Object { "$_"; if ($_.PSObject.Properties['Detail']) { $_.Detail } })
        Assert-Clean ($said + @(@($failures) + @($caught) | Where-Object { $_ } | Get-Shown)) 'evil'
    }

    It 'is clean as the names of a server, a session and their path' -Tag Core {
        $folder = Join-Path ([IO.Path]::GetTempPath()) "e$([guid]::NewGuid().ToString('n').Substring(0, 8))"
        $null = New-Item -ItemType Directory $folder
        try {
            $path = "$folder/evil$([char] 27)[31m"
            $server = Start-EchoServer -SocketPath $path -Name "evil$evil"
            $again = Start-EchoServer -SocketPath $path -ErrorVariable failures -ErrorAction SilentlyContinue
            $again | Should -BeNullOrEmpty
            $named = Connect-EchoServer -SocketPath $path -Name "evil$evil"
            $session = Connect-EchoServer -SocketPath $path
            $measured = Measure-EchoServer -SocketPath $path -Count 1
            $server.SocketPath | Should -BeExactly $path -Because 'what a server is connected to by is data'
            Receive-SocketMessage $session, $named -TimeoutSec 0.01 -ErrorVariable +failures -ErrorAction SilentlyContinue
            $server | Stop-EchoServer -Force
            Send-SocketMessage x -Session $session, $named -ErrorVariable +failures -ErrorAction SilentlyContinue
            Connect-EchoServer -SocketPath $path -ErrorVariable +failures -ErrorAction SilentlyContinue
            @($failures).Count | Should -BeGreaterThan 4
            Assert-Clean (@($failures | Get-Shown) + "$named $session $measured $server") 'evil'
        }
        finally { Remove-Item -Recurse $folder }
    }

    It 'is clean in the log, C1 controls too' {
        $path = Join-Path $TestDrive 'log.jsonl'
        $server = Start-EchoServer -Framing LengthPrefix -LogPath $path
        $null = $server | Connect-EchoServer | Send-SocketMessage "begin$($evil)end"
        $server | Stop-EchoServer
        Assert-Clean (Get-Content $path) 'begin'
    }
}
