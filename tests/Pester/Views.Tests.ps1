BeforeAll {
    Import-Module "$PSScriptRoot/../../PSSocketTools.psd1" -Force

    # What a view draws, without colour.
    function Get-Drawn {
        param([int] $Width = 80)
        ($input | Out-String -Width $Width) -replace "$([char] 27)\[[0-9;]*m"
    }
}

Describe 'The views' {
    BeforeAll {
        $server = Start-EchoServer -Name viewed -Framing Line
        $session = $server | Connect-EchoServer -Name talk
        $message = 'hello' | Send-SocketMessage -Session $session
        $events = $server | Wait-EchoServer -Kind ResponseSent
        $test = Test-PortAvailability -ComputerName 127.0.0.1 -Port $server.Port
        $fault = $server | Add-EchoServerFault -FragmentBytes 100000 -FragmentDelay 100-500 -Percent 30 -From 192.0.2.0/24 -PassThru
        $shown = @{
            EchoServer = $server; EchoConnection = Get-EchoConnection -Server $server; EchoServerFault = $fault; EchoSession = $session; SocketMessage = $message; ServerEvent = $events; PortAvailability = $test
            PortHistory = Test-PortAvailability -ComputerName 127.0.0.1 -Port $server.Port -Count 2 -IntervalSec 0.01 -Summary
            PortHolder = Get-PortHolder $server.Port -Protocol Tcp | Select-Object -First 1
        }
    }

    AfterAll {
        $session | Disconnect-EchoServer
        $server | Stop-EchoServer -Force
    }

    It 'list all that <_> has' -ForEach 'EchoServer', 'EchoConnection', 'EchoServerFault', 'EchoSession', 'SocketMessage', 'ServerEvent', 'PortAvailability', 'PortHolder', 'PortHistory' {
        $labels = @([regex]::Matches(($shown[$_] | Format-List | Get-Drawn -Width 200), '(?m)^(\w+) +:')).ForEach({ $_.Groups[1].Value })
        # An alias is no more than another name.
        $names = ($shown[$_].PSObject.Properties | Where-Object MemberType -ne AliasProperty).Name
        $labels | Sort-Object | Should -Be ($names | Sort-Object)
    }

    It 'say sizes in units, where the properties are plain, and milliseconds to the microsecond' {
        $drawn = $session | Format-List | Get-Drawn
        $drawn | Should -Match '(?m)^BytesSent +: 6 B\s*$'
        $drawn | Should -Match '(?m)^ConnectMilliseconds +: \d+([.,]\d{1,3})?\s*$'
        $message | Format-List | Get-Drawn | Should -Match '(?m)^RoundTripMilliseconds +: \d+([.,]\d{1,3})?\s*$'
        $session.BytesSent | Should -BeOfType long
        $message.RoundTripMilliseconds | Should -BeOfType double
    }

    It 'show times of <_> to the millisecond' -ForEach 'EchoServer', 'EchoConnection', 'EchoSession', 'SocketMessage', 'ServerEvent', 'PortAvailability', 'PortHolder', 'PortHistory' {
        $shown[$_] | Format-List | Get-Drawn | Should -Match ': \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}'
    }

    It 'have a wide form' {
        $server, $server | Format-Wide | Get-Drawn | Should -BeLike "*viewed:$($server.Port) *viewed:$($server.Port)*"
        $session | Format-Wide | Get-Drawn | Should -Match "talk.*$([regex]::Escape($session.RemoteEndPoint))"
        $test | Format-Wide | Get-Drawn | Should -BeLike "*127.0.0.1:$($server.Port) Open*"
        $events | Format-Wide | Get-Drawn | Should -Match "ResponseSent $([regex]::Escape($session.LocalEndPoint))"
        $message | Format-Wide | Get-Drawn | Should -BeLike '*hello*'
        $shown.PortHolder | Format-Wide | Get-Drawn | Should -BeLike "*Tcp *:$($server.Port) *($PID)*"
    }

    It 'keep every line of the table of <_> within 80 columns, and wrap what is longer' -ForEach 'EchoServer', 'EchoConnection', 'EchoServerFault', 'EchoSession', 'SocketMessage', 'ServerEvent', 'PortAvailability', 'PortHolder', 'PortHistory' {
        foreach ($line in ($shown[$_] | Get-Drawn) -split '\r?\n') { $line.Length | Should -BeLessOrEqual 80 }
    }

    It 'have room for every column of the table of <_> within 80 columns' -ForEach 'EchoServer', 'EchoConnection', 'EchoServerFault', 'EchoSession', 'SocketMessage', 'ServerEvent', 'PortAvailability', 'PortHolder', 'PortHistory' {
        $name = "$_$($shown[$_].PSObject.TypeNames[0] -replace '^[^#]*#?')"
        $table = (Get-FormatData "PSSocketTools.$_").FormatViewDefinition | Where-Object Name -eq $name | ForEach-Object Control | Where-Object { $_ -is [Management.Automation.TableControl] }
        $heading = ($shown[$_] | Get-Drawn) -split '\r?\n' -match '\w' | Select-Object -First 1
        -split $heading | Should -Be $table.Headers.Label
    }

    It 'show of a repeated test when, how fast, and what changed, at 80 columns' {
        $repeated = Test-PortAvailability -ComputerName 127.0.0.1 -Port $server.Port -Count 1
        $repeated.PSObject.TypeNames[0] | Should -Be 'PSSocketTools.PortAvailability#Repeated'
        $drawn = $repeated | Get-Drawn -Width 80
        $drawn | Should -Match '(?m)^Time +ComputerName +Port +Proto +Status +Latency +Before\s*$'
        $drawn | Should -Match "(?m)^\d\d:\d\d:\d\d\.\d{3} +127\.0\.0\.1 +$($server.Port) +Tcp +Open +\d+[.,]\d\dms\s*$"
        [PSSocketTools.ViewCell]::Before('Closed', '') | Should -Be 'Closed'
        [PSSocketTools.ViewCell]::Before('Closed', '10.0.0.1') | Should -Be 'Closed, 10.0.0.1'
    }

    It 'tell the addresses of a name apart, at <_> columns' -ForEach 80, 120 {
        $width = $_
        $test = @{ ComputerName = 'localhost'; AllAddresses = $true }
        $shown = @(
            , @(Test-PortAvailability $server.Port @test)
            , @(Test-PortAvailability $server.Port, 1 @test)
            , @('127.0.0.1', 'localhost' | Test-PortAvailability -Port $server.Port, 1 -AllAddresses)
            , @(Test-PortAvailability $server.Port @test -Count 1)
            , @(Test-PortAvailability $server.Port @test -Count 1 -Summary)
        )
        foreach ($results in $shown) {
            foreach ($objects in $results, [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize($results))) {
                $drawn = ($objects | Get-Drawn -Width $width) -replace '\s+', ' '
                foreach ($one in $results | Where-Object ComputerName -eq localhost) {
                    $address = if ($one.Address) { $one.Address } else { $one.Addresses }
                    ($drawn -replace '(?<=localhost) \d+ (?:Tcp|\d)[^(]*(?=\()', ' ') + $drawn | Should -BeLike "*localhost ($address)*"
                }
            }
        }

        Test-PortAvailability $server.Port @test | Format-Wide | Get-Drawn | Should -BeLike "*localhost (127.0.0.1):$($server.Port) Open*"
        Test-PortAvailability $server.Port -ComputerName localhost | Get-Drawn | Should -Not -BeLike '*(127.0.0.1)*'
        Test-PortAvailability $server.Port -ComputerName 127.0.0.1 -AllAddresses | Get-Drawn | Should -Not -BeLike '*(127.0.0.1)*'
    }

    It 'say what an open port was verified by, at 80 columns' {
        $ask = @{ ComputerName = '127.0.0.1'; Verify = 'Echoes' }
        Test-PortAvailability $server.Port @ask | Get-Drawn | Should -Match "$($server.Port) +Tcp +Open: Echoes +\d"
        Test-PortAvailability $server.Port @ask -Count 1 | Get-Drawn | Should -Match "$($server.Port) +Tcp +Open: Echoes +\d"
        $drawn = '127.0.0.1', '127.0.0.2' | Test-PortAvailability -Port $server.Port, 1 -Verify Echoes | Get-Drawn
        $drawn | Should -Match "$($server.Port) +Tcp +Open: Echoes +\d"
        $drawn | Should -Match '1 +Tcp +tcpmux +Closed +\d'
        @(Test-PortAvailability $server.Port) + @(Test-PortAvailability $server.Port @ask) | Get-Drawn | Should -Match "$($server.Port) +Tcp +Open: Echoes +\d"
    }

    It 'show how servers greet, on one line each, at <_> columns' -ForEach 80, 120 {
        $greeting = Start-EchoServer -Address 127.0.0.1 -Greeting "220 mail.example.com ESMTP Postfix (Debian/GNU)`tready for whatever comes, and more"
        try {
            $results = '127.0.0.1', '127.0.0.2' | Test-PortAvailability -Port 1, $greeting.Port -Verify Greets
            foreach ($objects in $results, [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize($results))) {
                $lines = ($objects | Get-Drawn -Width $_) -split '\r?\n' -match '\S'
                $lines | Should -HaveCount 6
                $lines[0] | Should -Match '^ComputerName +Port +Status +Latency +Banner *$'
                $lines[3] | Should -Match "^127\.0\.0\.1 +$($greeting.Port) +Open: Greets +\d+[.,]\d\dms +220 mail\.example\.com ESMTP"
                ($lines | Measure-Object Length -Maximum).Maximum | Should -BeLessOrEqual $_
            }
        }
        finally { $greeting | Stop-EchoServer }
    }

    It 'say what the first failure of a history was, at 80 columns' {
        Test-PortAvailability 1 -ComputerName 127.0.0.1 -Count 1 -Summary | Get-Drawn | Should -Match '(?m)^127\.0\.0\.1 +1 +1 +100% .* Closed\s*$'
    }

    It 'say why a session ended, at 80 columns' {
        $ended = $server | Connect-EchoServer -Name gone
        $ended | Disconnect-EchoServer
        ($ended | Get-Drawn) -replace '\s' | Should -BeLike '*Closed:ClientClosed*'
    }

    It 'cut nobody who holds a port, and no endpoint, at <_> columns' -ForEach 80, 120 {
        $held = Test-PortAvailability $server.Port
        $held.ProcessId | Should -Be $PID
        $held | Get-Drawn -Width $_ | Should -BeLike "*$($held.ProcessName) ($PID)*"
        $drawn = $server | Get-Drawn -Width $_
        foreach ($point in $server.EndPoint -split ', ') { $drawn | Should -BeLike "*$([WildcardPattern]::Escape($point))*" }
    }

    It 'wrap a long list of endpoints instead of cutting it' {
        $many = [pscustomobject]@{
            PSTypeName = 'PSSocketTools.EchoServer'; Id = 1; Name = 'many'; Protocol = 'Tcp'; State = 'Listening'
            EndPoint = (1..4 | ForEach-Object { "10.20.30.${_}:54321" }) -join ', '
        }
        ($many | Get-Drawn) -replace '\s' | Should -BeLike '*10.20.30.4:54321*'
    }

    It 'lose no character of an event''s sentence in <Culture>, at <Width> columns' -ForEach @(
        foreach ($width in 80, 120) {
            @{ Culture = 'en-US'; Width = $width; Text = "It is not among the certificates that this server trusts, nor issued by one of them. Trust it: -TrustedClientCertificate $('0123456789ABCDEF' * 4)." }
            @{ Culture = 'pt-BR'; Width = $width; Text = "Os certificados em que este servidor confia, nem foi emitido por um deles. Se for o certo, confie nele: -TrustedClientCertificate $('0123456789ABCDEF' * 4)." }
        }
    ) {
        foreach ($type in 'ServerEvent', 'ServerEvent#OfSeveral') {
            $told = [pscustomobject]@{ PSTypeName = 'PSSocketTools.ServerEvent'; Kind = 'Error'; ServerName = 'lab'; RemoteAddress = '127.0.0.1'; RemotePort = 54321; Reason = 'ClientCertificateRefused'; Message = $Text }
            $told.PSObject.TypeNames.Insert(0, "PSSocketTools.$type")
            $cells = ($told | Get-Drawn -Width $Width) -replace '(?m)^.*?(Error +127\.0\.0\.1:54321)', '' -replace '\s'
            $cells | Should -BeLike "*ClientCertificateRefused:$($Text -replace '\s')"
        }
    }

    It 'tell the tenth server and those after it apart' {
        $drawn = foreach ($number in 10, 11, 123) {
            $told = [pscustomobject]@{ PSTypeName = 'PSSocketTools.ServerEvent'; Kind = 'Connected'; ServerName = "EchoServer$number" }
            $told.PSObject.TypeNames.Insert(0, 'PSSocketTools.ServerEvent#OfSeveral')
            $told | Get-Drawn
        }
        $drawn[0] | Should -Match "EchoServ$([char] 0x2026)10 "
        $drawn[1] | Should -Match "EchoServ$([char] 0x2026)11 "
        $drawn[2] | Should -Match "EchoSer$([char] 0x2026)123 "
    }

    It 'are short for what has only a drawing' {
        $measured = Measure-EchoServer -Server $server -Count 10
        $drawn = $measured | Format-List -Property $measured.PSStandardMembers.DefaultDisplayPropertySet.ReferencedPropertyNames | Get-Drawn
        $drawn | Should -BeLike '*MessagesPerSecond*'
        $drawn | Should -Not -BeLike '*Histogram*'
        @(($measured | Format-List | Get-Drawn) -split '\r?\n' -like '* : *').Count | Should -BeLessOrEqual 12
    }

    It 'have a short set of properties for <_>, all its own' -ForEach 'EchoServer', 'EchoConnection', 'EchoServerFault', 'EchoSession', 'SocketMessage', 'ServerEvent', 'PortAvailability', 'PortHolder', 'PortHistory' {
        $names = $shown[$_].PSStandardMembers.DefaultDisplayPropertySet.ReferencedPropertyNames
        $names.Count | Should -BeIn (3..8)
        foreach ($name in $names) { $shown[$_].PSObject.Properties.Name | Should -Contain $name }
    }

    It 'keep two endpoints with ports of five digits on the line of their server' {
        $two = [pscustomobject]@{ PSTypeName = 'PSSocketTools.EchoServer'; Id = 1; Name = 'EchoServer1'; Protocol = 'Tcp'; State = 'Listening'; EndPoint = '127.0.0.1:54321, [::1]:54321' }
        $two | Get-Drawn -Width 80 | Should -BeLike '*127.0.0.1:54321, `[::1`]:54321*'
    }

    It 'let no control character of a peer''s reach the terminal' {
        $rude = "$([char] 27)[2Jbell$([char] 7)`tend"
        $said = 'x' | Send-SocketMessage -Server (Start-EchoServer -Name rude -Framing Line -Responder { "$([char] 27)[2Jbell$([char] 7)`tend" })
        $said.Response | Should -Be $rude
        $drawn = $said, (Get-EchoServerEvent -Name rude -Kind ResponseSent) | ForEach-Object { $_ | Format-Table | Get-Drawn; $_ | Format-List | Get-Drawn }
        $drawn.Count | Should -Be 4
        foreach ($text in $drawn) {
            $text | Should -Match '\.\[2Jbell\.'
            $text | Should -Not -Match '[\x00-\x08\x0b\x0c\x0e-\x1f]'
        }
        Stop-EchoServer -Name rude
    }

    It 'show no id of a session that a command opened for itself' {
        $alone = 'x' | Send-SocketMessage -Server $server
        $alone.SessionId | Should -Be 0
        $alone | Get-Drawn | Should -Match '(?m)^\d\d:\d\d:\d\d\.\d{3} +x +x '
    }

    It 'round what was measured' {
        $measured = Measure-EchoServer -Server $server -Count 10
        $measured | Format-List | Get-Drawn | Should -Match '(?m)^MessagesPerSecond +: \d+\s*$'
        $measured | Format-List | Get-Drawn | Should -Match '(?m)^P50Milliseconds +: \d+([.,]\d{1,3})?\s*$'
    }

    It 'are a table of measurements too, whose heads stand on one line' {
        $drawn = Measure-EchoServer -Server $server -Count 10 | Format-Table | Get-Drawn
        $drawn | Should -Match '(?m)^ComputerName +Port Proto Conns Window +Messages +PerSec +P50 +P99 Errors\s*$'
        $drawn | Should -Match "(?m)^localhost +$($server.Port) Tcp +1 +1 +10 +[\d.,]+ +[\d.,]+ms +[\d.,]+ms +0\s*$"
        ($drawn -split '\r?\n' | ForEach-Object { $_.TrimEnd().Length } | Measure-Object -Maximum).Maximum | Should -BeLessThan 80
    }

    It 'show tests of this computer after those of another in the same table' {
        $drawn = @(Test-PortAvailability -ComputerName 127.0.0.1 -Port $server.Port) + @(Test-PortAvailability $server.Port) | Get-Drawn
        $drawn | Should -Match "(?m)^127\.0\.0\.1 +$($server.Port) +Tcp +Open +\d+[.,]\d\dms\s*$"
        $drawn | Should -Match "(?m)^localhost +$($server.Port) +Tcp +InUse\s*$"
    }

    # In a session without a window, which is 80 columns wide whatever the one that runs the tests is.
    Context 'of long words, in the culture "<Culture>", <Way>' -ForEach @(
        foreach ($culture in '', 'en-US', 'pt-BR') { foreach ($way in 'here', 'after a hop') { @{ Culture = $culture; Way = $way } } }
    ) {
        BeforeAll {
            $state = [initialsessionstate]::CreateDefault()
            # On Windows, Windows PowerShell's own policy counts for the module's files too.
            if ($env:OS -eq 'Windows_NT') { $state.ExecutionPolicy = 'Bypass' }
            $state.ImportPSModule([string[]] (Resolve-Path "$PSScriptRoot/../../PSSocketTools.psd1").Path)
            $shell = [powershell]::Create($state)

            function New-Shown([hashtable] $Value, [string] $Type) {
                $made = [pscustomobject] $Value
                $made.PSObject.TypeNames.Insert(0, "PSSocketTools.$($Type -replace '#.*')")
                if ($Type -match '#') { $made.PSObject.TypeNames.Insert(0, "PSSocketTools.$Type") }
                $made
            }

            # What the view of an object draws of it and itself once more.
            function Get-DrawnTwice($Object) {
                $shell.Commands.Clear()
                $null = $shell.AddScript('[Threading.Thread]::CurrentThread.CurrentCulture = $args[0]; if ($PSStyle) { $PSStyle.OutputRendering = "PlainText" }; $args[1], $args[1] | Out-String -Width 80')
                (-join $shell.AddArgument($Culture).AddArgument($Object).Invoke()) -replace "$([char] 27)\[[0-9;]*m"
            }

            $when = 'At Response, After 12345, Count 1000, Percent 30, Seed 428330, From 192.0.2.0/24, 10.0.0.0/8'
            $long = '2001:db8:1111:2222:3333:4444:5555:6666'
            $made = @{
                EchoServer = New-Shown -Type EchoServer @{ Id = 1; Name = 'integration-test-server-01'; Protocol = 'Tcp'; State = 'Listening'; EndPoint = "127.0.0.1:54321, [$long]:54321, /run/a-rather-long/folder-name-of.sockets/x" }
                EchoConnection = New-Shown -Type EchoConnection @{ ServerId = 1; ConnectionId = 1; RemoteAddress = $long; RemotePort = 54321; State = 'HalfClosed' }
                EchoServerFault = New-Shown -Type EchoServerFault @{ ServerId = 1; Id = 1; Kind = 'Disconnect'; Settings = 'FragmentBytes 100000, FragmentDelay 100-500'; When = $when }
                EchoSession = New-Shown -Type EchoSession @{ Id = 1; Name = 'a-client-with-a-long-name'; RemoteEndPoint = "[$long]:54321"; Protocol = 'Tcp'; State = 'Faulted'; Reason = 'ResponseTimeout' }
                ServerEvent = New-Shown -Type ServerEvent @{ Timestamp = [datetime]::Now; ServerName = 'lab'; Kind = 'Disconnected'; RemoteAddress = $long; RemotePort = 54321; Reason = 'FaultStruck'; Message = $null; Fault = 'Disconnect #3' }
                'ServerEvent#OfSeveral' = New-Shown -Type 'ServerEvent#OfSeveral' @{ Timestamp = [datetime]::Now; ServerName = 'lab'; Kind = 'Disconnected'; RemoteAddress = $long; RemotePort = 54321; Reason = 'FaultStruck'; Message = $null; Fault = 'Disconnect #3' }
                PortAvailability = New-Shown -Type PortAvailability @{ ComputerName = 'a-host-with-a-long-name.example.internal'; Port = 54321; Protocol = 'Tcp'; Service = 'microsoft-ds'; Status = 'InUse'; HolderState = 'TimeWait'; ProcessName = 'firefox-esr'; ProcessId = 1234567 }
                'PortAvailability#Remote' = New-Shown -Type 'PortAvailability#Remote' @{ ComputerName = 'a-host-with-a-long-name.example.internal'; Port = 54321; Protocol = 'Tcp'; Service = 'microsoft-ds'; Status = 'OpenOrFiltered'; LatencyMilliseconds = 12345.6; ProcessId = $null }
                'PortAvailability#Greets' = New-Shown -Type 'PortAvailability#Greets' @{ ComputerName = 'a-host-with-a-long-name.example.internal'; Port = 54321; Status = 'OpenOrFiltered'; LatencyMilliseconds = 999.99; Banner = 'SSH'; ProcessId = $null }
                'PortAvailability#ByComputer' = New-Shown -Type 'PortAvailability#ByComputer' @{ ComputerName = 'a-host.example'; Port = 54321; Protocol = 'Tcp'; Service = 'clc-build-daemon'; Status = 'OpenOrFiltered'; LatencyMilliseconds = 999.99; ProcessId = $null }
                'PortAvailability#Repeated' = New-Shown -Type 'PortAvailability#Repeated' @{ Timestamp = [datetime]::Now; ComputerName = 'a-host-with-a-long-name.example.internal'; Port = 54321; Protocol = 'Tcp'; Status = 'OpenOrFiltered'; LatencyMilliseconds = 1.5; PreviousStatus = 'OpenOrFiltered'; PreviousAddress = $long; ProcessId = $null }
                PortHistory = New-Shown -Type PortHistory @{ ComputerName = 'a-host-with-a-long-name.example.internal'; Port = 54321; Sent = 10; LossPercent = 10; MeanMilliseconds = 1.5; FirstFailureStatus = 'OpenOrFiltered' }
                PortHolder = New-Shown -Type PortHolder @{ Protocol = 'Tcp'; LocalAddress = $long; Port = 54321; Service = 'microsoft-ds'; ProcessName = 'a-process-with-a-long.name'; ProcessId = 1234567; UserName = 'EXAMPLE-DOMAIN\an-administrator' }
                'PortHolder#Connections' = New-Shown -Type 'PortHolder#Connections' @{ Protocol = 'Tcp'; LocalAddress = $long; Port = 54321; RemoteEndPoint = "[$long]:54321"; State = 'Established'; ProcessName = 'a-process-with-a-long.name'; ProcessId = 1234567 }
            }

            # The longest address and endpoint of IPv4.
            $address = '192.168.100.123'
            $endPoint = "${address}:54321"
            $ofIPv4 = @{
                EchoServer = New-Shown -Type EchoServer @{ Id = 1; Name = 'EchoServer1'; Protocol = 'Tcp'; State = 'Listening'; EndPoint = $endPoint }
                EchoConnection = New-Shown -Type EchoConnection @{ ServerId = 1; ConnectionId = 12345; RemoteAddress = $address; RemotePort = 54321; State = 'HalfClosed'; IdleMilliseconds = 12345 }
                EchoSession = New-Shown -Type EchoSession @{ Id = 1; Name = 'session1'; RemoteEndPoint = $endPoint; Protocol = 'Tcp'; State = 'Faulted'; Reason = $null }
                PortAvailability = New-Shown -Type PortAvailability @{ ComputerName = $address; Port = 54321; Protocol = 'Tcp'; Service = 'http'; Status = 'InUse'; ProcessName = 'pwsh'; ProcessId = 1234567 }
                'PortAvailability#Remote' = New-Shown -Type 'PortAvailability#Remote' @{ ComputerName = $address; Port = 54321; Protocol = 'Tcp'; Service = 'http'; Status = 'OpenOrFiltered'; LatencyMilliseconds = 999.94 }
                'PortAvailability#Greets' = New-Shown -Type 'PortAvailability#Greets' @{ ComputerName = $address; Port = 54321; Status = 'OpenOrFiltered'; LatencyMilliseconds = 999.94; Banner = 'SSH'; ProcessId = $null }
                'PortAvailability#Repeated' = New-Shown -Type 'PortAvailability#Repeated' @{ Timestamp = [datetime]::Now; ComputerName = $address; Port = 54321; Protocol = 'Tcp'; Status = 'OpenOrFiltered'; LatencyMilliseconds = 999.94; PreviousAddress = $address }
                PortHistory = New-Shown -Type PortHistory @{ ComputerName = $address; Port = 54321; Sent = 10; LossPercent = 10; MeanMilliseconds = 999.94; LongestOutageMilliseconds = 86400000; FirstFailureStatus = 'OpenOrFiltered' }
                PortHolder = New-Shown -Type PortHolder @{ Protocol = 'Tcp'; LocalAddress = $address; Port = 54321; Service = 'http'; ProcessName = 'pwsh'; ProcessId = 1234567; UserName = 'ana' }
                'PortHolder#Connections' = New-Shown -Type 'PortHolder#Connections' @{ Protocol = 'Tcp'; LocalAddress = $address; Port = 54321; RemoteEndPoint = $endPoint; State = 'Established'; ProcessName = 'pwsh'; ProcessId = 1 }
            }
            foreach ($type in 'ServerEvent', 'ServerEvent#OfSeveral') {
                $ofIPv4["$type of a start"] = New-Shown -Type $type @{ Timestamp = [datetime]::Now; ServerName = 'EchoServer1'; Kind = 'Started'; Message = $endPoint }
                $ofIPv4["$type of a client"] = New-Shown -Type $type @{ Timestamp = [datetime]::Now; ServerName = 'EchoServer1'; Kind = 'MessageReceived'; RemoteAddress = $address; RemotePort = 54321; Message = 'hello'; Bytes = 102349 }
            }
        }

        AfterAll {
            $shell.Runspace.Dispose()
            $shell.Dispose()
        }

        It 'wrap no word of <_>' -ForEach @(
            'EchoServer', 'EchoConnection', 'EchoServerFault', 'EchoSession', 'ServerEvent', 'ServerEvent#OfSeveral', 'PortAvailability', 'PortAvailability#Remote',
            'PortAvailability#ByComputer', 'PortAvailability#Greets', 'PortAvailability#Repeated', 'PortHistory', 'PortHolder', 'PortHolder#Connections'
        ) {
            $object = $made[$_]
            if ($Way -eq 'after a hop') {
                $object = [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize($object))
                $object | Add-Member -NotePropertyMembers @{ PSComputerName = 'web-server-01.example.internal'; PSShowComputerName = $true }
            }

            $drawn = Get-DrawnTwice $object
            foreach ($line in $drawn -split '\r?\n') { $line.Length | Should -BeLessOrEqual 80 }

            # Each word that is drawn is one of the object's; times and numbers with a point are as the view makes them.
            $words = $object.PSObject.Properties | ForEach-Object { [regex]::Matches("$($_.Name) $($_.Value)", '[A-Za-z]\w*').Value }
            $view = (Get-FormatData "PSSocketTools.$($_ -replace '#.*')").FormatViewDefinition.Control | Where-Object { $_ -is [Management.Automation.TableControl] } | ForEach-Object { $_.Headers.Label }
            $known = @($words) + @($view) + 'Local', 'Remote', 'Time', 'Server', 'EndPoint', 'Before', 'ms', 'Latency'
            $told = $drawn -split '\r?\n' | ForEach-Object { [regex]::Matches($_, '\b[A-Za-z]\w*').Value } | Where-Object { $_ -and $_ -notmatch '^[a-f\d]{1,4}$' }
            $told | Should -Not -BeNullOrEmpty
            $told | Where-Object { $_ -notin $known } | Should -BeNullOrEmpty -Because $drawn
            if ($Way -eq 'after a hop') {
                $drawn | Should -Match 'PSComputerName: web-server-01\.example\.internal'
                ([regex]::Matches($drawn, 'PSComputerName')).Count | Should -Be 1
            }
            else { $drawn | Should -Not -Match 'PSComputerName' }
        }

        It 'keep the longest address and port of IPv4 on one line of <_>' -ForEach @(
            'EchoServer', 'EchoConnection', 'EchoSession', 'ServerEvent of a start', 'ServerEvent of a client', 'ServerEvent#OfSeveral of a start', 'ServerEvent#OfSeveral of a client',
            'PortAvailability', 'PortAvailability#Remote', 'PortAvailability#Greets', 'PortAvailability#Repeated', 'PortHistory', 'PortHolder', 'PortHolder#Connections'
        ) {
            $lines = @((Get-DrawnTwice $ofIPv4[$_]) -split '\r?\n' -match '\S')
            $lines | Should -HaveCount 4 -Because ($lines -join "`n")
            $lines[2] | Should -Match '192\.168\.100\.123( *|:)54321\b'
        }
    }

    Context 'without a screen' -Tag Core {
        BeforeAll {
            $manifest = (Resolve-Path "$PSScriptRoot/../../PSSocketTools.psd1").Path
            . "$PSScriptRoot/SamePowerShell.ps1"
            $script = Join-Path $TestDrive 'plain.ps1'
            Set-Content $script @'
                param($Manifest, $File)
                Import-Module $Manifest
                $server = Start-EchoServer
                $session = $server | Connect-EchoServer
                $all = { $server; $session; Get-EchoServerEvent; Test-PortAvailability $server.Port; Test-PortAvailability $server.Port -ComputerName localhost }
                & $all > $File
                & $all
'@
        }

        It 'write no colour into a file, and put none into a pipe' {
            $file = Join-Path $TestDrive 'plain.txt'
            $said = & $pwsh @pwshArguments -NoProfile -NonInteractive -File $script $manifest $file | Out-String
            $said | Should -BeLike '*Listening*Open*'
            # PowerShell colours its own headings even there.
            $said | Should -Not -Match '\[[39]\dm(Listening|Open|InUse)'
            $written = Get-Content $file -Raw
            $written | Should -BeLike '*Listening*Open*'
            $written.Contains([char] 27) | Should -BeFalse
        }

        It 'write no colour where NO_COLOR is set' {
            $before = $env:NO_COLOR
            $env:NO_COLOR = '1'
            try { $said = & $pwsh @pwshArguments -NoProfile -NonInteractive -File $script $manifest (Join-Path $TestDrive 'no-color.txt') | Out-String }
            finally { $env:NO_COLOR = $before }
            $said | Should -BeLike '*Listening*Open*'
            $said -replace "$([char] 27)\[\?1[hl]" | Should -Not -Match "$([char] 27)"
        }
    }
}

