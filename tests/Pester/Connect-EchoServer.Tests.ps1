BeforeAll {
    Import-Module "$PSScriptRoot/../../PSSocketTools.psd1" -Force
    . "$PSScriptRoot/BareServer.ps1"
    . "$PSScriptRoot/Beside.ps1"
    . "$PSScriptRoot/SilentPort.ps1"
    . "$PSScriptRoot/SessionAssertions.ps1"
    $manifest = (Resolve-Path "$PSScriptRoot/../../PSSocketTools.psd1").Path
}

Describe 'Connect-EchoServer' {
    AfterEach {
        Clear-Beside
        Get-EchoSession | Disconnect-EchoServer -Reset
        Get-EchoServer | Stop-EchoServer -Force
        Stop-BareServer
        Stop-SilentPort
    }

    It 'takes a server from the pipeline, and gives a session with its facts' {
        $server = Start-EchoServer
        $session = $server | Connect-EchoServer -Name teste

        $session.GetType().FullName | Should -Be 'PSSocketTools.EchoSession'
        $session.Name | Should -Be 'teste'
        $session.Port | Should -Be $server.Port
        $session.State | Should -Be 'Open'
        $session.Reason | Should -BeNullOrEmpty
        $session.Framing | Should -Be 'Line'
        $session.Encoding | Should -Be 'utf-8'
        $session.IsEncrypted | Should -BeFalse
        $session.ConnectMilliseconds | Should -BeGreaterThan 0
        $session.ConnectedAt.Kind | Should -Be 'Local'
        (Get-EchoSession -Id $session.Id).Name | Should -Be 'teste'
        (Get-EchoSession -Name t*).Id | Should -Be $session.Id
    }

    It 'gives a session for each port and computer' {
        $ports = (1..2 | ForEach-Object { Start-EchoServer }).Port
        @(Connect-EchoServer -ComputerName localhost, 127.0.0.1 -Port $ports).Count | Should -Be 4
    }

    It 'takes a server with its framing and its encoding' {
        $session = Start-EchoServer -Framing LengthPrefix -Encoding latin1 | Connect-EchoServer
        $session.Framing | Should -Be 'LengthPrefix'
        ($session | Send-SocketMessage "olá`nmundo").Response | Should -Be "olá`nmundo"
        $session.BytesSent | Should -Be 13
    }

    It 'pins the certificate of a server it is given' -Tag Core {
        $session = Start-EchoServer -SelfSigned | Connect-EchoServer
        $session.IsEncrypted | Should -BeTrue
        $session.TlsProtocol | Should -BeLike 'Tls1*'
        ($session | Send-SocketMessage 'segredo').Response | Should -Be 'segredo'
    }

    It 'refuses a certificate nobody trusts' -Tag Core {
        $server = Start-EchoServer -SelfSigned
        Connect-EchoServer -Port $server.Port -UseTls -ErrorVariable failed -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        Assert-Error $failed TlsFailed SecurityError
        (Connect-EchoServer -Port $server.Port -UseTls -SkipCertificateCheck).State | Should -Be 'Open'
    }

    It 'speaks datagrams' {
        (Start-EchoServer -Protocol Udp | Connect-EchoServer | Send-SocketMessage 'um', "dois`nlinhas").Response | Should -Be 'um', "dois`nlinhas"
    }

    It 'goes through a Unix socket' -Tag Core {
        $path = Join-Path ([IO.Path]::GetTempPath()) "$([guid]::NewGuid().ToString('n')).sock"
        $server = Start-EchoServer -SocketPath $path
        ($server | Connect-EchoServer | Send-SocketMessage 'oi').Response | Should -Be 'oi'
        (Send-SocketMessage 'oi' -SocketPath $path).Response | Should -Be 'oi'
    }

    It 'is refused where nothing listens' {
        $server = Start-EchoServer
        $server | Stop-EchoServer
        Connect-EchoServer -Port $server.Port -ErrorVariable failed -ErrorAction SilentlyContinue
        Assert-Error $failed ConnectionRefused ConnectionError
    }

    It 'says of a server that has stopped that it has, and connects to the next' {
        $gone = Start-EchoServer
        $gone | Stop-EchoServer
        $there = Start-EchoServer
        $session = $gone, $there | Connect-EchoServer -ErrorVariable failed -ErrorAction SilentlyContinue
        $session.Port | Should -Be $there.Port
        Assert-Error $failed ServerStopped InvalidOperation
        $failed[0].TargetObject | Should -Be $gone
        $failed[0].Exception.Message | Should -BeLike '*Stopped*Start-EchoServer*'
        @(Connect-EchoServer -Server $gone, $there -ErrorVariable failed -ErrorAction SilentlyContinue).Port | Should -Be $there.Port
        Assert-Error $failed ServerStopped InvalidOperation
    }

    It 'does not wait with -WaitSec for a server that has stopped' {
        $gone = Start-EchoServer
        $gone | Stop-EchoServer
        $watch = [Diagnostics.Stopwatch]::StartNew()
        $gone | Connect-EchoServer -WaitSec 600 -ErrorVariable failed -ErrorAction SilentlyContinue
        Assert-Error $failed ServerStopped InvalidOperation
        $watch.Elapsed | Should -BeLessThan ([timespan]'0:0:30')
    }

    It 'names a name that does not resolve' {
        Connect-EchoServer no.such.host.invalid 5000 -ErrorVariable failed -ErrorAction SilentlyContinue
        Assert-Error $failed NameNotFound ObjectNotFound
    }

    It 'refuses a port out of range' {
        { Connect-EchoServer -Port 65536 } | Should -Throw -ErrorId 'ParameterArgumentTransformationError,*'
    }

    It 'gives up after -WaitSec where nothing listens' {
        $port = (Find-AvailablePort).Port
        $watch = [Diagnostics.Stopwatch]::StartNew()
        Connect-EchoServer -Port $port -WaitSec 3 -ErrorVariable failed -ErrorAction SilentlyContinue
        Assert-Error $failed ConnectionRefused ConnectionError
        $watch.Elapsed | Should -BeGreaterThan ([timespan]::FromSeconds(2.9))
        $watch.Elapsed | Should -BeLessThan ([timespan]'0:0:30')
    }

    It 'gives up after -WaitSec on a silent host, though -TimeoutSec would allow <TimeoutSec> s' -Tag Linux -ForEach @(
        @{ TimeoutSec = 600 }
        @{ TimeoutSec = 0.3 }
    ) {
        $silent = Start-SilentPort
        $watch = [Diagnostics.Stopwatch]::StartNew()
        Connect-EchoServer 127.0.0.1 $silent.Port -WaitSec 1 -TimeoutSec $TimeoutSec -ErrorVariable failed -ErrorAction SilentlyContinue
        $watch.Elapsed | Should -BeGreaterThan ([timespan]::FromSeconds(0.9))
        $watch.Elapsed | Should -BeLessThan ([timespan]'0:0:10')
        Assert-Error $failed ConnectTimeout OperationTimeout
        $failed[0].TargetObject | Should -Be "127.0.0.1:$($silent.Port)"
        $failed[0].Exception.Message | Should -BeLike '*1 s*-WaitSec*' -Because 'that is the time that was waited'
    }

    It 'ends at once on Ctrl+C while it waits for a server' {
        $waiting = Start-Beside {
            $Queue.Add('trying')
            Connect-EchoServer -Port $Values.Port -WaitSec 600
        } @{ Port = (Find-AvailablePort).Port }
        $null = Receive-Beside $waiting
        Stop-Beside $waiting | Should -BeLessThan ([timespan]'0:0:10')
    }

    It 'ends at once on Ctrl+C while it waits for a silent host' -Tag Linux {
        $silent = Start-SilentPort
        $waiting = Start-Beside {
            $Queue.Add('trying')
            Connect-EchoServer 127.0.0.1 $Values.Port -WaitSec 600 -TimeoutSec 600
        } @{ Port = $silent.Port }
        $null = Receive-Beside $waiting
        Stop-Beside $waiting | Should -BeLessThan ([timespan]'0:0:10')
    }

    It 'waits with -WaitSec for a server that comes later' {
        $port = (Find-AvailablePort).Port
        $later = Start-Beside {
            $Queue.Add('trying')
            (Connect-EchoServer -Port $Values.Port -WaitSec 30).State
        } @{ Port = $port }
        Receive-Beside $later | Should -Be 'trying'
        $null = Start-EchoServer $port
        Wait-Beside $later | Should -Be 'Open'
    }

    It 'waits with -WaitSec for a Unix socket that comes later' -Tag Core {
        $path = Join-Path ([IO.Path]::GetTempPath()) "$([guid]::NewGuid().ToString('n')).sock"
        $later = Start-Beside {
            $Queue.Add('trying')
            (Connect-EchoServer -SocketPath $Values.Path -WaitSec 30).State
        } @{ Path = $path }
        Receive-Beside $later | Should -Be 'trying'
        $null = Start-EchoServer -SocketPath $path
        Wait-Beside $later | Should -Be 'Open'
    }

    It 'waits with -WaitSec for a name that has no address' {
        $watch = [Diagnostics.Stopwatch]::StartNew()
        Connect-EchoServer name.invalid 7 -WaitSec 3 -ErrorVariable failed -ErrorAction SilentlyContinue
        $watch.Elapsed | Should -BeGreaterThan ([timespan]::FromSeconds(2.9))
        Assert-Error $failed NameNotFound ObjectNotFound
    }
}
