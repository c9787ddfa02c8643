BeforeDiscovery {
    # Each is provoked, and the help of its cmdlet lists it.
    $provoked = @{
        'Add-EchoServerFault'   = @{
            NotFound      = { Add-EchoServerFault nobody -Reset }
            InvalidOption = { Add-EchoServerFault (Start-EchoServer) -Drop }
            ServerStopped = { New-Stopped | Add-EchoServerFault -Reset }
        }
        'Connect-EchoServer'    = @{
            ServerStopped     = { Connect-EchoServer -Server (New-Stopped) }
            ConnectionRefused = { Connect-EchoServer 127.0.0.1 (New-ClosedPort) }
            ConnectTimeout    = { Connect-EchoServer 127.0.0.1 (Start-BareServer { Wait-Peer }).Port -UseTls -TimeoutSec 0.2 }
            NameNotFound      = { Connect-EchoServer name.invalid 7 }
            TlsFailed         = { Connect-EchoServer 127.0.0.1 (Start-BareServer { $null = Receive; Send 'no TLS' }).Port -UseTls }
            InvalidOption     = { Connect-EchoServer 127.0.0.1 7 -Protocol Udp -UseTls }
            PortInUse         = { Connect-EchoServer 127.0.0.1 7 -SourceAddress 127.0.0.1 -SourcePort (Start-EchoServer -Address 127.0.0.1).Port }
        }
        'Disconnect-EchoConnection' = @{ InvalidOption = { Disconnect-EchoConnection } }
        'Disconnect-EchoServer' = @{
            InvalidOption = { Disconnect-EchoServer }
            NotFound      = { Disconnect-EchoServer -Id 999999 }
            SessionClosed  = { New-Closed | Disconnect-EchoServer -SendOnly }
            SessionFaulted = { New-Faulted | Disconnect-EchoServer -SendOnly }
        }
        'Enter-EchoSession'     = @{
            SessionClosed  = { Enter-EchoSession -Session (New-Closed) }
            SessionHalfClosed = { Enter-EchoSession -Session (New-HalfClosed) }
            SessionFaulted = { Enter-EchoSession -Session (New-Faulted) }
            ServerStopped  = { Enter-EchoSession -Server (New-Stopped) }
            InvalidOption  = { Enter-EchoSession }
        }
        'Find-AvailablePort'    = @{
            NoFreePort   = { Find-AvailablePort -Address 127.0.0.1 -Port (Start-EchoServer -Address 127.0.0.1).Port }
            AddressNotAvailable = { Find-AvailablePort -Address 203.0.113.7 }
            NameNotFound = { Find-AvailablePort -Address name.invalid }
            InvalidOption = { Find-AvailablePort -Address '127.1' }
        }
        'Get-EchoConnection'    = @{
            NotFound      = { Get-EchoConnection -Name nobody }
            InvalidOption = { Get-EchoConnection -Server (Start-EchoServer -Protocol Udp) }
        }
        'Get-EchoServer'        = @{ NotFound = { Get-EchoServer nobody }; InvalidOption = { 1 | Get-EchoServer } }
        'Get-EchoServerEvent'   = @{
            NotFound      = { Get-EchoServerEvent nobody }
            InvalidOption = { $null = Start-EchoServer; $null = Start-EchoServer; Get-EchoServerEvent -After 1 }
        }
        'Get-EchoServerFault'   = @{ NotFound = { Get-EchoServerFault -Id 999999 }; InvalidOption = { 1 | Get-EchoServerFault } }
        'Get-EchoSession'       = @{ NotFound = { Get-EchoSession 999999 }; InvalidOption = { 1 | Get-EchoSession } }
        'Get-PortHolder'        = @{
            NotFound      = { Get-PortHolder (New-ClosedPort) }
            NameNotFound  = { Get-PortHolder -Address name.invalid }
            InvalidOption = { Get-PortHolder -Address '127.1' }
        }
        'Measure-EchoServer'    = @{
            ServerStopped = { Measure-EchoServer -Server (New-Stopped) }
            InvalidOption = { Measure-EchoServer -Server (Start-EchoServer) -Count 1 -DurationSec 1 }
        }
        'New-EchoCertificate'   = @{ InvalidOption = { New-EchoCertificate 'no name' } }
        'Receive-SocketMessage' = @{
            WaitTimeout       = { Start-EchoServer | Connect-EchoServer | Receive-SocketMessage -TimeoutSec 0.05 }
            InvalidOption     = { Receive-SocketMessage }
            ServerClosed      = { New-Session { } | Receive-SocketMessage }
            ConnectionRefused = { $session = Connect-EchoServer 127.0.0.1 (New-ClosedPort) -Protocol Udp; $null = Send-SocketMessage 'x' -Session $session -NoWait; $session | Receive-SocketMessage }
            ConnectionReset   = { New-Session { $Socket.LingerState = [Net.Sockets.LingerOption]::new($true, 0) } | Receive-SocketMessage }
            SessionClosed     = { New-Closed | Receive-SocketMessage }
            SessionFaulted    = { New-Faulted | Receive-SocketMessage }
            InvalidMessage    = { New-Session { Send ([byte[]] (255, 255, 255, 255)); Wait-Peer } -Framing LengthPrefix | Receive-SocketMessage }
            MessageTooLarge   = { New-Session { Send ('x' * 100); Wait-Peer } -MaxMessageBytes 10 | Receive-SocketMessage }
        }
        'Remove-EchoServerFault' = @{ NotFound = { Remove-EchoServerFault -Id 999999 }; InvalidOption = { Remove-EchoServerFault } }
        'Send-SocketMessage'    = @{
            ResponseTimeout   = { New-Session { Wait-Peer } | Send-SocketMessage 'x' -ResponseTimeoutSec 0.05 }
            ServerClosed      = { New-Session { $null = Receive } | Send-SocketMessage 'x' }
            ConnectionRefused = { Connect-EchoServer 127.0.0.1 (New-ClosedPort) -Protocol Udp | Send-SocketMessage 'x' }
            ConnectionReset   = { New-Session { $null = Receive; $Socket.LingerState = [Net.Sockets.LingerOption]::new($true, 0) } | Send-SocketMessage 'x' }
            SessionClosed     = { New-Closed | Send-SocketMessage 'x' }
            SessionHalfClosed = { New-HalfClosed | Send-SocketMessage 'x' }
            SessionFaulted    = { New-Faulted | Send-SocketMessage 'x' }
            MessageNotCarried = { Start-EchoServer | Connect-EchoServer | Send-SocketMessage "a`nb" }
            MessageTooLarge   = { Start-EchoServer | Connect-EchoServer -MaxMessageBytes 10 | Send-SocketMessage ('x' * 100) }
            InvalidMessage    = { New-Session { $null = Receive; Send ([byte[]] (255, 255, 255, 255)); Wait-Peer } -Framing LengthPrefix | Send-SocketMessage 'x' }
            FileFailed        = { [IO.FileInfo] "$TestDrive/missing" | Send-SocketMessage -Session (Start-EchoServer | Connect-EchoServer) }
            InvalidOption     = { New-Session { Wait-Peer } -Framing None | Send-SocketMessage 'x' -Window 2 }
            ServerStopped     = { Send-SocketMessage 'x' -Server (New-Stopped) }
            ConnectionEnded   = { New-Connection | ForEach-Object { $_ | Disconnect-EchoConnection -Reset; $_ | Send-SocketMessage 'x' } }
            ClientTooSlow     = { $connection = New-Connection; while ($true) { $connection | Send-SocketMessage ('x' * 500KB) -ErrorAction Stop } }
            Interrupted       = {
                # Two wait for their answers, and the first has Ctrl+C.
                $session = New-Session { Wait-Peer }
                $first, $second = 1..2 | ForEach-Object { Start-Beside { Send-SocketMessage 'x' -Session $Values.Session } @{ Session = $session } }
                [Threading.SpinWait]::SpinUntil([Func[bool]] { $session.MessagesSent -gt 1 }, 30000) | Should -BeTrue
                $null = Stop-Beside $first
                $null = Wait-Beside $second
                throw $second.Shell.Streams.Error[0]
            }
        }
        'Start-EchoServer'      = @{
            PortInUse           = { Start-EchoServer (Start-EchoServer -Address 127.0.0.1).Port -Address 127.0.0.1 }
            AddressNotAvailable = { Start-EchoServer -Address 203.0.113.7 }
            NameNotFound        = { Start-EchoServer -Address name.invalid }
            InvalidOption       = { Start-EchoServer -Farewell 'bye' }
            FileFailed          = { Start-EchoServer -LogPath "$TestDrive/no/such/folder.log" }
        }
        'Stop-EchoServer'       = @{
            InvalidOption = { Stop-EchoServer }
            NotFound      = { Stop-EchoServer -Id 999999 }
        }
        'Test-PortAvailability' = @{
            InvalidOption = { Test-PortAvailability 80 -ComputerName 127.0.0.0/33 }
            NameNotFound  = { Test-PortAvailability 80 -Address name.invalid }
            AddressNotAvailable = { Test-PortAvailability 80 -ComputerName 127.0.0.1 -SourceAddress 203.0.113.7 }
            WaitTimeout   = { Test-PortAvailability (New-ClosedPort) -ComputerName 127.0.0.1 -WaitSec 0.05 }
        }
        'Wait-EchoServer'       = @{
            WaitTimeout   = { Start-EchoServer | Wait-EchoServer -Kind Connected -TimeoutSec 0.05 }
            ServerStopped = { New-Stopped | Wait-EchoServer -Kind Connected }
            NotFound      = { Wait-EchoServer nobody Connected }
            InvalidOption = { Start-EchoServer | Wait-EchoServer -Kind Started -Message '[' }
        }
    }

    # Windows PowerShell makes no certificates in memory.
    $provokedOnCore = @{
        'New-EchoCertificate'   = @{ FileFailed = { New-EchoCertificate -PemPath "$TestDrive/no/such/folder.pem" } }
        'Receive-SocketMessage' = @{ TlsFailed = { $session = New-PlainAtTls; $null = $session | Send-SocketMessage 'x' -NoWait; $session | Receive-SocketMessage } }
        'Send-SocketMessage'    = @{ TlsFailed = { New-PlainAtTls | Send-SocketMessage 'x' } }
    }

    # What Windows PowerShell can't do.
    $provokedOnDesktop = @{
        'Connect-EchoServer' = @{ NotSupported = { Connect-EchoServer -SocketPath "$TestDrive/s" } }
        'Merge-EchoMeasurement' = @{ InvalidOption = { Merge-EchoMeasurement ([pscustomobject]@{ Port = 1 }) } }
        'New-EchoCertificate' = @{ NotSupported = { New-EchoCertificate } }
        'Start-EchoServer'   = @{ NotSupported = { Start-EchoServer -SelfSigned } }
    }

    # What loopback has for it on Linux alone: a broadcast address, to which no connection leads and no datagram may go unasked.
    $provokedOnLinux = @{
        'Connect-EchoServer' = @{
            Unreachable         = { Connect-EchoServer 127.255.255.255 7 }
            SocketFailed        = { Connect-EchoServer 127.255.255.255 7 -Protocol Udp }
            AddressNotAvailable = { $null = New-Item "$TestDrive/file" -Force; Connect-EchoServer -SocketPath "$TestDrive/file/s" }
        }
        'Start-EchoServer'   = @{ SocketFailed = { Start-EchoServer -Address ff02::1 } }
    }

    # Provoked in another file, which has what it takes: processes of their own, without descriptors, rights or with input that is typed.
    $provokedElsewhere = @{
        'Connect-EchoServer' = @{ TooManyOpenFiles = 'Descriptors'; PortAccessDenied = 'Connect-EchoServer' }
        'Start-EchoServer'   = @{ PortAccessDenied = 'Start-EchoServer'; TooManyOpenFiles = 'Descriptors' }
        'Get-PortHolder'     = @{ TooManyOpenFiles = 'Descriptors' }
        'Enter-EchoSession'  = @{
            ServerClosed = 'Enter-EchoSession'; TlsFailed = 'Enter-EchoSession'; ConnectionReset = 'Enter-EchoSession'
            ResponseTimeout = 'Enter-EchoSession'; MessageNotCarried = 'Enter-EchoSession'
        }
    }

    # What takes a broken system.
    $unprovoked = @{
        # A reset in the instant between the end of the handshake of TCP and the connect's own: a server that resets each client at once
        # brings it about a few times in a hundred thousand, where it runs on another processor. One that comes later is TLS's or the session's.
        'Connect-EchoServer' = 'ConnectionReset'
        # A system that does not give its own table of sockets.
        'Get-PortHolder'     = 'SocketFailed'
    }

    function Get-Case([hashtable] $Of) {
        foreach ($cmdlet in $Of.Keys | Sort-Object) {
            foreach ($id in $Of[$cmdlet].Keys | Sort-Object) { @{ Cmdlet = $cmdlet; Id = $id; Provoke = $Of[$cmdlet][$id] } }
        }
    }

    $cases = Get-Case $provoked
    $casesOnCore = Get-Case $provokedOnCore
    $casesOnDesktop = Get-Case $provokedOnDesktop
    $casesOnLinux = Get-Case $provokedOnLinux
    $elsewhere = Get-Case $provokedElsewhere | ForEach-Object { @{ Cmdlet = $_.Cmdlet; Id = $_.Id; File = $_.Provoke } }
    $pages = (Import-PowerShellDataFile "$PSScriptRoot/../../PSSocketTools.psd1").CmdletsToExport | ForEach-Object {
        $cmdlet = $_
        $known = @($provoked, $provokedOnCore, $provokedOnDesktop, $provokedOnLinux, $provokedElsewhere | Where-Object { $_[$cmdlet] } | ForEach-Object { $_[$cmdlet].Keys })
        @{ Cmdlet = $cmdlet; Known = @($known) + @($unprovoked[$cmdlet]) | Where-Object { $_ } }
    }
}