Describe 'A cell' {
    It 'has "<Text>" in <Columns> columns as <Lines>' -ForEach @(
        @{ Text = 'short'; Columns = 8; Lines = 'short' }
        @{ Text = $null; Columns = 8; Lines = $null }
        @{ Text = 'two words'; Columns = 8; Lines = 'two', 'words' }
        @{ Text = 'a b, c d, e'; Columns = 7; Lines = 'a b,', 'c d, e' }
        @{ Text = 'integration-test-server-01'; Columns = 13; Lines = 'integration-', 'test-server-', '01' }
        @{ Text = '/tmp/some/where/x.sock'; Columns = 11; Lines = '/tmp/some/', 'where/x.', 'sock' }
        @{ Text = '127.0.0.1:54321, [::1]:54321'; Columns = 28; Lines = '127.0.0.1:54321, [::1]:54321' }
        @{ Text = '127.0.0.1:54321, [::1]:54321'; Columns = 20; Lines = '127.0.0.1:54321,', '[::1]:54321' }
        @{ Text = 'undividable and on'; Columns = 8; Lines = "undivid$([char] 0x2026)", 'and on' }
    ) {
        $fit = [PSSocketTools.CellText]::Fit($Text, $Columns)
        if ($null -eq $Text) { $fit | Should -BeNullOrEmpty }
        else { $fit -split "`n" | Should -Be $Lines }
    }

    It 'has the sentence "<Text>" in <Columns> columns as <Lines>' -ForEach @(
        @{ Text = 'fits, all'; Columns = 9; Lines = 'fits, all' }
        @{ Text = $null; Columns = 8; Lines = $null }
        @{ Text = 'que confia, nem foi'; Columns = 10; Lines = 'que', 'confia,', 'nem foi' }
        @{ Text = 'que confia, nem foi'; Columns = 11; Lines = 'que confia,', 'nem foi' }
        @{ Text = 'a b, c d, e f'; Columns = 7; Lines = 'a b, c', 'd, e f' }
        @{ Text = 'use -Framing Line.'; Columns = 10; Lines = 'use', '-Framing', 'Line.' }
        @{ Text = 'is 0123456789ABCDEFGH, so'; Columns = 8; Lines = 'is', '01234567', '89ABCDEF', 'GH, so' }
    ) {
        $wrapped = [PSSocketTools.CellText]::Wrap($Text, $Columns)
        if ($null -eq $Text) { $wrapped | Should -BeNullOrEmpty }
        else { $wrapped -split "`n" | Should -Be $Lines }
    }

    It 'has the name <Name> as <Cut>' -ForEach @(
        @{ Name = 'EchoServer9'; Cut = 'EchoServer9' }
        @{ Name = 'EchoServer10'; Cut = "EchoServ$([char] 0x2026)10" }
        @{ Name = 'EchoServer1234'; Cut = "EchoSe$([char] 0x2026)1234" }
        @{ Name = 'web-frontend-eu'; Cut = "web-fron$([char] 0x2026)eu" }
        @{ Name = '012345678901234'; Cut = "0$([char] 0x2026)678901234" }
    ) {
        [PSSocketTools.CellText]::CutMiddle($Name, 11) | Should -Be $Cut
    }

    It 'is cut between characters, not within one' {
        [PSSocketTools.CellText]::Cut("ab$([char]::ConvertFromUtf32(0x1F44B))cd", 5) | Should -Be "ab$([char]::ConvertFromUtf32(0x1F44B))$([char] 0x2026)"
        [PSSocketTools.CellText]::Cut("ab$([char]::ConvertFromUtf32(0x1F44B))cd", 4) | Should -Be "ab$([char] 0x2026)"
    }
}

