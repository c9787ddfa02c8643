BeforeDiscovery {
    $onLinux = $PSEdition -eq 'Core' -and $IsLinux
    $canDropRights = $onLinux -and (Get-Command setpriv -CommandType Application -ErrorAction Ignore) -and (id -u) -eq 0
    $lacksRights = $onLinux -and (id -u) -ne 0
}

BeforeAll {
    Import-Module "$PSScriptRoot/../../PSSocketTools.psd1" -Force
    . "$PSScriptRoot/English.ps1"
    . "$PSScriptRoot/BareServer.ps1"
    . "$PSScriptRoot/Beside.ps1"
    . "$PSScriptRoot/SilentPort.ps1"
    . "$PSScriptRoot/SessionAssertions.ps1"
    . "$PSScriptRoot/SamePowerShell.ps1"
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

    It 'takes a server with its delimiter and its line ending' {
        $session = Start-EchoServer -Delimiter "`0" -Encoding latin1 | Connect-EchoServer
        $session.Framing | Should -Be 'Delimiter'
        ($session | Send-SocketMessage "a`nb").Response | Should -Be "a`nb"
        $session.BytesSent | Should -Be 4
        $session = Start-EchoServer -LineEnding CrLf | Connect-EchoServer
        ($session | Send-SocketMessage 'ab').BytesSent | Should -Be 4
        $session = Start-EchoServer -LineEnding CrLf | Connect-EchoServer -LineEnding Lf
        ($session | Send-SocketMessage 'ab').BytesSent | Should -Be 3
        $session = Start-EchoServer -LineEnding CrLf | Connect-EchoServer -Framing None
        ($session | Send-SocketMessage 'ab').BytesSent | Should -Be 2
        $session = Start-EchoServer -Delimiter '|' | Connect-EchoServer -Framing LengthPrefix
        $session.Framing | Should -Be 'LengthPrefix'
        $session = Start-EchoServer -Delimiter '|' | Connect-EchoServer -Delimiter '||'
        ($session | Send-SocketMessage 'ab' -NoWait).BytesSent | Should -Be 4
    }

    It 'chooses Delimiter framing by -Delimiter alone' {
        $server = Start-EchoServer
        $session = Connect-EchoServer -Port $server.Port -Delimiter 0
        $session.Framing | Should -Be 'Delimiter'
        ($session | Send-SocketMessage 'ab').BytesSent | Should -Be 3
    }

    It 'takes a line ending by its whole name alone, as each cmdlet with one: <_>' -ForEach @(
        'Connect-EchoServer 127.0.0.1 7', 'Send-SocketMessage hi 127.0.0.1 7', 'Enter-EchoSession 127.0.0.1 7', 'Measure-EchoServer 127.0.0.1 7', 'Start-EchoServer'
    ) {
        foreach ($lineEnding in 'Cr', 'C', 'L', '1', '', 'Lf, CrLf', '$null') {
            { Invoke-Expression "$_ -LineEnding $(if ($lineEnding -eq '$null') { $lineEnding } else { "'$lineEnding'" })" } |
                Should -Throw -ErrorId 'ParameterArgumentTransformationError,*' -ExpectedMessage '*Use Lf or CrLf*-Delimiter "?r"*' -Because $lineEnding
        }
    }

    It 'takes a line ending in any case, and as its characters' {
        foreach ($lineEnding in 'lf', 'CRLF', ' CrLf', [PSSocketTools.LineEnding]::Lf, "`n", "`r`n") { (Start-EchoServer -LineEnding $lineEnding).State | Should -Be Listening }
    }

    It 'refuses <Name>, with one error that names both' -ForEach @(
        @{ Name = '-Delimiter with another framing'; Options = @{ Delimiter = '|'; Framing = 'Line' }; Names = '-Delimiter', '-Framing Line' }
        @{ Name = '-Framing Delimiter without -Delimiter'; Options = @{ Framing = 'Delimiter' }; Names = '-Framing Delimiter', '-Delimiter' }
        @{ Name = 'an empty -Delimiter'; Options = @{ Delimiter = '' }; Names = '-Delimiter has 0 bytes', '1 to 16' }
        @{ Name = 'a -Delimiter of 17 bytes'; Options = @{ Delimiter = [byte[]]::new(17) }; Names = '-Delimiter has 17 bytes', '1 to 16' }
        @{ Name = '-LineEnding with a delimiter'; Options = @{ LineEnding = 'CrLf'; Delimiter = '|' }; Names = '-LineEnding', 'Delimiter' }
        @{ Name = '-LineEnding with -Framing None'; Options = @{ LineEnding = 'Lf'; Framing = 'None' }; Names = '-LineEnding', 'None' }
        @{ Name = '-LineEnding with a length prefix'; Options = @{ LineEnding = 'CrLf'; Framing = 'LengthPrefix' }; Names = '-LineEnding', 'LengthPrefix' }
        @{ Name = '-LineEnding over UDP'; Options = @{ LineEnding = 'CrLf'; Protocol = 'Udp' }; Names = '-LineEnding', '-Protocol Udp' }
        @{ Name = '-Delimiter over UDP'; Options = @{ Delimiter = '|'; Protocol = 'Udp' }; Names = 'Delimiter', 'Udp' }
    ) {
        Connect-EchoServer 127.0.0.1 7 @Options -ErrorVariable failed -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        Assert-Error $failed InvalidOption InvalidArgument
        foreach ($part in $Names) { $failed[0].Exception.Message | Should -BeLike "*$part*" }
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
        (Connect-EchoServer -Port $server.Port -Tls -SkipCertificateCheck).State | Should -Be 'Open'
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

    It 'connects to the family it is asked for' {
        $server = Start-EchoServer
        (Connect-EchoServer localhost $server.Port -IPv4).RemoteEndPoint | Should -Be "127.0.0.1:$($server.Port)"
        ($server | Connect-EchoServer -IPv4).RemoteEndPoint | Should -Be "127.0.0.1:$($server.Port)"
        Connect-EchoServer ::1 $server.Port -IPv4 -ErrorVariable failed -ErrorAction SilentlyContinue
        Assert-Error $failed InvalidOption InvalidArgument
        $failed[0].Exception.Message | Should -BeExactly '::1 is an IPv6 address, and -IPv4 asks for IPv4. Give an IPv4 address, or leave -IPv4 out.'
        Connect-EchoServer localhost $server.Port -IPv4 -IPv6 -ErrorVariable failed -ErrorAction SilentlyContinue
        Assert-Error $failed InvalidOption InvalidArgument
    }

    It 'connects from the address and the port it is asked to, over <_>, as does Send-SocketMessage' -Tag Linux -ForEach 'Tcp', 'Udp' {
        $server = Start-EchoServer -Protocol $_
        $from = "127.$(Get-Random -Minimum 64 -Maximum 255).$(Get-Random -Maximum 256).$(Get-Random -Minimum 1 -Maximum 255)"
        $session = $server | Connect-EchoServer -SourceAddress $from -SourcePort 27007
        $session.LocalEndPoint | Should -Be "$($from):27007"
        ($session | Send-SocketMessage 'oi').Response | Should -Be 'oi'
        $session | Disconnect-EchoServer
        $null = Send-SocketMessage 'oi' -Server $server -SourceAddress $from -SourcePort 27008
        (Get-EchoServerEvent -Server $server -Kind Message).RemotePort | Should -Be 27007, 27008
        (Measure-EchoServer -Server $server -SourceAddress $from -SourcePort 27009 -Count 3).Messages | Should -Be 3
        Measure-EchoServer -Server $server -SourcePort 27010 -Connections 2 -Count 3 -ErrorVariable failed -ErrorAction SilentlyContinue
        Assert-Error $failed InvalidOption InvalidArgument
        $failed[0].Exception.Message | Should -BeLike '2 connections*27010*-SourcePort*-Connections 1.'
    }

    It 'says that the pair of ends is taken, and waits for it with -WaitSec' {
        $server = Start-EchoServer -Address 127.0.0.1
        $from = @{ SourceAddress = '127.0.0.1'; SourcePort = (Find-AvailablePort -Address 127.0.0.1).Port }
        $first = $server | Connect-EchoServer @from
        $first | Disconnect-EchoServer
        $second = $server | Connect-EchoServer @from -WaitSec 100
        $second.LocalEndPoint | Should -Be $first.LocalEndPoint
        $server | Connect-EchoServer @from -ErrorVariable failed -ErrorAction SilentlyContinue
        Assert-Error $failed PortInUse ResourceExists
        $failed[0].TargetObject | Should -Be $first.LocalEndPoint
        $failed[0].Exception.Message | Should -BeLike "*$($first.LocalEndPoint) to $($server.EndPoint)*TIME_WAIT*-SourcePort*-WaitSec."
    }

    It 'says that a source address is not this machine''s, or leads nowhere near' {
        Connect-EchoServer 127.0.0.1 7 -SourceAddress 203.0.113.7 -ErrorVariable failed -ErrorAction SilentlyContinue
        Assert-Error $failed AddressNotAvailable ObjectNotFound
        $failed[0].TargetObject | Should -Be '203.0.113.7'
        $failed[0].Exception.Message | Should -BeLike '*203.0.113.7*-SourceAddress*'
        Connect-EchoServer 127.0.0.1 7 -SourceAddress ::1 -ErrorVariable failed -ErrorAction SilentlyContinue
        Assert-Error $failed InvalidOption InvalidArgument
        $failed[0].Exception.Message | Should -BeLike '127.0.0.1 is an IPv4 address, and -SourceAddress ::1 asks for IPv6.*'
        Connect-EchoServer 127.0.0.1 7 -SourceAddress lo -ErrorVariable failed -ErrorAction SilentlyContinue
        Assert-Error $failed InvalidOption InvalidArgument
    }

    It 'says that there is no route from a source address' -Tag Linux {
        Connect-EchoServer 192.0.2.1 7 -SourceAddress 127.0.0.1 -ErrorVariable failed -ErrorAction SilentlyContinue
        Assert-Error $failed Unreachable ConnectionError
        $failed[0].Exception.Message | Should -BeLike '*192.0.2.1:7 from 127.0.0.1.*-SourceAddress*'
    }

    if ($canDropRights -or $lacksRights) {
        It 'says that a source port below 1024 takes a right this user lacks' -Tag Linux {
            $script = "`$env:HOME = '/tmp'; Import-Module '$manifest'; try { Connect-EchoServer 127.0.0.1 7 -SourcePort 81 -ErrorAction Stop } catch { @(`$_.FullyQualifiedErrorId, `$_.CategoryInfo.Category, `$_.TargetObject, `$_.Exception.Message) -join '|' }"
            $said = if ((id -u) -eq 0) {
                setpriv --inh-caps=-net_bind_service --bounding-set=-net_bind_service $pwsh @pwshArguments -NoProfile -NonInteractive -Command $script
            }
            else {
                & $pwsh @pwshArguments -NoProfile -NonInteractive -Command $script
            }
            $said | Should -BeLike 'PortAccessDenied,PSSocketTools.Commands.ConnectEchoServerCommand|PermissionDenied|`*:81|*1024*'
        }
    }

    It 'wants nothing of a Unix socket that only addresses have' -Tag Core {
        $path = Join-Path ([IO.Path]::GetTempPath()) "$([guid]::NewGuid().ToString('n')).sock"
        Start-EchoServer -SocketPath $path | Connect-EchoServer -SourcePort 27007 -ErrorVariable failed -ErrorAction SilentlyContinue
        Assert-Error $failed InvalidOption InvalidArgument
        $failed[0].Exception.Message | Should -BeLike '*-SourcePort out.'
    }

    It 'speaks the version of TLS it is asked for' -Tag Linux {
        $server = Start-EchoServer -SelfSigned
        ($server | Connect-EchoServer -TlsProtocol Tls12).TlsProtocol | Should -Be 'Tls12'
        ($server | Connect-EchoServer -TlsProtocol Tls12, Tls13).TlsProtocol | Should -Be 'Tls13'
        Start-EchoServer | Connect-EchoServer -TlsProtocol Tls12 -ErrorVariable failed -ErrorAction SilentlyContinue
        Assert-Error $failed InvalidOption InvalidArgument
        $failed[0].Exception.Message | Should -BeLike '-TlsProtocol*-UseTls*'
    }

    It 'has no Tls13 in Windows PowerShell' -Tag Desktop {
        Connect-EchoServer 127.0.0.1 7 -UseTls -TlsProtocol Tls13 -ErrorVariable failed -ErrorAction SilentlyContinue
        Assert-Error $failed NotSupported NotImplemented
    }

    It 'tells each step with -Verbose, and without it none' {
        $server = Start-EchoServer -Address 127.0.0.1
        $told = @((Connect-EchoServer localhost $server.Port -IPv4 -Verbose 4>&1).Message)
        $told[0] | Should -BeLike "The name 'localhost' has the addresses 127.0.0.1*; resolving it took * ms."
        $told[-3] | Should -Be "Trying $($server.EndPoint)."
        $told[-2] | Should -BeLike "$($server.EndPoint) answered after * ms; this end is 127.0.0.1:*."
        $told[-1] | Should -Be 'The session is open, with Line framing in utf-8.'
        @(Connect-EchoServer localhost $server.Port 4>&1).Count | Should -Be 1
        @(Connect-EchoServer localhost $server.Port -Verbose:$false 4>&1).Count | Should -Be 1
        & {
            $VerbosePreference = 'Continue'
            @(Connect-EchoServer 127.0.0.1 $server.Port 4>&1).Count | Should -Be 4
        }
    }

    It 'tells with -Verbose how an attempt ended, and the attempts of a wait once a second' {
        $port = (Find-AvailablePort -Address 127.0.0.1).Port
        $told = @(Connect-EchoServer 127.0.0.1 $port -Verbose -ErrorAction SilentlyContinue 4>&1)
        $told.Message | Should -HaveCount 2
        $told[1].Message | Should -BeLike "127.0.0.1:$port failed after * ms: nothing listens there (connection refused)."

        $told = @((Connect-EchoServer 127.0.0.1 $port -WaitSec 4 -Verbose -ErrorAction SilentlyContinue 4>&1).Message)
        $told[1] | Should -BeLike "Attempt 1 on 127.0.0.1:$port ended after * ms: nothing listens there (connection refused)."
        $told[2] -match '^Attempt (\d+) on' | Should -BeTrue
        [int] $Matches[1] | Should -BeGreaterThan 1
        $told.Count | Should -BeLessThan 9
    }

    It 'tells of TLS with -Verbose what was agreed on, the certificate and what was overlooked' -Tag Core {
        $server = Start-EchoServer -SelfSigned -Address 127.0.0.1
        $told = @((Connect-EchoServer 127.0.0.1 $server.Port -UseTls -SkipCertificateCheck -ServerName mail.example -Verbose 4>&1).Message)
        $told[2] | Should -BeLike "The TLS handshake with $($server.EndPoint), as mail.example, took * ms and agreed on Tls1? with TLS_*."
        $told[3] | Should -BeLike "The server's certificate is CN=localhost, with the names localhost, *, valid until *, from CN=localhost; its SHA-256 thumbprint is *."
        $told[4] | Should -Be 'The certificate would not pass, and -SkipCertificateCheck takes it: Its names do not include mail.example; it is self-signed, and not trusted on this machine.'
        ($server | Connect-EchoServer -Verbose 4>&1).Message -like 'The certificate is the pinned one. Without -CertificateThumbprint it would not pass: *' | Should -HaveCount 1
    }

    It 'tells of datagrams with -Verbose where they go, as Send- and Measure- do of their connections' {
        $server = Start-EchoServer -Protocol Udp -Address 127.0.0.1
        $told = ($server | Connect-EchoServer -Verbose 4>&1).Message
        $told -like "Datagrams go to $($server.EndPoint) from 127.0.0.1:*. UDP has no connection: only an answer shows that a server is there." | Should -HaveCount 1
        $tcp = Start-EchoServer -Address 127.0.0.1
        (Send-SocketMessage 'oi' -Server $tcp -Framing None -Verbose 4>&1).Message | Should -Contain 'The session is open, with None framing in utf-8: an answer ends at a pause of 50 ms.'
        (Measure-EchoServer -Server $tcp -Connections 3 -Count 3 -Verbose 4>&1).Message -like 'The session is open, with Line framing*' | Should -HaveCount 1
    }

    It 'tells with -Verbose in Portuguese where that is spoken' {
        $server = Start-EchoServer -Address 127.0.0.1
        $before = [cultureinfo]::CurrentUICulture
        try {
            [Threading.Thread]::CurrentThread.CurrentUICulture = 'pt-BR'
            $told = (Connect-EchoServer 127.0.0.1 $server.Port -Verbose 4>&1).Message
        }
        finally { [Threading.Thread]::CurrentThread.CurrentUICulture = $before }
        $told | Should -Contain "Tentando $($server.EndPoint)."
    }

    It 'waits with -WaitSec for a name that has no address' {
        $watch = [Diagnostics.Stopwatch]::StartNew()
        Connect-EchoServer name.invalid 7 -WaitSec 3 -ErrorVariable failed -ErrorAction SilentlyContinue
        $watch.Elapsed | Should -BeGreaterThan ([timespan]::FromSeconds(2.9))
        Assert-Error $failed NameNotFound ObjectNotFound
    }
}