BeforeAll {
    Import-Module "$PSScriptRoot/../../PSSocketTools.psd1" -Force
    . "$PSScriptRoot/BareServer.ps1"
    . "$PSScriptRoot/Beside.ps1"
    $docs = (Resolve-Path "$PSScriptRoot/../../docs").Path

    function Get-ListedId([string] $Culture, [string] $Cmdlet) {
        $notes = [regex]::Match([IO.File]::ReadAllText("$docs/$Culture/$Cmdlet.md"), '(?ms)^## (Notes|Observa\S+)\r?\n(.*?)(?=^## |\z)').Groups[2].Value
        [regex]::Matches($notes, '(?m)^([A-Z]\w+): ') | ForEach-Object { $_.Groups[1].Value }
    }

    function New-ClosedPort {
        $listener = [Net.Sockets.TcpListener]::new([Net.IPAddress]::Loopback, 0)
        $listener.Start()
        $listener.LocalEndpoint.Port
        $listener.Stop()
    }

    function New-Stopped {
        $server = Start-EchoServer
        $server | Stop-EchoServer -Force
        $server
    }

    # A client of a server, which reads nothing.
    function New-Connection {
        $server = Start-EchoServer
        $null = $server | Connect-EchoServer
        $null = $server | Wait-EchoServer -Kind Connected
        $server | Get-EchoConnection
    }

    # A session with a server that plays a script.
    function New-Session([scriptblock] $Script, [hashtable] $With = @{}, $Framing = 'Line', $MaxMessageBytes = 1000) {
        Connect-EchoServer 127.0.0.1 (Start-BareServer $Script).Port -Framing $Framing -MaxMessageBytes $MaxMessageBytes
    }

    function New-Closed {
        $session = New-Session { Wait-Peer }
        $session | Disconnect-EchoServer
        $session
    }

    # The server reads to the end, and then neither says nor closes anything.
    function New-HalfClosed {
        $session = New-Session { Wait-Peer; $null = Wait-Event }
        $session | Disconnect-EchoServer -SendOnly
        $session
    }

    # A session without TLS, at a server that takes nothing else.
    function New-PlainAtTls {
        Connect-EchoServer 127.0.0.1 (Start-EchoServer -SelfSigned).Port
    }

    # Provokes an error, and holds it against the help.
    function Assert-Provoked([string] $Cmdlet, [string] $Id, [scriptblock] $Provoke) {
        $ErrorActionPreference = 'Stop'
        $failure = $null
        try { $null = & $Provoke }
        catch { $failure = $_ }
        $failure.FullyQualifiedErrorId | Should -BeLike "$Id,PSSocketTools.Commands.$($Cmdlet.Replace('-', ''))Command" -Because "$failure"
        # Of any other error there is but the system's own word.
        if ($Id -ne 'SocketFailed') { $failure.CategoryInfo.Category | Should -Not -Be 'NotSpecified' }
        Get-ListedId 'en-US' $Cmdlet | Should -Contain $Id
    }

    function New-Faulted {
        $session = New-Session { Wait-Peer }
        $null = Send-SocketMessage 'x' -Session $session -ResponseTimeoutSec 0.05 -ErrorAction SilentlyContinue
        $session
    }
}

