BeforeDiscovery {
    # A test that needs a program of the system is left out where the program is missing.
    $onLinux = $PSEdition -eq 'Core' -and $IsLinux
    $canDropRight = $onLinux -and (Get-Command setpriv -CommandType Application -ErrorAction Ignore) -and (id -u) -eq 0
    $hasSs = $onLinux -and (Get-Command ss -CommandType Application -ErrorAction Ignore)
    $hasNmap = $onLinux -and (Get-Command nmap -CommandType Application -ErrorAction Ignore)
}

BeforeAll {
    Import-Module "$PSScriptRoot/../../PSSocketTools.psd1" -Force
    . "$PSScriptRoot/SamePowerShell.ps1"
    . "$PSScriptRoot/English.ps1"
    $manifest = (Resolve-Path "$PSScriptRoot/../../PSSocketTools.psd1").Path

    function New-Listener([string] $Address = '127.0.0.1') {
        $listener = [Net.Sockets.TcpListener]::new([Net.IPAddress]::Parse($Address), 0)
        $listener.Start()
        $listener
    }

    function Get-ListeningPort([string] $Pattern) {
        Get-Content /proc/net/tcp, /proc/net/tcp6 |
            Where-Object { $_ -match "^\s*\d+: ($Pattern):([0-9A-F]{4}) \S+ 0A " } |
            ForEach-Object { [Convert]::ToInt32($Matches[2], 16) }
    }

    # Ports of an address that nobody else has: every other one listens, the rest are bound and refuse whoever comes.
    function New-OwnPort([string] $Address) {
        $at = [Net.IPEndPoint]::new([Net.IPAddress]::Parse($Address), 0)
        $sockets = foreach ($i in 1..40) {
            $socket = [Net.Sockets.Socket]::new($at.AddressFamily, 'Stream', 'Tcp')
            $socket.Bind($at)
            if ($i % 2) { $socket.Listen(512) }
            $socket
        }
        $ports = $sockets | ForEach-Object { $_.LocalEndPoint.Port }
        @{
            Sockets = $sockets
            Ports = $ports
            Listening = 0..39 | Where-Object { $_ % 2 -eq 0 } | ForEach-Object { $ports[$_] } | Sort-Object
        }
    }

    # Ports of 127.0.0.1 that answer no SYN on Linux, since the queue of each is full.
    function New-SilentPort([int] $Count) {
        for ($i = 0; $i -lt $Count; $i++) {
            $socket = [Net.Sockets.Socket]::new('InterNetwork', 'Stream', 'Tcp')
            $socket.Bind([Net.IPEndPoint]::new([Net.IPAddress]::Loopback, 0))
            $socket.Listen(0)
            $client = [Net.Sockets.TcpClient]::new('127.0.0.1', $socket.LocalEndPoint.Port)
            # The client is connected before the listener has it in its backlog: until then another may slip in.
            if (-not $socket.Poll(30000000, 'SelectRead')) { throw 'The backlog of the listener stays empty.' }
            [pscustomobject]@{ Port = $socket.LocalEndPoint.Port; Socket = $socket; Client = $client }
        }
    }

    # Runs a script beside the test; it sets $Begun when it is where the test wants it.
    function Start-Script([string] $Script, $Port) {
        $begun = [Threading.ManualResetEventSlim]::new()
        $shell = [powershell]::Create()
        $null = $shell.AddScript("param(`$Manifest, `$Port, `$Begun) Import-Module `$Manifest; $Script")
        $null = $shell.AddArgument($manifest).AddArgument($Port).AddArgument($begun)
        [pscustomobject]@{ Shell = $shell; Begun = $begun; Run = $shell.BeginInvoke() }
    }

    $listener = New-Listener
    $port = $listener.LocalEndpoint.Port
    # Nothing listens on tcpmux.
    $closed = 1
}

AfterAll {
    $listener.Stop()
}