Describe 'A size' {
    It '<Bytes> is <Text>' -ForEach @(
        @{ Bytes = 0; Text = '0 B' }
        @{ Bytes = 1023; Text = '1023 B' }
        @{ Bytes = 1024; Text = '1 KB' }
        @{ Bytes = 10240; Text = '10 KB' }
        @{ Bytes = 102399; Text = '100 KB' }
        @{ Bytes = 1047999; Text = '1023 KB' }
        @{ Bytes = 1048575; Text = '1 MB' }
        @{ Bytes = 5368709120; Text = '5 GB' }
        @{ Bytes = $null; Text = $null }
    ) {
        [PSSocketTools.HumanUnits]::Size($Bytes) | Should -Be $Text
    }
}

Describe 'A state' {
    # A pseudo-terminal, which script(1) makes: as on a screen, a state has its colour.
    if (Get-Command script -CommandType Application -ErrorAction Ignore) {
        It 'is coloured in a terminal: <State>' -Tag Linux -ForEach @(
            @{ State = 'Open'; Colour = 32 }, @{ State = 'InUse'; Colour = 33 }, @{ State = 'Closed'; Colour = 90 }, @{ State = 'Faulted'; Colour = 31 }
        ) {
            . "$PSScriptRoot/SamePowerShell.ps1"
            $manifest = (Resolve-Path "$PSScriptRoot/../../PSSocketTools.psd1").Path
            $file = Join-Path $TestDrive 'coloured.ps1'
            Set-Content $file @"
                Import-Module '$manifest'
                [pscustomobject] @{ PSTypeName = 'PSSocketTools.PortAvailability'; ComputerName = 'x'; Port = 1; Protocol = 'Tcp'; Status = '$State' } | Format-Table
"@
            $before = $env:TERM, $env:NO_COLOR
            $env:TERM, $env:NO_COLOR = 'xterm', $null
            try { $shown = script -qec "$pwshCommand -NoProfile -NonInteractive -File '$file'" /dev/null | Out-String }
            finally { $env:TERM, $env:NO_COLOR = $before }
            $shown | Should -Match "$([char] 27)\[${Colour}m$State"
        }
    }
}