Describe 'Error ids' {
    AfterEach {
        Clear-Beside
        Get-EchoSession | Disconnect-EchoServer -Reset
        Get-EchoServer | Stop-EchoServer -Force
        Stop-BareServer
    }

    It '<Cmdlet> gives <Id>, which its help lists' -ForEach $cases { Assert-Provoked $Cmdlet $Id $Provoke }

    It '<Cmdlet> gives <Id>, which its help lists' -Tag Core -ForEach $casesOnCore { Assert-Provoked $Cmdlet $Id $Provoke }

    It '<Cmdlet> gives <Id>, which its help lists' -Tag Desktop -ForEach $casesOnDesktop { Assert-Provoked $Cmdlet $Id $Provoke }

    It '<Cmdlet> gives <Id>, which its help lists' -Tag Linux -ForEach $casesOnLinux { Assert-Provoked $Cmdlet $Id $Provoke }

    It '<Cmdlet> gives <Id>, which <File>.Tests.ps1 provokes' -ForEach $elsewhere {
        Get-ListedId 'en-US' $Cmdlet | Should -Contain $Id
        [IO.File]::ReadAllText("$PSScriptRoot/$File.Tests.ps1") | Should -Match "\b$Id\b"
    }

    It 'every id that the help of <Cmdlet> lists is provoked, and none is known that it does not list' -ForEach $pages {
        Get-ListedId 'en-US' $Cmdlet | Where-Object { $_ -cnotin $Known } | Should -BeNullOrEmpty
        $Known | Where-Object { $_ -cnotin (Get-ListedId 'en-US' $Cmdlet) } | Should -BeNullOrEmpty
    }

    It 'the help of <Cmdlet> lists ids that there are, each once, and the same in each language' -ForEach $pages {
        $listed = @(Get-ListedId 'en-US' $Cmdlet)
        $listed | Should -Not -BeNullOrEmpty
        $ids = [Enum]::GetNames([PSSocketTools.SocketToolsError])
        $listed | Where-Object { $_ -cnotin $ids } | Should -BeNullOrEmpty
        @($listed | Select-Object -Unique).Count | Should -Be $listed.Count
        Get-ListedId 'pt-BR' $Cmdlet | Should -Be $listed
    }
}
