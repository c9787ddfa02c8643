BeforeAll {
    Import-Module "$PSScriptRoot/../../PSSocketTools.psd1" -Force
    . "$PSScriptRoot/SamePowerShell.ps1"
    . "$PSScriptRoot/SessionAssertions.ps1"
    . "$PSScriptRoot/BareServer.ps1"
    $manifest = (Resolve-Path "$PSScriptRoot/../../PSSocketTools.psd1").Path
}

Describe 'Disconnect-EchoServer' {
    BeforeEach {
        $server = Start-EchoServer
        $session = $server | Connect-EchoServer -Name leaving
        $other = $server | Connect-EchoServer -Name staying
        # A client that still waits in the backlog is reset when the server stops.
        $null = $server | Wait-EchoServer Connected -Count 2
    }

    AfterEach {
        Get-EchoSession | Disconnect-EchoServer -Reset
        Get-EchoServer | Stop-EchoServer -Force
    }

    It 'disconnects by <By>, and nothing else' -ForEach @(
        @{ By = 'the pipeline'; Disconnect = { $session | Disconnect-EchoServer } }
        @{ By = '-Session'; Disconnect = { Disconnect-EchoServer -Session $session } }
        @{ By = 'position'; Disconnect = { Disconnect-EchoServer $session } }
        @{ By = '-Id'; Disconnect = { Disconnect-EchoServer -Id $session.Id } }
        @{ By = '-Name'; Disconnect = { Disconnect-EchoServer -Name LEAVING } }
        @{ By = 'a wildcard'; Disconnect = { Disconnect-EchoServer -Name leav* } }
    ) {
        & $Disconnect | Should -BeNullOrEmpty
        $session.State | Should -Be 'Closed'
        $session.Reason | Should -Be 'ClientClosed'
        Get-EchoSession | Should -Be $other
        ($other | Send-SocketMessage 'oi').Response | Should -Be 'oi'
        ($server | Wait-EchoServer Disconnected).Reason | Should -Be 'ClientClosed'
    }

    It 'disconnects several' {
        $session, $other | Disconnect-EchoServer
        $session.State, $other.State | Should -Be 'Closed', 'Closed'
        $null = $server | Wait-EchoServer Disconnected -Count 2
        $server.ActiveConnections | Should -Be 0
    }

    It 'lets the server receive what was sent before' {
        $null = 'one', 'two' | Send-SocketMessage -Session $session -NoWait
        $session | Disconnect-EchoServer
        ($server | Wait-EchoServer Disconnected).Reason | Should -Be 'ClientClosed'
        $server.BytesReceived | Should -Be 8
    }

    It 'resets the connection with -Reset' {
        $session | Disconnect-EchoServer -Reset
        $session.State | Should -Be 'Closed'
        $session.Reason | Should -Be 'ClientClosed'
        ($server | Wait-EchoServer Disconnected).Reason | Should -Be 'Reset'
    }

    It 'does nothing with -WhatIf' {
        $session | Disconnect-EchoServer -WhatIf
        Disconnect-EchoServer -Name * -Reset -WhatIf
        (Get-EchoSession).State | Should -Be 'Open', 'Open'
        ($session | Send-SocketMessage 'oi').Response | Should -Be 'oi'
    }

    It 'asks with -Confirm, and does as it is told: <Answer>' -ForEach @(
        @{ Answer = 'n'; State = 'Open' }
        @{ Answer = 'y'; State = 'Closed' }
    ) {
        $script = "Import-Module '$manifest'; `$s = Connect-EchoServer -Port $($server.Port) -Name asked; Disconnect-EchoServer `$s -Confirm; `$s.State"
        $said = $Answer | & $pwsh @pwshArguments -NoProfile -Command $script
        # Windows writes the question to the console, where no redirection takes it from.
        if ($env:OS -ne 'Windows_NT') { "$said" | Should -BeLike '*"asked"*' }
        @($said)[-1] | Should -Be $State
    }

    It 'does no harm to one that is closed' {
        $session | Disconnect-EchoServer
        $session | Disconnect-EchoServer -ErrorAction Stop
        $session.Reason | Should -Be 'ClientClosed'
    }

    It 'forgets one that its server has closed, and its reason stays' {
        $server | Stop-EchoServer -Force
        (Get-EchoSession -Id $session.Id).State | Should -Be 'Closed'
        $session | Disconnect-EchoServer -ErrorAction Stop
        $session.Reason | Should -Be 'ServerClosed'
        Get-EchoSession -Name leav* | Should -BeNullOrEmpty
    }

    It 'disconnects nothing when it is not told what, and says so' {
        $failure = { Disconnect-EchoServer } | Should -Throw -PassThru
        $failure.FullyQualifiedErrorId | Should -Be 'InvalidOption,PSSocketTools.Commands.DisconnectEchoServerCommand'
        $failure.CategoryInfo.Category | Should -Be 'InvalidArgument'
        $failure.Exception.Message | Should -BeLike '*Get-EchoSession | Disconnect-EchoServer*'
        (Get-EchoSession).State | Should -Be 'Open', 'Open'
    }

    It 'disconnects nothing when nothing comes down the pipeline' {
        Get-EchoSession -Name nobody* | Disconnect-EchoServer -ErrorAction Stop
        (Get-EchoSession).State | Should -Be 'Open', 'Open'
    }

    It 'says that none has the <What> <Value>, and disconnects the others' -ForEach @(
        @{ What = 'Id'; Value = 999999 }
        @{ What = 'Name'; Value = 'nobody' }
    ) {
        $options = @{ $What = $Value, $session.$What }
        Disconnect-EchoServer @options -ErrorVariable failed -ErrorAction SilentlyContinue
        Assert-Error $failed NotFound ObjectNotFound
        $failed[0].TargetObject | Should -Be $Value
        $session.State | Should -Be 'Closed'
        $other.State | Should -Be 'Open'
    }

    It 'never takes a server for the session that bears its number' {
        $namesake = [pscustomobject]@{ Id = $session.Id; Name = $session.Name }
        { $namesake | Disconnect-EchoServer -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidOption,*'
        { $server | Disconnect-EchoServer -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidOption,*'
        $session.State | Should -Be 'Open'
        $server.State | Should -Be 'Listening'
    }

    It 'waits only briefly for a server that neither reads nor closes' {
        # Its clients are taken by the system, and read by nobody.
        $deaf = [Net.Sockets.TcpListener]::new([Net.IPAddress]::Loopback, 0)
        $deaf.Start()
        $session = Connect-EchoServer 127.0.0.1 $deaf.LocalEndpoint.Port
        $null = 'oi' | Send-SocketMessage -Session $session -NoWait
        $watch = [Diagnostics.Stopwatch]::StartNew()
        $session | Disconnect-EchoServer
        $watch.Elapsed | Should -BeLessThan ([timespan]'0:0:10')
        $session.State | Should -Be 'Closed'
        $deaf.Stop()
    }
}

Describe 'Disconnect-EchoServer -SendOnly' {
    BeforeDiscovery {
        $onUnix = $env:OS -ne 'Windows_NT'
        $openssl = if ($onUnix) { Get-Command openssl -CommandType Application -ErrorAction Ignore }
        $transports = if ($IsLinux) { 'Epoll', 'Async' } else { 'Async' }
    }

    AfterEach {
        Get-EchoSession | Disconnect-EchoServer -Reset
        Get-EchoServer | Stop-EchoServer -Force
        Stop-BareServer
    }

    It 'receives on from a server that reads to the end and then answers' {
        $peer = Start-BareServer { $all = ''; while ($more = Receive) { $all += $more }; Send "$($all.Length) characters`nbye`n" }
        $session = Connect-EchoServer 127.0.0.1 $peer.Port
        $null = 'one', 'two' | Send-SocketMessage -Session $session -NoWait
        $session | Disconnect-EchoServer -SendOnly | Should -BeNullOrEmpty
        $session.State, $session.Reason | Should -Be 'HalfClosed', $null
        ($session | Receive-SocketMessage -Count 2).Response | Should -Be '8 characters', 'bye'
        $session | Receive-SocketMessage -ErrorVariable ended -ErrorAction SilentlyContinue
        $ended[0].FullyQualifiedErrorId | Should -Match '^(ServerClosed|SessionClosed),'
        $session.State, $session.Reason | Should -Be 'Closed', 'ServerClosed'
    }

    It 'shows the session as HalfClosed, which sends no more, and says what to do' {
        $session = Connect-EchoServer 127.0.0.1 (Start-BareServer { Wait-Peer; $null = Wait-Event }).Port -Name half
        Disconnect-EchoServer -Name half -SendOnly
        (Get-EchoSession).State | Should -Be 'HalfClosed'
        Get-EchoSession | Out-String | Should -Match 'half .* HalfClosed'
        'a', 'b' | Send-SocketMessage -Session $session -ErrorVariable failed -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        Assert-Error @($failed[0]) SessionHalfClosed InvalidOperation
        $failed.Count | Should -Be 2
        $failed[0].Exception.Message | Should -BeLike '*Receive-SocketMessage*Connect-EchoServer*'
        Disconnect-EchoServer -Name half -SendOnly -ErrorAction Stop
        $session.State | Should -Be 'HalfClosed'
        $session | Disconnect-EchoServer
        $session.State, $session.Reason | Should -Be 'Closed', 'ClientClosed'
    }

    It 'gives a command that waits for its answer the answer' {
        $server = Start-EchoServer -Framing Line
        $session = $server | Connect-EchoServer -Framing None
        $null = 'to the end' | Send-SocketMessage -Session $session -NoWait
        $session | Disconnect-EchoServer -SendOnly
        ($session | Receive-SocketMessage).Response | Should -Be 'to the end'
        $null = $server | Wait-EchoServer Disconnected
        (Get-EchoSession -Id $session.Id).Reason | Should -Be 'ServerClosed'
    }

    It 'is told in the journal of a server over <Over>, in its table and its log' -ForEach @(
        @($transports | ForEach-Object { @{ Over = $_; Transport = $_; At = @{} } })
        if ($PSVersionTable.PSEdition -eq 'Core') {
            $transports | ForEach-Object { @{ Over = "TLS, $_"; Transport = $_; At = @{ SelfSigned = $true } } }
            @{ Over = 'a Unix socket'; Transport = ''; At = @{ SocketPath = $true } }
        }
    ) {
        $options = $At.Clone()
        if ($options.SocketPath) { $options.SocketPath = Join-Path $TestDrive 's' }
        $before = $env:PSSOCKETTOOLS_TRANSPORT
        $env:PSSOCKETTOOLS_TRANSPORT = $Transport
        try { $server = Start-EchoServer -Framing Line -LogPath "$TestDrive/half.log" @options } finally { $env:PSSOCKETTOOLS_TRANSPORT = $before }
        $tls = if ($At.SelfSigned) { @{ UseTls = $true; CertificateThumbprint = $server.CertificateThumbprint } } else { @{} }
        $session = $server | Connect-EchoServer -Framing None @tls
        $null = 'no line end' | Send-SocketMessage -Session $session -NoWait
        $session | Disconnect-EchoServer -SendOnly
        ($session | Receive-SocketMessage).Response | Should -Be 'no line end'
        $null = $server | Wait-EchoServer Disconnected
        ($server | Get-EchoServerEvent).Kind | Should -Be 'Started', 'Connected', 'MessageReceived', 'HalfClosed', 'ResponseSent', 'Disconnected'
        $half = $server | Get-EchoServerEvent -Kind HalfClosed
        $half.ConnectionId | Should -Be 1
        $half | Out-String | Should -Match '\d HalfClosed '
        $server | Stop-EchoServer
        (Get-Content "$TestDrive/half.log" | ConvertFrom-Json).Kind | Should -Contain 'HalfClosed'
        Remove-Item "$TestDrive/half.log"
    }

    if ($openssl) {
        It 'sends openssl s_server a close_notify' {
            $certificate = "$TestDrive/tls.pem"
            openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost -keyout $certificate -out "$TestDrive/cert.pem" 2>$null
            Get-Content "$TestDrive/cert.pem" | Add-Content $certificate
            $port = (Find-AvailablePort -Address 127.0.0.1).Port
            $start = [Diagnostics.ProcessStartInfo]::new('openssl', "s_server -accept 127.0.0.1:$port -cert `"$certificate`" -rev -trace -naccept 1")
            $start.RedirectStandardOutput = $start.RedirectStandardError = $start.RedirectStandardInput = $true
            $openssl = [Diagnostics.Process]::Start($start)
            try {
                $seen = $openssl.StandardOutput.ReadToEndAsync()
                $null = $openssl.StandardError.ReadToEndAsync()
                $session = Connect-EchoServer 127.0.0.1 $port -UseTls -SkipCertificateCheck -WaitSec 20
                ($session | Send-SocketMessage 'abc').Response | Should -Be 'cba'
                $session | Disconnect-EchoServer -SendOnly
                $openssl.WaitForExit(30000) | Should -BeTrue
                $seen.Result | Should -Match 'Received Record[^S]*(?s:.)*close notify'
                (Get-EchoSession -Id $session.Id).State | Should -Be 'Closed'
                $session.Reason | Should -Be 'ServerClosed'
            }
            finally {
                if (-not $openssl.HasExited) { $openssl.Kill() }
                $openssl.Dispose()
            }
        }
    }

    It 'is refused for UDP, whose session stays as it is' {
        $session = Start-EchoServer -Protocol Udp | Connect-EchoServer
        $session | Disconnect-EchoServer -SendOnly -ErrorVariable failed -ErrorAction SilentlyContinue
        Assert-Error $failed InvalidOption InvalidArgument
        $failed[0].Exception.Message | Should -BeLike '*Udp*-SendOnly*'
        ($session | Send-SocketMessage 'oi').Response | Should -Be 'oi'
    }

    It 'is refused together with -Reset, and nothing is done' {
        $session = Start-EchoServer | Connect-EchoServer
        $failure = { $session | Disconnect-EchoServer -SendOnly -Reset } | Should -Throw -PassThru
        $failure.FullyQualifiedErrorId | Should -Be 'InvalidOption,PSSocketTools.Commands.DisconnectEchoServerCommand'
        $failure.Exception.Message | Should -BeLike '*-SendOnly*-Reset*'
        $session.State | Should -Be 'Open'
    }

    It 'does nothing with -WhatIf' {
        $session = Start-EchoServer | Connect-EchoServer
        $session | Disconnect-EchoServer -SendOnly -WhatIf
        $session.State | Should -Be 'Open'
        ($session | Send-SocketMessage 'oi').Response | Should -Be 'oi'
    }
}