Describe 'Test-PortAvailability' {
    Context 'of this machine' {
        It 'says that a free port is available, and leaves no trace' {
            $free = (Find-AvailablePort -Port 20000-29999).Port
            $result = Test-PortAvailability $free
            $result.Status | Should -Be 'Available'
            $result.Available | Should -BeTrue
            $result.ComputerName | Should -Be 'localhost'
            $result.Detail | Should -BeNullOrEmpty
            (Test-PortAvailability $free).Status | Should -Be 'Available'
        }

        It 'says who holds a port, and on which address' {
            $result = Test-PortAvailability $port
            $result.Status | Should -Be 'InUse'
            $result.Available | Should -BeFalse
            $result.Address | Should -Be '127.0.0.1'
            $result.ProcessId | Should -Be $PID
            $result.ProcessName | Should -Be (Get-Process -Id $PID).ProcessName
            $result.Attempt | Should -Be 1
            (Test-PortAvailability $port -Verbose 4>&1)[0].Message | Should -Be "Attempt 1 to listen on 0.0.0.0:$($port): InUse."
        }

        It 'tells a connection''s own port from a server''s' {
            (Test-PortAvailability $port).HolderState | Should -Be 'Listen'
            $session = Connect-EchoServer 127.0.0.1 $port
            try {
                $result = Test-PortAvailability ([int] $session.LocalEndPoint.Split(':')[-1]) -Address 127.0.0.1 -Status InUse
                $result.HolderState | Should -Be 'Established'
                $result.ProcessId | Should -Be $PID
                $drawn = ($result, (Test-PortAvailability $port) | Out-String -Width 80) -replace "$([char] 27)\[[0-9;]*m"
                $drawn | Should -Match "InUse: Connected +\w+ \($PID\)"
                $drawn | Should -Match "InUse +\w+ \($PID\)"
            }
            finally { $session | Disconnect-EchoServer -Reset }
        }

        It 'knows a clash over the families' {
            $dual = [Net.Sockets.TcpListener]::Create(0)
            $dual.Start()
            try {
                $held = $dual.LocalEndpoint.Port
                (Test-PortAvailability $held).Status | Should -Be 'InUse'
                (Test-PortAvailability $held -Address 127.0.0.1).Status | Should -Be 'InUse'
            }
            finally {
                $dual.Stop()
            }
        }

        It 'tests UDP by UDP' {
            $socket = [Net.Sockets.UdpClient]::new([Net.IPEndPoint]::new([Net.IPAddress]::Loopback, 0))
            try {
                $result = Test-PortAvailability $socket.Client.LocalEndPoint.Port -Protocol Udp
                $result.Status | Should -Be 'InUse'
                $result.Protocol | Should -Be 'Udp'
                $result.ProcessId | Should -Be $PID
            }
            finally {
                $socket.Dispose()
            }
        }

        It 'says that an address is another machine''s' {
            $result = Test-PortAvailability 20000 -Address 192.0.2.1
            $result.Status | Should -Be 'AddressNotAvailable'
            $result.Detail | Should -Match '192\.0\.2\.1'
        }

        if ($canDropRight) {
            It 'says that a port needs a right this user lacks' {
                $status = setpriv --inh-caps=-net_bind_service --bounding-set=-net_bind_service $pwsh @pwshArguments -NoProfile -Command (
                    "Import-Module '$manifest'; (Test-PortAvailability $closed).Status")
                $status | Should -Be 'AccessDenied'
            }
        }

        It 'takes <Name>' -ForEach @(
            @{ Name = 'a range as text'; Ports = '20001-20003'; Expected = 20001, 20002, 20003 }
            @{ Name = 'a range with dots as text'; Ports = '20001..20002'; Expected = 20001, 20002 }
            @{ Name = 'a range of PowerShell'; Ports = 20001..20003; Expected = 20001, 20002, 20003 }
            @{ Name = 'the name of a service'; Ports = 'https'; Expected = 443 }
            @{ Name = 'a mixture, in its order'; Ports = 20009, '20001-20002', 'http'; Expected = 20009, 20001, 20002, 80 }
        ) {
            (Test-PortAvailability -Port $Ports).Port | Should -Be $Expected
            ($Ports | Test-PortAvailability).Port | Should -Be $Expected
        }

        It 'names the service of a port' {
            (Test-PortAvailability 443).Service | Should -Be 'https'
        }

        It 'says of <Text> how a computer is written' -ForEach @(
            @{ Text = 'localhost' }
            @{ Text = '10.0.0.1' }
            @{ Text = 'fe80::1' }
        ) {
            $failure = { Test-PortAvailability $Text 80 } | Should -Throw -PassThru
            $failure.Exception.Message | Should -BeLike "*Test-PortAvailability -ComputerName $Text -Port 80*"
        }

        It 'takes <_> for a port that is mistyped' -ForEach '80-', '0x50', '70000' {
            $failure = { Test-PortAvailability $_ } | Should -Throw -PassThru
            $failure.Exception.Message | Should -Not -BeLike '*-ComputerName*'
        }

        It 'refuses <_>, with what a port is' -ForEach 0, 65536, -1, 'no-such-service', '9-1' {
            $failure = { Test-PortAvailability -Port $_ } | Should -Throw -PassThru
            $failure.FullyQualifiedErrorId | Should -BeLike 'ParameterArgumentTransformationError,*'
        }

        It 'waits until the port is free' {
            $held = New-Listener
            $wait = Start-Script '$Begun.Set(); Test-PortAvailability $Port -Wait' $held.LocalEndpoint.Port
            try {
                $wait.Begun.Wait(60000) | Should -BeTrue
                $held.Stop()
                $wait.Run.AsyncWaitHandle.WaitOne(60000) | Should -BeTrue
                $wait.Shell.EndInvoke($wait.Run).Status | Should -Be 'Available'
            }
            finally {
                $wait.Shell.Dispose()
                $held.Stop()
            }
        }

        It 'waits until the port is in use with -Until' {
            $free = (Find-AvailablePort -Address 127.0.0.1).Port
            $wait = Start-Script '$Begun.Set(); Test-PortAvailability $Port -Address 127.0.0.1 -Until InUse' $free
            try {
                $wait.Begun.Wait(60000) | Should -BeTrue
                $server = Start-EchoServer $free -Address 127.0.0.1
                $wait.Run.AsyncWaitHandle.WaitOne(60000) | Should -BeTrue
                $result = $wait.Shell.EndInvoke($wait.Run)
                $result.Status | Should -Be 'InUse'
                $result.ProcessId | Should -Be $PID
            }
            finally {
                $wait.Shell.Dispose()
                $server | Stop-EchoServer
            }
        }

        It 'waits no longer than it is told' {
            Test-PortAvailability $port -WaitSec 0.2 -ErrorVariable failures -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
            $failures.Count | Should -Be 1
            $failures[0].FullyQualifiedErrorId | Should -BeLike 'WaitTimeout,*'
            $failures[0].CategoryInfo.Category | Should -Be 'OperationTimeout'
            "$($failures[0])" | Should -BeLike "localhost:$port was not Free within 0*2 s: it is InUse. Wait longer with -WaitSec*"
            $failures[0].TargetObject.Status | Should -Be 'InUse'
            Test-PortAvailability $port -WaitSec 0.2 -Quiet | Should -BeFalse
        }

        It 'names the range that Windows excludes a port in' -Tag Windows {
            $excluded = 20111
            $shown = netsh int ipv4 add excludedportrange protocol=tcp startport=$excluded numberofports=2
            if ($LASTEXITCODE) { Set-ItResult -Skipped -Because "no range can be excluded here: $shown" }
            try {
                $result = Test-PortAvailability $excluded -Address 127.0.0.1
                $result.Status | Should -Be 'AccessDenied'
                $result.Detail | Should -BeLike "*$excluded-$($excluded + 1)*"
                { Find-AvailablePort $excluded -Address 127.0.0.1 } | Should -Throw "*$excluded-$($excluded + 1)*"
            }
            finally {
                $null = netsh int ipv4 delete excludedportrange protocol=tcp startport=$excluded numberofports=2
            }
        }

        It 'waits for a name that has no address' {
            $watch = [Diagnostics.Stopwatch]::StartNew()
            { Test-PortAvailability $port -Address name.invalid -WaitSec 1 } | Should -Throw -ErrorId 'NameNotFound,*'
            $watch.Elapsed | Should -BeGreaterThan ([timespan]::FromSeconds(0.9))
        }
    }

    Context 'of another computer' {
        It 'distinguishes open from closed' {
            $results = Test-PortAvailability $port, $closed -ComputerName 127.0.0.1
            $results.Status | Should -Be 'Open', 'Closed'
            $results.Available | Should -Be $true, $false
            $results[0].Address | Should -Be '127.0.0.1'
            $results[0].LatencyMilliseconds | Should -BeGreaterThan 0
        }

        It 'says from where, and at which attempt' {
            $results = Test-PortAvailability $port, $closed -ComputerName 127.0.0.1
            $results.SourceAddress | Should -Be '127.0.0.1', '127.0.0.1'
            $results.Attempt | Should -Be 1, 1
            $nowhere = Test-PortAvailability 80 -ComputerName name.invalid
            $nowhere.SourceAddress | Should -BeNullOrEmpty
            $nowhere.Attempt | Should -Be 0
        }

        It 'tells each attempt with -Verbose, and without it none' {
            $told = @(Test-PortAvailability $port, $closed -ComputerName 127.0.0.1 -Verbose 4>&1)
            $told[0].Message | Should -BeLike "Attempt 1 on 127.0.0.1:$port from 127.0.0.1: Open, after * ms."
            $told[1].Message | Should -BeLike "Attempt 1 on 127.0.0.1:$closed from 127.0.0.1: Closed, after * ms."
            $told.Count | Should -Be 4
            @(Test-PortAvailability $port -ComputerName 127.0.0.1 4>&1).Count | Should -Be 1
        }

        It 'gives a name that does not resolve as a result' {
            $result = Test-PortAvailability 80 -ComputerName name.invalid
            $result.Status | Should -Be 'NameNotFound'
            $result.Available | Should -BeFalse
            $result.Detail | Should -Match 'name\.invalid'
        }

        It 'gives one result for a name, with the address that answered' {
            $result = Test-PortAvailability $port -ComputerName localhost
            @($result).Count | Should -Be 1
            $result.Address | Should -Be '127.0.0.1'
        }

        It 'takes a block of addresses' {
            $results = Test-PortAvailability $closed -ComputerName '127.0.0.0/28'
            $results.ComputerName | Should -Be (0..15 | ForEach-Object { "127.0.0.$_" })
        }

        It 'refuses what is no block' {
            $failure = { Test-PortAvailability 80 -ComputerName '127.0.0.0/33' } | Should -Throw -PassThru
            $failure.FullyQualifiedErrorId | Should -BeLike 'InvalidOption,*'
        }

        It 'times out a port that stays silent, and delays no other' -Tag Linux {
            $silent = @(New-SilentPort 200)
            $open = @(1..200 | ForEach-Object { New-Listener })
            try {
                $ports = 0..199 | ForEach-Object { $silent[$_].Port; $open[$_].LocalEndpoint.Port }
                $clock = [Diagnostics.Stopwatch]::StartNew()
                # One after the other they would take 1000 s.
                $results = Test-PortAvailability $ports -ComputerName 127.0.0.1 -TimeoutSec 5
                $clock.Elapsed.TotalSeconds | Should -BeLessThan 30
                $results.Port | Should -Be $ports
                $results.Status | Should -Be (@('TimedOut', 'Open') * 200)
            }
            finally {
                $silent | ForEach-Object { $_.Client.Dispose(); $_.Socket.Dispose() }
                $open | ForEach-Object Stop
            }
        }

        It 'tests a port that is named twice once' {
            (Test-PortAvailability $port, $closed, $port -ComputerName 127.0.0.1).Port | Should -Be $port, $closed
        }

        It 'distinguishes a UDP port that responds from a closed and a silent one' {
            $server = Start-EchoServer -Protocol Udp -Address 127.0.0.1
            $silent = [Net.Sockets.UdpClient]::new([Net.IPEndPoint]::new([Net.IPAddress]::Loopback, 0))
            try {
                $results = Test-PortAvailability $server.Port, $closed, $silent.Client.LocalEndPoint.Port -ComputerName 127.0.0.1 -Protocol Udp
                $results.Status | Should -Be 'Open', 'Closed', 'OpenOrFiltered'
            }
            finally {
                $silent.Dispose()
                Stop-EchoServer -Server $server
            }
        }

        It 'waits until the port opens' {
            $late = [Net.Sockets.Socket]::new('InterNetwork', 'Stream', 'Tcp')
            $late.Bind([Net.IPEndPoint]::new([Net.IPAddress]::Loopback, 0))
            $wait = Start-Script '$Begun.Set(); Test-PortAvailability $Port -ComputerName 127.0.0.1 -Wait' $late.LocalEndPoint.Port
            try {
                $wait.Begun.Wait(60000) | Should -BeTrue
                $late.Listen(1)
                $wait.Run.AsyncWaitHandle.WaitOne(60000) | Should -BeTrue
                $wait.Shell.EndInvoke($wait.Run).Status | Should -Be 'Open'
            }
            finally {
                $wait.Shell.Dispose()
                $late.Dispose()
            }
        }

        It 'calls a port closed that another address than loopback refuses, and at once' {
            $own = [Net.NetworkInformation.NetworkInterface]::GetAllNetworkInterfaces() | Where-Object OperationalStatus -EQ Up |
                ForEach-Object { $_.GetIPProperties().UnicastAddresses.Address } |
                Where-Object { $_.AddressFamily -eq 'InterNetwork' -and -not [ipaddress]::IsLoopback($_) } | Select-Object -First 1
            if (-not $own) { Set-ItResult -Skipped -Because 'the machine has no other address' }
            # Windows takes the first refusal for a lost packet, unless it is told not to, and says so after two seconds.
            (Test-PortAvailability $closed -ComputerName $own).Status | Should -Be 'Closed'
            $limit = if ($PSEdition -eq 'Desktop' -or $IsWindows) { 1 } else { 30 }
            Connect-EchoServer $own $closed -TimeoutSec $limit -ErrorVariable failures -ErrorAction SilentlyContinue
            $failures[0].FullyQualifiedErrorId | Should -BeLike 'ConnectionRefused,*'
        }

        It 'waits no longer than it is told' {
            $failure = { Test-PortAvailability $closed -ComputerName 127.0.0.1 -WaitSec 2 -ErrorAction Stop } | Should -Throw -ErrorId 'WaitTimeout,*' -PassThru
            $failure.TargetObject.Status | Should -Be 'Closed'
            $failure.TargetObject.Attempt | Should -BeGreaterThan 1
            Test-PortAvailability $closed -ComputerName 127.0.0.1 -WaitSec 0.2 -Quiet | Should -BeFalse
        }

        It 'waits until the port is closed with -Until' {
            $going = New-Listener
            $wait = Start-Script '$Begun.Set(); Test-PortAvailability $Port -ComputerName 127.0.0.1 -Until Closed' $going.LocalEndpoint.Port
            try {
                $wait.Begun.Wait(60000) | Should -BeTrue
                $going.Stop()
                $wait.Run.AsyncWaitHandle.WaitOne(60000) | Should -BeTrue
                $wait.Shell.EndInvoke($wait.Run).Status | Should -Be 'Closed'
            }
            finally {
                $wait.Shell.Dispose()
                $going.Stop()
            }
            { Test-PortAvailability $port -ComputerName 127.0.0.1 -Until Closed -WaitSec 0.3 -ErrorAction Stop } | Should -Throw '*was not Closed within*it is Open*'
        }

        It 'refuses a goal that is none of its ports' {
            { Test-PortAvailability $port -Until Open } | Should -Throw '*until Free or InUse*' -ErrorId 'InvalidOption,*'
            { Test-PortAvailability $port -ComputerName 127.0.0.1 -Until Free } | Should -Throw '*until Open or Closed*' -ErrorId 'InvalidOption,*'
        }

        It 'verifies that a connection stays with -Verify Stays' {
            (Test-PortAvailability $port -ComputerName 127.0.0.1 -Verify Stays).Status | Should -Be 'Open'
            $server = Start-EchoServer -Address 127.0.0.1 -AllowFrom 192.0.2.1
            # On a busy machine the server may be late once.
            foreach ($try in 1..20) {
                $result = Test-PortAvailability $server.Port -ComputerName 127.0.0.1 -Verify Stays
                if ($result.Status -ne 'Open') { break }
            }

            $result.Status | Should -Be 'ClosedAtOnce'
            $result.Available | Should -BeFalse
            $result.Detail | Should -BeLike '*closed at once*'
            $result.LatencyMilliseconds | Should -BeGreaterThan 0
            (Test-PortAvailability $server.Port -ComputerName 127.0.0.1).Status | Should -Be 'Open'
            $server | Stop-EchoServer
        }

        It 'takes the banner of a server that greets with -Verify Greets' {
            $server = Start-EchoServer -Address 127.0.0.1 -Greeting "220 mail`a ready"
            $result = Test-PortAvailability $server.Port -ComputerName 127.0.0.1 -Verify Greets
            $result.Status | Should -Be 'Open'
            $result.Banner | Should -Be "220 mail$([char] 0xFFFD) ready"
            $result.Verification | Should -Be 'Greets'
            $server | Stop-EchoServer
            $silent = Test-PortAvailability $port -ComputerName 127.0.0.1 -Verify Greets -TimeoutSec 0.3
            $silent.Status | Should -Be 'Silent'
            $silent.Detail | Should -BeLike '*TLS wait for their client to speak first.'
        }

        It 'says of a server of TLS that it is one, where a line does not come back' {
            $server = Start-EchoServer -Address 127.0.0.1 -SelfSigned
            try {
                $result = Test-PortAvailability $server.Port -ComputerName 127.0.0.1 -Verify Echoes
                $result.Status | Should -Be 'NotEcho'
                $result.Detail | Should -BeLike '*speaks TLS*Connect-EchoServer with -UseTls*'
            }
            finally { $server | Stop-EchoServer }
        }

        It 'warns before <Ports> ports of <Computers>, once: <Like>' -ForEach @(
            @{ Ports = '1-1000'; Computers = '127.0.0.0/16'; Like = '65*536*000 * 36 h * 512 *' }
            @{ Ports = '80'; Computers = @('127.0.0.0/9', '127.128.0.0/9'); Like = '8*388*608 * 5 h *' }
            @{ Ports = '1-65535'; Computers = '127.0.0.0/28'; Like = '1*048*560 * 34 min *' }
            @{ Ports = '1-65535'; Computers = '127.0.0.0/8'; Like = '1*099*494*850*560 * 24*855 d *' }
        ) {
            $null = $Computers | Test-PortAvailability -Port $Ports -WarningVariable warned -WarningAction SilentlyContinue | Select-Object -First 1
            $warned.Count | Should -Be 1
            "$warned" | Should -BeLike $Like
            "$warned" | Should -BeLike '*-ThrottleLimit and -TimeoutSec make it shorter*'
        }

        It 'does not warn before what is done soon' {
            $null = Test-PortAvailability 1-65535 -ComputerName 127.0.0.1 -WarningVariable warned -WarningAction SilentlyContinue | Select-Object -First 1
            $null = Test-PortAvailability 1 -ComputerName 127.0.0.0/16 -TimeoutSec 0.1 -WarningVariable +warned -WarningAction SilentlyContinue | Select-Object -First 1
            $warned | Should -BeNullOrEmpty
        }

        It 'proves a server end to end with -Verify Echoes' {
            $server = Start-EchoServer -Address 127.0.0.1
            $other = Start-EchoServer -Address 127.0.0.1 -ResponseFormat 'no: {0}'
            $udp = Start-EchoServer -Address 127.0.0.1 -Protocol Udp
            $quiet = [Net.Sockets.UdpClient]::new([Net.IPEndPoint]::new([Net.IPAddress]::Loopback, 0))
            try {
                $results = Test-PortAvailability $server.Port, $other.Port, $closed -ComputerName 127.0.0.1 -Verify Echoes
                $results.Status | Should -Be 'Open', 'NotEcho', 'Closed'
                $results.Verification | Should -Be 'Echoes', 'Echoes', 'Echoes'
                (Test-PortAvailability $server.Port -ComputerName 127.0.0.1).Verification | Should -BeNullOrEmpty
                $results[1].Detail | Should -BeLike '*came back than what was sent: no: PSSocketTools *'
                (Wait-EchoServer $server -Kind MessageReceived).Message | Should -Match '^PSSocketTools [0-9a-f]{32}$'
                (Test-PortAvailability $port -ComputerName 127.0.0.1 -Verify Echoes -TimeoutSec 0.3).Status | Should -Be 'NotEcho'
                (Test-PortAvailability $udp.Port, $quiet.Client.LocalEndPoint.Port -ComputerName 127.0.0.1 -Protocol Udp -Verify Echoes -TimeoutSec 0.5).Status |
                    Should -Be 'Open', 'OpenOrFiltered'
                { Test-PortAvailability $udp.Port -ComputerName 127.0.0.1 -Protocol Udp -Verify Stays } | Should -Throw -ErrorId 'InvalidOption,*'
            }
            finally {
                $quiet.Dispose()
                $server, $other, $udp | Stop-EchoServer
            }
        }

        It 'tests the family that is asked for' {
            $result = Test-PortAvailability $closed -ComputerName localhost -IPv4
            $result.Address | Should -Be '127.0.0.1'
            $result.SourceAddress | Should -Be '127.0.0.1'
            { Test-PortAvailability $closed -ComputerName ::1 -IPv4 } | Should -Throw '*-IPv4*' -ErrorId 'InvalidOption,*'
            $Error[0].TargetObject | Should -Be '::1'
            { Test-PortAvailability $closed -ComputerName localhost -IPv4 -IPv6 } | Should -Throw -ErrorId 'InvalidOption,*'
        }

        It 'gives a result for each address of a name with -AllAddresses' {
            $both = (Test-PortAvailability $closed -ComputerName ::1).Status -eq 'Closed'
            $results = @(Test-PortAvailability $port, $closed -ComputerName localhost -AllAddresses)
            $expected = if ($both) { '127.0.0.1', '127.0.0.1', '::1', '::1' } else { '127.0.0.1', '127.0.0.1' }
            $results | ForEach-Object Address | Should -Be $expected
            $results.ComputerName | Select-Object -Unique | Should -Be 'localhost'
            (Test-PortAvailability 80 -ComputerName name.invalid -AllAddresses).Status | Should -Be 'NameNotFound'
        }

        It 'asks from the address it is told' -Tag Linux {
            $server = Start-EchoServer -Address 127.0.0.1
            $result = Test-PortAvailability $server.Port, $closed -ComputerName 127.0.0.1 -SourceAddress 127.0.0.9
            $result.SourceAddress | Should -Be '127.0.0.9', '127.0.0.9'
            $result.Status | Should -Be 'Open', 'Closed'
            (Wait-EchoServer $server -Kind Connected).RemoteAddress | Should -Be '127.0.0.9'
            $server | Stop-EchoServer
            { Test-PortAvailability $closed -ComputerName 127.0.0.1 -SourceAddress 203.0.113.7 } | Should -Throw -ErrorId 'AddressNotAvailable,*'
        }

        It 'takes a range of addresses' {
            (Test-PortAvailability $closed -ComputerName '127.0.0.1-3').ComputerName | Should -Be '127.0.0.1', '127.0.0.2', '127.0.0.3'
            (Test-PortAvailability $closed -ComputerName '127.0.0.254-127.0.1.1').ComputerName | Should -Be '127.0.0.254', '127.0.0.255', '127.0.1.0', '127.0.1.1'
            { Test-PortAvailability $closed -ComputerName '127.0.0.9-3' } | Should -Throw '*192.168.0.1-20*' -ErrorId 'InvalidOption,*'
        }

        It 'waits for a name that has no address' {
            $watch = [Diagnostics.Stopwatch]::StartNew()
            $failure = { Test-PortAvailability $closed -ComputerName name.invalid -WaitSec 3 -ErrorAction Stop } | Should -Throw -ErrorId 'WaitTimeout,*' -PassThru
            $failure.TargetObject.Status | Should -Be 'NameNotFound'
            $watch.Elapsed | Should -BeGreaterThan ([timespan]::FromSeconds(2.9))
        }

        # A machine has other listeners, which come, go and fill their queues as they like: each test looks at ports of its own.
        It 'finds of <Address> what the system says listens' -Tag Linux -ForEach @(
            @{ Address = '127.0.0.1'; Pattern = '0100007F' }
            @{ Address = '::1'; Pattern = '0{24}01000000' }
        ) {
            $own = New-OwnPort $Address
            try {
                $open = (Test-PortAvailability 1-65535 -ComputerName $Address -Status Open).Port | Where-Object { $_ -in $own.Ports }
                $open | Sort-Object | Should -Be $own.Listening
                Get-ListeningPort $Pattern | Where-Object { $_ -in $own.Ports } | Sort-Object | Should -Be $own.Listening
            }
            finally { $own.Sockets | ForEach-Object Dispose }
        }

        if ($hasSs) {
            It 'finds what ss finds' -Tag Linux {
                $own = New-OwnPort 127.0.0.1
                try {
                    $open = (Test-PortAvailability 1-65535 -ComputerName 127.0.0.1 -Status Open).Port | Where-Object { $_ -in $own.Ports }
                    $found = ss -Hltn4 | Where-Object { $_ -match '\s127\.0\.0\.1:(\d+)\s' } | ForEach-Object { [int] $Matches[1] } | Where-Object { $_ -in $own.Ports }
                    $open | Sort-Object | Should -Be ($found | Sort-Object)
                    $found | Sort-Object | Should -Be $own.Listening
                }
                finally { $own.Sockets | ForEach-Object Dispose }
            }
        }

        if ($hasNmap) {
            It 'finds what nmap finds' -Tag Linux {
                $own = New-OwnPort 127.0.0.1
                try {
                    $open = (Test-PortAvailability 1-65535 -ComputerName 127.0.0.1 -Status Open).Port | Where-Object { $_ -in $own.Ports }
                    $found = nmap -sT -p ($own.Ports -join ',') -n -Pn -T5 127.0.0.1 | Where-Object { $_ -match '^(\d+)/tcp\s+open' } | ForEach-Object { [int] $Matches[1] }
                    $open | Sort-Object | Should -Be ($found | Sort-Object)
                    $found | Sort-Object | Should -Be $own.Listening
                }
                finally { $own.Sockets | ForEach-Object Dispose }
            }
        }
    }

    Context 'again and again' {
        It 'tests as often as it is told, from start to start, and tells what changed' {
            $server = Start-EchoServer -Address 127.0.0.1
            $results = @(Test-PortAvailability $server.Port -ComputerName 127.0.0.1 -Count 4 -IntervalSec 0.2 | ForEach-Object {
                    $_
                    if ($_.Attempt -eq 2) { $server | Stop-EchoServer }
                })
            $results.Attempt | Should -Be 1, 2, 3, 4
            $results.Status | Should -Be 'Open', 'Open', 'Closed', 'Closed'
            $results.PreviousStatus | Should -Be $null, $null, 'Open', $null
            ($results[3].Timestamp - $results[0].Timestamp).TotalSeconds | Should -BeGreaterThan 0.55
        }

        It 'gives out changes alone, the first result among them' {
            $server = Start-EchoServer -Address 127.0.0.1
            $results = @(Test-PortAvailability $server.Port, $closed -ComputerName 127.0.0.1 -Count 3 -IntervalSec 0.1 -ChangesOnly)
            $results.Status | Should -Be 'Open', 'Closed'
            $server | Stop-EchoServer
        }

        It 'sums up each target' {
            $history = @(Test-PortAvailability $port, $closed -ComputerName 127.0.0.1 -Count 3 -IntervalSec 0.05 -Summary)
            $history.Count | Should -Be 2
            $history.Sent | Should -Be 3, 3
            $history.Succeeded | Should -Be 3, 0
            $history.LossPercent | Should -Be 0, 100
            $history[0].Addresses | Should -Be '127.0.0.1'
            $history[0].MinimumMilliseconds | Should -BeLessOrEqual $history[0].MeanMilliseconds
            $history[0].MeanMilliseconds | Should -BeLessOrEqual $history[0].MaximumMilliseconds
            $history[0].LastSuccess | Should -BeOfType datetime
            $history[0].LongestOutageMilliseconds | Should -BeNullOrEmpty
            $history[1].FirstFailure | Should -BeOfType datetime
            $history.FirstFailureStatus | Should -Be $null, 'Closed'
            $history.LastStatus | Should -Be 'Open', 'Closed'
            $history[1].FirstTest | Should -Be $history[1].FirstFailure
            ($history[0].LastTest - $history[0].FirstTest).TotalMilliseconds | Should -BeGreaterThan 50
            $history[0].LastTest | Should -Be $history[0].LastSuccess
            $history.Verification | Should -Be $null, $null
            (Test-PortAvailability $port -ComputerName 127.0.0.1 -Count 1 -Verify Stays -Summary).Verification | Should -Be 'Stays'
            $history[1].LongestOutageMilliseconds | Should -BeGreaterThan 50
            $history[1].MeanMilliseconds | Should -BeNullOrEmpty
        }

        It 'repeats ports of this machine, and what comes down the pipeline' {
            @(Test-PortAvailability $port -Count 2 -IntervalSec 0.05).Status | Should -Be 'InUse', 'InUse'
            @('127.0.0.1', 'localhost' | Test-PortAvailability -Port $port -Count 2 -IntervalSec 0.05).ComputerName | Sort-Object | Should -Be '127.0.0.1', '127.0.0.1', 'localhost', 'localhost'
            Test-PortAvailability $port -ComputerName 127.0.0.1 -Count 2 -IntervalSec 0.05 -Quiet | Should -BeTrue
            Test-PortAvailability $port, $closed -ComputerName 127.0.0.1 -Repeat -IntervalSec 0.05 -Quiet | Should -BeFalse
        }

        It 'leaves what was gathered when it is stopped, and ends at once' {
            $shell = [powershell]::Create()
            $state = [hashtable]::Synchronized(@{ Begun = [Threading.ManualResetEventSlim]::new() })
            $null = $shell.AddScript('param($Manifest, $Port, $State) Import-Module $Manifest; Test-PortAvailability $Port -ComputerName 127.0.0.1 -Repeat -IntervalSec 0.05 -OutVariable gathered | ForEach-Object { $State.Gathered = $gathered; if ($_.Attempt -ge 3) { $State.Begun.Set() } }')
            $null = $shell.AddArgument($manifest).AddArgument($port).AddArgument($state)
            try {
                $run = $shell.BeginInvoke()
                $state.Begun.Wait(60000) | Should -BeTrue
                $clock = [Diagnostics.Stopwatch]::StartNew()
                $shell.Stop()
                $clock.Elapsed.TotalSeconds | Should -BeLessThan 10
                $state.Gathered.Count | Should -BeGreaterThan 2
                $state.Gathered[0].Status | Should -Be 'Open'
            }
            finally { $shell.Dispose() }
        }

        It 'ends at once, and leaves nothing, where it is stopped: <_>' -ForEach @(
            'Test-PortAvailability $Port -ComputerName 127.0.0.1 -Until Closed'
            'Test-PortAvailability $Port -Wait'
            'Test-PortAvailability $Port -ComputerName 127.0.0.1 -Verify Greets -TimeoutSec 600'
            'Test-PortAvailability $Port -ComputerName 127.0.0.1 -Repeat -IntervalSec 600'
            'Test-PortAvailability $Port -ComputerName 127.0.0.1 -Repeat -IntervalSec 600 -AllAddresses -Summary'
            'Test-PortAvailability $Port -Repeat -IntervalSec 600'
        ) {
            $shell = [powershell]::Create()
            # A verbose line tells that an attempt was made, or, of a check that goes on, the server does.
            $null = $shell.AddScript('param($Manifest, $Port) Import-Module $Manifest; $VerbosePreference = "Continue"; ' + $_)
            $server = Start-EchoServer -Address 127.0.0.1
            $null = $shell.AddArgument($manifest).AddArgument($server.Port)
            try {
                $null = $shell.BeginInvoke()
                [Threading.SpinWait]::SpinUntil({ $shell.Streams.Verbose.Count -gt 0 -or $server.ActiveConnections -gt 0 }, 60000) | Should -BeTrue
                $clock = [Diagnostics.Stopwatch]::StartNew()
                $shell.Stop()
                $clock.Elapsed.TotalSeconds | Should -BeLessThan 10
                [Threading.SpinWait]::SpinUntil({ $server.ActiveConnections -eq 0 }, 60000) | Should -BeTrue
            }
            finally {
                $shell.Dispose()
                $server | Stop-EchoServer
            }
        }

        It 'sums up when it is stopped, where PowerShell takes no output any more' {
            $shell = [powershell]::Create()
            $null = $shell.AddScript('param($Manifest, $Port) Import-Module $Manifest; Test-PortAvailability $Port -ComputerName 127.0.0.1 -Repeat -IntervalSec 0.01 -Summary -OutVariable gathered')
            $server = Start-EchoServer -Address 127.0.0.1
            $null = $shell.AddArgument($manifest).AddArgument($server.Port)
            try {
                $null = $shell.BeginInvoke()
                $null = $server | Wait-EchoServer Disconnected -Count 3 -TimeoutSec 60
                [Threading.SpinWait]::SpinUntil({ $shell.Streams.Progress.Count -gt 0 }, 60000) | Should -BeTrue -Because 'nothing else shows that it goes on'
                $shell.Streams.Progress[0].StatusDescription | Should -Match '^[\d,.]+ tests so far, [\d,.]+ succeeded; now Open \d+[.,]\d\dms\. Ctrl\+C sums up$'
                $shell.Stop()
                $history = $shell.Runspace.SessionStateProxy.GetVariable('gathered')
                $history.Count | Should -Be 1
                $history[0].Port | Should -Be $server.Port
                $history[0].Succeeded | Should -BeGreaterThan 1
            }
            finally {
                $shell.Dispose()
                $server | Stop-EchoServer
            }
        }

        It 'leaves no connection in TIME_WAIT' -Tag Linux {
            $server = Start-EchoServer -Address 127.0.0.1
            $null = Test-PortAvailability $server.Port -ComputerName 127.0.0.1 -Count 20 -IntervalSec 0.01
            $hex = '{0:X4}' -f $server.Port
            Get-Content /proc/net/tcp | Where-Object { $_ -match "0100007F:$hex 06 " -or $_ -match ":$hex \S+ 06 " } | Should -BeNullOrEmpty
            $server | Stop-EchoServer
        }

        It 'refuses <Name>' -ForEach @(
            @{ Name = '-Summary of a single test'; Parameters = @{ Summary = $true } }
            @{ Name = 'a summary of changes'; Parameters = @{ Count = 2; Summary = $true; ChangesOnly = $true } }
            @{ Name = 'a summary of some statuses'; Parameters = @{ Count = 2; Summary = $true; Status = 'Open' } }
            @{ Name = 'a summary that is True or False'; Parameters = @{ Repeat = $true; Summary = $true; Quiet = $true } }
            @{ Name = 'changes that are True or False'; Parameters = @{ Repeat = $true; ChangesOnly = $true; Quiet = $true } }
            @{ Name = '-IntervalSec for a single test'; Parameters = @{ IntervalSec = 2 } }
            @{ Name = '-Count with -Repeat'; Parameters = @{ Count = 2; Repeat = $true } }
            @{ Name = 'a wait that is repeated'; Parameters = @{ Count = 2; Wait = $true } }
        ) {
            { Test-PortAvailability 1 -ComputerName 127.0.0.1 @Parameters } | Should -Throw -ErrorId 'InvalidOption,*'
        }
    }

    Context 'down the pipeline' {
        It 'takes ports' {
            $results = $port, $closed | Test-PortAvailability
            $results.Port | Should -Be $port, $closed
            $results[0].Status | Should -Be 'InUse'
        }

        It 'takes computers' {
            $results = 'localhost', '127.0.0.1' | Test-PortAvailability -Port $port
            $results.ComputerName | Should -Be 'localhost', '127.0.0.1'
            $results.Status | Should -Be 'Open', 'Open'
        }

        It 'takes the rows of a CSV' {
            $results = "ComputerName,Port`n127.0.0.1,$port`nlocalhost,`"$closed-2`"" | ConvertFrom-Csv | Test-PortAvailability
            $results.Port | Should -Be $port, $closed, 2
            $results.ComputerName | Should -Be '127.0.0.1', 'localhost', 'localhost'
        }

        It 'takes a server, with its protocol' {
            $servers = (Start-EchoServer -Name Tcp), (Start-EchoServer -Name Udp -Protocol Udp)
            try {
                $results = $servers | Test-PortAvailability
                $results.Port | Should -Be $servers.Port
                $results.Protocol | Should -Be 'Tcp', 'Udp'
                $results.Status | Should -Be 'Open', 'Open'
            }
            finally {
                $servers | Stop-EchoServer
            }
        }

        It 'reads who holds ports once for many that come one by one' {
            $listeners = 1..300 | ForEach-Object { $one = [Net.Sockets.TcpListener]::new([Net.IPAddress]::Loopback, 0); $one.Start(); $one }
            try {
                $results = $listeners.LocalEndpoint.Port | Test-PortAvailability
                @($results | Where-Object ProcessId -EQ $PID).Count | Should -Be 300
                $clock = [Diagnostics.Stopwatch]::StartNew()
                $null = $listeners.LocalEndpoint.Port | Test-PortAvailability
                # A walk over the processes for each took 14 s where nothing else ran.
                $clock.Elapsed.TotalSeconds | Should -BeLessThan 10
            }
            finally { $listeners | ForEach-Object Stop }
        }

        It 'tests again what an earlier test tested, in the same way' {
            (Test-PortAvailability $port | Test-PortAvailability).Status | Should -Be 'InUse'
            (Test-PortAvailability $port -ComputerName 127.0.0.1 | Test-PortAvailability).Status | Should -Be 'Open'
            (Find-AvailablePort | Test-PortAvailability).Status | Should -Be 'Available'
        }

        It 'says how to write a port for a computer' {
            $failure = { 80 | Test-PortAvailability -ComputerName x } | Should -Throw -PassThru
            $failure.FullyQualifiedErrorId | Should -BeLike 'InvalidOption,*'
            $failure.CategoryInfo.Category | Should -Be 'InvalidArgument'
            "$failure" | Should -Match 'Test-PortAvailability -ComputerName x -Port 80'
        }

        It 'takes the port behind <Computer> for the one that was meant' -ForEach @(
            @{ Computer = 'localhost:8443'; Like = '*-ComputerName localhost -Port 8443' }
            @{ Computer = '[::1]:8443'; Like = '*-ComputerName ::1 -Port 8443' }
        ) {
            { Test-PortAvailability -ComputerName $Computer -ErrorAction Stop } | Should -Throw $Like
        }

        It 'says what to type in place of <Command>' -ForEach @(
            @{ Command = 'Test-PortAvailability 7007 -Verify Echoes'; Like = '*-Verify*Test-PortAvailability 7007 -ComputerName localhost*' }
            @{ Command = 'Test-PortAvailability 7007 -TimeoutSec 2'; Like = '*-TimeoutSec*Test-PortAvailability 7007 -ComputerName localhost*' }
            @{ Command = '7007 | Test-PortAvailability -IPv4 -ErrorAction Stop'; Like = '*-IPv4*Test-PortAvailability 7007 -ComputerName localhost*' }
            @{ Command = 'Test-PortAvailability localhost 8123'; Like = '*Test-PortAvailability -ComputerName localhost -Port 8123' }
            @{ Command = '$null = @(Test-PortAvailability app01 8080-8090,https -Verify Stays)'; Like = '*Test-PortAvailability -ComputerName app01 -Port 8080-8090,https' }
            @{ Command = 'Test-PortAvailability app01 app02'; Like = '*Test-PortAvailability -ComputerName app01 -Port 80' }
            @{ Command = 'Test-PortAvailability 127.0.0.1:8123'; Like = '*Test-PortAvailability -ComputerName 127.0.0.1 -Port 8123' }
            @{ Command = 'Test-PortAvailability [::1]:8123'; Like = '*Test-PortAvailability -ComputerName ::1 -Port 8123' }
            @{ Command = 'Test-PortAvailability 80 443'; Like = '*Ports go to -Port*' }
            @{ Command = 'Get-PortHolder python*'; Like = '*Get-PortHolder -ProcessName python`*' }
            @{ Command = 'Get-PortHolder localhost:8123'; Like = '*8123' }
            @{ Command = 'Start-EchoServer 7312-7320'; Like = '*Find-AvailablePort 7312-7320 | Start-EchoServer' }
        ) {
            { & ([scriptblock]::Create($Command)) } | Should -Throw $Like
        }

        It 'takes a computer by position beside a port' {
            (Test-PortAvailability localhost -Port $port).Status | Should -Be 'Open'
            (Test-PortAvailability $port localhost).Status | Should -Be 'Open'
        }

        It 'takes no empty list for a yes' -ForEach @(
            @{ What = 'ports'; Arguments = @{ ComputerName = 'localhost'; Port = @() } }
            @{ What = 'computers'; Arguments = @{ ComputerName = @(); Port = 80 } }
        ) {
            { Test-PortAvailability @Arguments -Quiet } | Should -Throw -ErrorId 'ParameterArgumentValidationError,*'
        }

        It 'takes no number before a colon for a computer' {
            { Test-PortAvailability 8000:8010 } | Should -Throw "*'8000:8010' is not a port*such as https."
        }

        It 'puts no second pair of brackets around an address that has them' {
            "$(Test-PortAvailability $closed -ComputerName '[::1]')" | Should -Be "[::1]:$closed Closed"
        }

        It 'takes a port with the colon that tools list it with' {
            (Test-PortAvailability ":$port").Port | Should -Be $port
        }

        It 'says that a port is missing' {
            $failure = { Test-PortAvailability -ComputerName x } | Should -Throw -PassThru
            "$failure" | Should -Match '-Port'
        }

        It 'takes no number for a computer' {
            80 | Test-PortAvailability -Port 443 -ErrorVariable failure -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
            $failure.FullyQualifiedErrorId | Should -BeLike 'InvalidOption,*'
            "$failure" | Should -BeLike '*names no computer*'
        }

        It 'gives results while more comes' {
            $seen = [Collections.Generic.List[string]]::new()
            1..5000 |
                ForEach-Object { $seen.Add('to'); '127.0.0.1' } |
                Test-PortAvailability -Port $closed |
                ForEach-Object { $seen.Add('from') }
            $seen.IndexOf('from') | Should -BeLessThan $seen.LastIndexOf('to')
            $seen.Count | Should -Be 10000
        }

        It 'goes on after an input it has no test for' {
            $rows = [pscustomobject]@{ ComputerName = 'x'; Port = 80; Protocol = 'Unix' }, [pscustomobject]@{ ComputerName = '127.0.0.1'; Port = $port }
            $results = $rows | Test-PortAvailability -ErrorVariable failure -ErrorAction SilentlyContinue
            $results.Status | Should -Be 'Open'
            $failure.FullyQualifiedErrorId | Should -BeLike 'InvalidOption,*'
        }

        It 'ends the scan with the first result that is wanted' {
            $clock = [Diagnostics.Stopwatch]::StartNew()
            $result = Test-PortAvailability 1-65535 -ComputerName '127.0.0.0/8' -WarningAction SilentlyContinue | Select-Object -First 1
            $clock.Elapsed.TotalSeconds | Should -BeLessThan 30
            $result.Port | Should -Be 1
        }
    }

    Context 'asked for less' {
        It 'answers with a Boolean' {
            Test-PortAvailability $port -ComputerName 127.0.0.1 -Quiet | Should -BeTrue
            Test-PortAvailability $port, $closed -ComputerName 127.0.0.1 -Quiet | Should -BeFalse
            Test-PortAvailability $port -Quiet | Should -BeFalse
            Test-PortAvailability 443 -Quiet | Should -BeOfType [bool]
            $port, $closed | Test-PortAvailability -Quiet | Should -BeFalse
        }

        It 'gives only results of a status' {
            (Test-PortAvailability $port, $closed -ComputerName 127.0.0.1 -Status Open).Port | Should -Be $port
            (Test-PortAvailability $port, $closed -ComputerName 127.0.0.1 -Status Open, Closed).Port | Should -Be $port, $closed
        }
    }

    Context 'interrupted' -Tag Linux {
        BeforeAll {
            $silent = @(New-SilentPort 200)
            $silentPort = $silent[0].Port
        }

        AfterAll {
            $silent | ForEach-Object { $_.Client.Dispose(); $_.Socket.Dispose() }
        }

        It 'leaves no socket, no thread and no progress bar' {
            $ports = @($port) + $silent.Port
            $scan = Start-Script 'Test-PortAvailability $Port -ComputerName 127.0.0.1 -TimeoutSec 3600 | ForEach-Object { $Begun.Set() }' $ports
            $scan.Begun.Wait(60000) | Should -BeTrue
            $clock = [Diagnostics.Stopwatch]::StartNew()
            $scan.Shell.Stop()
            $clock.Elapsed.TotalSeconds | Should -BeLessThan 10
            $scan.Shell.Dispose()

            Get-Content /proc/net/tcp | Where-Object { $_ -match ':([0-9A-F]{4}) 02 ' -and [Convert]::ToInt32($Matches[1], 16) -in $silent.Port } | Should -BeNullOrEmpty
            Get-ChildItem /proc/self/task | ForEach-Object { Get-Content "$($_.FullName)/comm" -ErrorAction Ignore } | Should -Not -Contain 'Port scan'
        }

        It 'shows how far it is, and takes that away' {
            $shell = [powershell]::Create()
            $null = $shell.AddScript({
                    param($Manifest, $Port)
                    Import-Module $Manifest
                    Test-PortAvailability $Port -ComputerName 127.0.0.1 -TimeoutSec 2.5
                }).AddArgument($manifest).AddArgument($silentPort)
            $shell.Invoke().Status | Should -Be 'TimedOut'
            $records = @($shell.Streams.Progress | Where-Object Activity -eq 'Testing ports')
            $records.Count | Should -BeGreaterThan 1
            $records[-1].RecordType | Should -Be 'Completed'
            $shell.Dispose()
        }
    }

    Context 'shown' {
        It 'is a table of 80 columns with the port at the right' {
            $lines = Test-PortAvailability 443, $port -ComputerName 127.0.0.1 | Out-String -Width 80 | ForEach-Object { $_ -split '\r?\n' }
            $text = $lines -replace "`e\[[\d;]*m"
            $text | Where-Object { $_ -match '^127\.0\.0\.1\s+443 Tcp\s+https\s+Closed' } | Should -HaveCount 1
            ($text | Measure-Object Length -Maximum).Maximum | Should -BeLessOrEqual 80
        }

        It 'is by computer where there are several' {
            $text = (Test-PortAvailability 80, 443 -ComputerName 127.0.0.1, 127.0.0.2 | Out-String -Width 80) -replace "`e\[[\d;]*m"
            $text | Should -Match 'ComputerName: 127\.0\.0\.1'
            $text | Should -Match 'ComputerName: 127\.0\.0\.2'
        }

        It 'goes to CSV and JSON in flat rows' {
            $result = Test-PortAvailability $port -ComputerName 127.0.0.1
            # PowerShell puts an alias first.
            $columns = 'Id', 'Timestamp', 'TimestampUtc', 'ComputerName', 'Address', 'Port', 'Protocol', 'Service', 'Status', 'Available', 'LatencyMilliseconds', 'SourceAddress', 'Attempt', 'PreviousStatus', 'PreviousAddress', 'Verification', 'Banner', 'ProcessId', 'ProcessName', 'HolderState', 'Detail'
            ($result | ConvertTo-Csv -NoTypeInformation | ConvertFrom-Csv).PSObject.Properties.Name | Should -Be $columns
            ($result | ConvertTo-Csv -NoTypeInformation | ConvertFrom-Csv).TimestampUtc | Should -Be $result.Timestamp.ToUniversalTime().ToString('o')
            ($result | ConvertTo-Json | ConvertFrom-Json).Address | Should -Be '127.0.0.1'
        }

        It 'completes the names of services' {
            $completion = TabExpansion2 'Test-PortAvailability -Port htt' -cursorColumn 30
            $completion.CompletionMatches.CompletionText | Should -Contain 'https'
        }
    }
}
