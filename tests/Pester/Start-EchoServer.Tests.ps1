BeforeDiscovery {
    $isCore = $PSEdition -eq 'Core'
    $onLinux = $isCore -and $IsLinux
    $hasIPv6 = & {
        $probe = [Net.Sockets.TcpListener]::new([Net.IPAddress]::IPv6Loopback, 0)
        try { $probe.Start(); $true } catch [Net.Sockets.SocketException] { $false } finally { $probe.Stop() }
    }
    $mayUseLowPorts = & {
        $probe = [Net.Sockets.Socket]::new('InterNetwork', 'Dgram', 'Udp')
        try { $probe.Bind([Net.IPEndPoint]::new([Net.IPAddress]::Loopback, 19)); $true } catch [Net.Sockets.SocketException] { $false } finally { $probe.Dispose() }
    }
    $datagramTransports = if ($onLinux) { 'Epoll', 'Async' } else { 'Async' }
    $canDropRights = $onLinux -and (Get-Command setpriv -CommandType Application -ErrorAction Ignore) -and (id -u) -eq 0
    $lacksRights = $onLinux -and (id -u) -ne 0
    # A network of its own, where a test may have addresses and send what it likes.
    $canUnshare = $onLinux -and (Get-Command unshare, ip -CommandType Application -ErrorAction Ignore).Count -ge 2 -and
        (& { unshare --map-root-user --net ip link set lo up *> $null; $LASTEXITCODE -eq 0 })
    # An interface that takes only so much, for sockets whose send buffer is full.
    $canThrottle = $canUnshare -and (Get-Command tc -CommandType Application -ErrorAction Ignore) -and
        (& { unshare --map-root-user --net sh -c 'ip link set lo up && tc qdisc add dev lo root tbf rate 16mbit burst 70kb latency 20s' *> $null; $LASTEXITCODE -eq 0 })
    $python = if ($onLinux) { Get-Command python3 -CommandType Application -ErrorAction Ignore }
    $ncat = if ($onLinux) { Get-Command ncat -CommandType Application -ErrorAction Ignore }
    $socat = if ($onLinux) { Get-Command socat -CommandType Application -ErrorAction Ignore }
}

BeforeAll {
    Import-Module "$PSScriptRoot/../../PSSocketTools.psd1" -Force
    . "$PSScriptRoot/English.ps1"
    . "$PSScriptRoot/BareClient.ps1"
    . "$PSScriptRoot/Beside.ps1"
    $manifest = (Resolve-Path "$PSScriptRoot/../../PSSocketTools.psd1").Path
    . "$PSScriptRoot/SamePowerShell.ps1"

    # The error of a command that must fail.
    function Get-Failure([scriptblock] $Script) {
        $failure = { & $Script } | Should -Throw -PassThru
        $failure
    }

    function Assert-Failure($Failure, [string] $Id, [string] $Category, $Target, [string] $Like = '*') {
        $Failure.FullyQualifiedErrorId | Should -Be "$Id,PSSocketTools.Commands.StartEchoServerCommand"
        $Failure.CategoryInfo.Category | Should -Be $Category
        $Failure.TargetObject | Should -Be $Target
        $Failure.Exception.Message | Should -BeLike $Like
    }
}

Describe 'Start-EchoServer' {
    AfterEach {
        Clear-Beside
        Clear-Bare
    }

    Context 'by itself' {
        It 'gives a server that listens when the prompt is back' {
            $server = Start-EchoServer
            $server | Should -BeOfType PSSocketTools.EchoServer
            $server.State | Should -Be 'Listening'
            $server.Port | Should -BeIn (1..65535)
            $server.Mode | Should -Be 'Concurrent'
            $server.Framing | Should -Be 'Auto'
            $server.Encoding | Should -Be 'utf-8'
            $server.IsEncrypted | Should -BeFalse
            $server.ComputerName | Should -Be 'localhost'
            $server.StartedAt | Should -BeOfType datetime
            $server.StartedAt.Kind | Should -Be 'Local'
            $server.StoppedAt | Should -BeNullOrEmpty
            Get-BareAnswer $server 'hello' | Should -BeExactly 'hello'
        }

        It 'echoes bytes as received, valid text or not' {
            $server = Start-EchoServer @at
            $bytes = [byte[]] (0..255)
            $client = Connect-Bare $server
            Send-Bare $client $bytes
            Close-BareOutput $client
            [Convert]::ToBase64String((Read-BareBytes $client)) | Should -Be ([Convert]::ToBase64String($bytes))
        }

        if ($hasIPv6) {
            It 'listens on both loopbacks, on one port the system picks' {
                $server = Start-EchoServer
                $server.EndPoint | Should -Be "127.0.0.1:$($server.Port), [::1]:$($server.Port)"
                Get-BareAnswer $server 'four' '127.0.0.1' | Should -BeExactly 'four'
                Get-BareAnswer $server 'six' '::1' | Should -BeExactly 'six'
            }
        }

        It 'runs as many as are started, each by its number and name' {
            $servers = 1..3 | ForEach-Object { Start-EchoServer @at -Name "many$_" -ResponseFormat "server ${_}: {0}" }
            $servers.Id | Sort-Object -Unique | Should -HaveCount 3
            $servers.Port | Sort-Object -Unique | Should -HaveCount 3
            foreach ($i in 1..3) { Get-BareAnswer $servers[$i - 1] 'hi' | Should -BeExactly "server ${i}: hi" }
        }

        It 'does nothing with -WhatIf' {
            $port = (Find-AvailablePort @at).Port
            Start-EchoServer $port @at -WhatIf | Should -BeNullOrEmpty
            Start-EchoServer $port @at -WhatIf -Wait | Should -BeNullOrEmpty
            Get-EchoServer | Should -BeNullOrEmpty
        }

        It 'counts exactly over 1,000 connections that are reset' {
            $server = Start-EchoServer @at -EventCapacity 100
            foreach ($i in 1..1000) { Reset-Bare (Connect-Bare $server) }
            $bareSockets.Clear()
            $null = $server | Wait-EchoServer -Kind Disconnected -Count 1000
            $server.TotalConnections | Should -Be 1000
            $server.ActiveConnections | Should -Be 0
            Get-BareAnswer $server 'well?' | Should -BeExactly 'well?'
        }

        It 'counts bytes to the byte' {
            $server = Start-EchoServer @at
            $sum = 0
            foreach ($size in 1, 1000, 70000) {
                $client = Connect-Bare $server
                Send-Bare $client ([byte[]]::new($size))
                Close-BareOutput $client
                (Read-BareBytes $client).Length | Should -Be $size
                $sum += $size
            }
            $null = $server | Wait-EchoServer -Kind Disconnected -Count 3
            $server.BytesReceived | Should -Be $sum
            $server.BytesSent | Should -Be $sum
            ($server | Get-EchoServerEvent -Kind MessageReceived | Measure-Object Bytes -Sum).Sum | Should -Be $sum
        }
    }

    Context '-Wait' {
        It 'writes events as they happen, and stops the server when the pipeline has enough' {
            $running = Start-Beside { Start-EchoServer -Wait -Name waiting -Address $Values.Address | ForEach-Object { $Queue.Add($_); $_ } | Select-Object -First 3 } $at
            (Receive-Beside $running).Kind | Should -Be 'Started'
            $server = Get-EchoServer -Name waiting
            $client = Connect-Bare $server
            (Receive-Beside $running).Kind | Should -Be 'Connected'
            Send-Bare $client 'hello'
            $message = Receive-Beside $running
            $message.Kind | Should -Be 'MessageReceived'
            $message.Message | Should -BeExactly 'hello'
            (Wait-Beside $running).Kind | Should -Be 'Started', 'Connected', 'MessageReceived'
            Get-EchoServer | Should -BeNullOrEmpty
            Test-PortAvailability $server.Port @at -Quiet | Should -BeTrue
        }

        It 'gives the prompt back on Ctrl+C, with the port free' {
            $running = Start-Beside { Start-EchoServer -Wait -Name waiting -Address $Values.Address | ForEach-Object { $Queue.Add($_) } } $at
            $null = Receive-Beside $running
            $server = Get-EchoServer -Name waiting
            $client = Connect-Bare $server
            Invoke-Bare $client 'hello' | Should -BeExactly 'hello'
            Stop-Beside $running | Should -BeLessThan ([timespan]::FromSeconds(5))
            Get-EchoServer | Should -BeNullOrEmpty
            Receive-Bare $client | Should -BeExactly ''
            Start-EchoServer $server.Port @at | Should -Not -BeNullOrEmpty
        }

        It 'ends when another runspace stops the server, with the last event' {
            $running = Start-Beside { Start-EchoServer -Wait -Name waiting -Address $Values.Address | ForEach-Object { $Queue.Add($_); $_ } } $at
            $null = Receive-Beside $running
            Stop-EchoServer -Name waiting
            (Wait-Beside $running).Kind | Should -Be 'Started', 'Stopped'
        }

        It 'goes down a pipeline to a file' {
            $path = Join-Path $TestDrive 'events.csv'
            $running = Start-Beside {
                Start-EchoServer -Wait -Name waiting -Address $Values.Address | ForEach-Object { $Queue.Add($_); $_ } |
                    Where-Object Kind -eq MessageReceived | Export-Csv $Values.Path -NoTypeInformation
            } @{ Path = $path; Address = $at.Address }
            $null = Receive-Beside $running
            $server = Get-EchoServer -Name waiting
            Get-BareAnswer $server 'one, two' | Should -BeExactly 'one, two'
            $null = $server | Wait-EchoServer -Kind Disconnected
            $server | Stop-EchoServer
            $null = Wait-Beside $running
            $row = Import-Csv $path
            $row.Message | Should -BeExactly 'one, two'
            $row.Bytes | Should -Be 8
        }
    }

    Context 'responses' {
        It 'fills every field of -ResponseFormat' {
            $server = Start-EchoServer @at -ResponseFormat '{Message}|{Bytes}|{RemoteAddress}|{RemotePort}|{ConnectionId}|{Sequence}|{Timestamp:yyyy}|{{{0,5}}}'
            $client = Connect-Bare $server
            $null = Invoke-Bare $client 'first'
            Invoke-Bare $client 'olá' | Should -BeExactly "olá|4|$($client.LocalEndPoint.Address)|$($client.LocalEndPoint.Port)|1|2|$([DateTimeOffset]::UtcNow.Year)|{  olá}"
        }

        It 'refuses the format <Format> at <At>' -ForEach @(
            @{ Format = 'a {Nope} b'; At = '{Nope}' }
            @{ Format = '{1}'; At = '{1}' }
            @{ Format = 'open {'; At = '{' }
            @{ Format = 'close }'; At = '}' }
            @{ Format = '{Bytes:Q9}'; At = '{Bytes:Q9}' }
        ) {
            $failure = Get-Failure { Start-EchoServer -ResponseFormat $Format -ErrorAction Stop }
            Assert-Failure $failure InvalidOption InvalidArgument $Format "*'$([WildcardPattern]::Escape($At))'*"
            Get-EchoServer | Should -BeNullOrEmpty
        }

        It 'answers <Message> with <Answer> by -Transform <Transform>' -ForEach @(
            @{ Transform = 'Upper'; Message = 'olá'; Answer = 'OLÁ' }
            @{ Transform = 'Lower'; Message = 'OLÁ'; Answer = 'olá' }
            @{ Transform = 'Reverse'; Message = "ola$([char]0x301) $([char]::ConvertFromUtf32(0x1F44B))!"; Answer = "!$([char]::ConvertFromUtf32(0x1F44B)) a$([char]0x301)lo" }
            @{ Transform = 'None'; Message = 'Olá'; Answer = 'Olá' }
        ) {
            $server = Start-EchoServer @at -Transform $Transform
            Get-BareAnswer $server $Message | Should -BeExactly $Answer
        }

        It 'transforms before it formats' {
            $server = Start-EchoServer @at -Transform Upper -ResponseFormat 'Echo: {0}'
            Get-BareAnswer $server 'hi' | Should -BeExactly 'Echo: HI'
        }

        It 'transforms alike in every culture' {
            $culture = [cultureinfo]::CurrentCulture
            try {
                [cultureinfo]::CurrentCulture = 'tr-TR'
                $server = Start-EchoServer @at -Transform Upper -ResponseFormat '{0} {Bytes:N1}'
                Get-BareAnswer $server 'title' | Should -BeExactly 'TITLE 5.0'
            }
            finally {
                [cultureinfo]::CurrentCulture = $culture
            }
        }

        It 'greets with a line, so that a client that reads lines has one' {
            $server = Start-EchoServer @at -Greeting 'Bem-vindo!'
            $client = Connect-Bare $server
            Receive-Bare $client | Should -BeExactly "Bem-vindo!`n"
            Invoke-Bare $client 'olá' | Should -BeExactly 'olá'
        }

        It 'greets with its framing' {
            $client = Connect-Bare (Start-EchoServer @at -Greeting 'hi' -Framing None)
            Receive-Bare $client | Should -BeExactly 'hi'
            $client = Connect-Bare (Start-EchoServer @at -Greeting 'hi' -Framing LengthPrefix)
            Receive-Bare $client | Should -BeExactly "`0`0`0$([char]2)hi"
            $client = Connect-Bare (Start-EchoServer @at -Greeting 'hi' -Delimiter '||')
            Receive-Bare $client | Should -BeExactly 'hi||'
        }

        It 'says with -LineEnding CrLf what it says unasked, and answers as it was asked' {
            $server = Start-EchoServer @at -LineEnding CrLf -Greeting 'hi' -ResponseFormat '<{0}>' -ExitCommand quit -Farewell 'bye'
            $client = Connect-Bare $server
            Receive-Bare $client | Should -BeExactly "hi`r`n"
            Invoke-Bare $client "a`n" | Should -BeExactly "<a>`n"
            Invoke-Bare $client "a`r`n" | Should -BeExactly "<a>`r`n"
            Send-Bare $client "quit`n"
            Read-Bare $client | Should -BeExactly "bye`r`n"
        }

        It 'takes "<_>" for an exit command' -ForEach 'sair', '  SAIR ', 'Quit', "quit`r`n" {
            $server = Start-EchoServer @at -ExitCommand sair, quit -Farewell 'Tchau'
            $client = Connect-Bare $server
            Send-Bare $client $_
            (Read-Bare $client).Trim() | Should -BeExactly 'Tchau'
            ($server | Wait-EchoServer -Kind Disconnected).Reason | Should -Be 'ExitCommand'
        }

        It 'closes without a farewell when there is none' {
            $client = Connect-Bare (Start-EchoServer @at -ExitCommand sair)
            Invoke-Bare $client 'sair da frente' | Should -BeExactly 'sair da frente'
            Send-Bare $client 'sair'
            Read-Bare $client | Should -BeExactly ''
        }

        It 'ends responses as their messages ended' {
            $server = Start-EchoServer @at -ResponseFormat '<{0}>'
            $client = Connect-Bare $server
            Send-Bare $client "a`nb`r`n`nc"
            Close-BareOutput $client
            Read-Bare $client | Should -BeExactly "<a>`n<b>`r`n<>`n<c>"
        }

        It 'speaks the encoding it is told' {
            $server = Start-EchoServer @at -Encoding latin1 -Transform Upper
            $server.Encoding | Should -Be 'iso-8859-1'
            $client = Connect-Bare $server
            Send-Bare $client ([byte[]] (0x6F, 0x6C, 0xE1))
            Close-BareOutput $client
            [int[]] (Read-BareBytes $client) | Should -Be 0x4F, 0x4C, 0xC1
            $null = $server | Wait-EchoServer -Kind Disconnected
            ($server | Get-EchoServerEvent -Kind MessageReceived).Message | Should -BeExactly 'olá'
        }

        It 'does not let culture or console encoding change a byte' {
            $culture, $encoding = [cultureinfo]::CurrentCulture, [Console]::OutputEncoding
            try {
                [cultureinfo]::CurrentCulture = 'pt-BR'
                [Console]::OutputEncoding = [Text.Encoding]::GetEncoding('iso-8859-1')
                $server = Start-EchoServer @at -ResponseFormat 'çé {0} {Bytes:N2} {Timestamp:MMM}'
                $client = Connect-Bare $server
                Send-Bare $client 'olá'
                Close-BareOutput $client
                $month = [DateTimeOffset]::UtcNow.ToString('MMM', [cultureinfo]::InvariantCulture)
                [Convert]::ToBase64String((Read-BareBytes $client)) | Should -Be ([Convert]::ToBase64String($utf8.GetBytes("çé olá 4.00 $month")))
            }
            finally {
                [cultureinfo]::CurrentCulture = $culture
                [Console]::OutputEncoding = $encoding
            }
        }
    }

    Context '-Responder' {
        It 'sends what the script block outputs, from the message and what it knows of the connection' {
            $server = Start-EchoServer @at -Responder { "$_ from $($args[0].RemoteAddress):$($args[0].RemotePort), $($args[0].ConnectionId).$($args[0].Sequence), $($args[0].Bytes) bytes" }
            $client = Connect-Bare $server
            Invoke-Bare $client 'olá' | Should -BeExactly "olá from $($client.LocalEndPoint), 1.1, 4 bytes"
            Invoke-Bare $client 'oi' | Should -BeLike 'oi from *, 1.2, 2 bytes'
        }

        It 'sends no response where it outputs nothing' {
            $server = Start-EchoServer @at -Framing Line -Responder { if ($_ -ne 'quiet') { "<$_>" } }
            Get-BareAnswer $server "quiet`nloud`nquiet`n" | Should -BeExactly "<loud>`n"
        }

        It 'joins several lines by the line end the message had' {
            $server = Start-EchoServer @at -Responder { 1..3 }
            Get-BareAnswer $server "a`n" | Should -BeExactly "1`n2`n3`n"
            Get-BareAnswer $server "a`r`n" | Should -BeExactly "1`r`n2`r`n3`r`n"
            Get-BareAnswer $server 'a' | Should -BeExactly "1`n2`n3"
        }

        It 'is an error where it ends by <_> without a response, and the next client gets one' -ForEach 'exit', 'exit 3', 'break', 'continue' {
            $script = [scriptblock]::Create("if (`$_ -eq 'end') { 'half an answer'; $_ }; `$_")
            $server = Start-EchoServer @at -Framing Line -Responder $script
            Get-BareAnswer $server "end`nmore`n" | Should -BeExactly ''
            $failure = Wait-EchoServer $server -Kind Error
            $failure.Reason | Should -Be 'ResponderFailed'
            $failure.Message | Should -BeLike '*exit*return*'
            (Wait-EchoServer $server -Kind Disconnected).Reason | Should -Be 'ResponderFailed'
            Get-BareAnswer $server "more`n" | Should -BeExactly "more`n"

            $server = Start-EchoServer @at -Framing Line -Responder $script -ErrorResponse 'failed'
            Get-BareAnswer $server "end`nmore`n" | Should -BeExactly "failed`nmore`n"
        }

        It 'sends what a script block has output before it returns' {
            $server = Start-EchoServer @at -Framing Line -Responder { 'before'; return; 'after' }
            Get-BareAnswer $server "x`n" | Should -BeExactly "before`n"
            $server = Start-EchoServer @at -Framing Line -Responder { process { "<$_>" } }
            Get-BareAnswer $server "x`n" | Should -BeExactly "<x>`n"
        }

        It 'gives bytes as they are' {
            $server = Start-EchoServer @at -Responder { , [byte[]] (0, 255, 10, 13) }
            $client = Connect-Bare $server
            Send-Bare $client 'x'
            Close-BareOutput $client
            [int[]] (Read-BareBytes $client) | Should -Be 0, 255, 10, 13
        }

        It 'responds in order within a connection, though later responses are computed sooner' {
            $gate = [Threading.ManualResetEventSlim]::new()
            $server = Start-EchoServer @at -Framing Line -Responder {
                if ($_ -eq '1') { $null = ($using:gate).Wait(10000) }
                $_
            }
            $client = Connect-Bare $server
            Send-Bare $client "1`n2`n3`n"
            # Another connection is answered while the first message of this one is not.
            Get-BareAnswer $server "x`n" | Should -BeExactly "x`n"
            $client.Available | Should -Be 0
            $gate.Set()
            Close-BareOutput $client
            Read-Bare $client | Should -BeExactly "1`n2`n3`n"
        }

        It 'runs concurrently across connections' {
            $all = [Threading.CountdownEvent]::new(3)
            $server = Start-EchoServer @at -Responder {
                $null = ($using:all).Signal()
                ($using:all).Wait(10000)
            }
            $clients = 1..3 | ForEach-Object {
                $client = Connect-Bare $server
                Send-Bare $client 'x'
                $client
            }
            foreach ($client in $clients) { Receive-Bare $client | Should -BeExactly 'True' }
        }

        It 'sees the caller''s variables through $using: alone' {
            $word = 'secret'
            $server = Start-EchoServer @at -Responder { "[$word][$using:word][$($using:word.Length)]" }
            Get-BareAnswer $server 'x' | Should -BeExactly '[][secret][6]'
        }

        It 'sees what $using: named when the server started' {
            $word = 'before'
            $server = Start-EchoServer @at -Responder { $using:word }
            $word = 'after'
            Get-BareAnswer $server 'x' | Should -BeExactly 'before'
        }

        It 'refuses a $using: variable that is not there' {
            $failure = Get-Failure { Start-EchoServer -Responder { $using:nosuchvariable } -ErrorAction Stop }
            Assert-Failure $failure InvalidOption InvalidArgument 'nosuchvariable' '*$using:nosuchvariable*'
        }

        It 'keeps no variable from one message to the next' {
            $server = Start-EchoServer @at -Responder { $n++; "$n" }
            $client = Connect-Bare $server
            foreach ($i in 1..3) { Invoke-Bare $client 'x' | Should -BeExactly '1' }
        }

        It 'closes the connection where it throws, records the error, and serves on' {
            $server = Start-EchoServer @at -Responder { if ($_ -eq 'bad') { throw "no good: $_" }; "<$_>" }
            $client = Connect-Bare $server
            Send-Bare $client 'bad'
            Read-Bare $client | Should -BeExactly ''
            $null = $server | Wait-EchoServer -Kind Disconnected
            $failure = $server | Get-EchoServerEvent -Kind Error
            $failure.Reason | Should -Be 'ResponderFailed'
            $failure.Message | Should -Be 'no good: bad'
            $failure.ConnectionId | Should -Be 1
            ($server | Get-EchoServerEvent -Kind Disconnected).Reason | Should -Be 'ResponderFailed'
            Get-BareAnswer $server 'good' | Should -BeExactly '<good>'
        }

        It 'answers -ErrorResponse where an error ends it' {
            $server = Start-EchoServer @at -ErrorResponse 'sorry' -Responder {
                if ($_ -eq 'throw') { throw 'thrown' }
                if ($_ -eq 'write') { Write-Error 'written' -ErrorAction Stop }
                if ($_ -eq 'divide') { 1 / 0 }
                'fine'
            }
            $client = Connect-Bare $server
            foreach ($message in 'throw', 'write', 'divide') { Invoke-Bare $client $message | Should -BeExactly 'sorry' }
            Invoke-Bare $client 'x' | Should -BeExactly 'fine'
            ($server | Get-EchoServerEvent -Kind Error).Message | Should -Be 'thrown', 'written', 'Attempted to divide by zero.'
        }

        It 'is interrupted by the server''s stop when it loops' {
            $begun = [Threading.ManualResetEventSlim]::new()
            $server = Start-EchoServer @at -Responder { ($using:begun).Set(); while ($true) { } }
            $client = Connect-Bare $server
            Send-Bare $client 'x'
            $begun.Wait(10000) | Should -BeTrue
            $watch = [Diagnostics.Stopwatch]::StartNew()
            $server | Stop-EchoServer -Force
            $watch.Elapsed | Should -BeLessThan ([timespan]::FromSeconds(10))
            $server.State | Should -Be 'Stopped'
        }

        It 'stops a script block that takes too long, and answers with -ErrorResponse' {
            $server = Start-EchoServer @at -ResponderTimeoutSec 0.2 -ErrorResponse 'late' -Responder {
                if ($_ -like 'slow*') { Start-Sleep 3600 }; 'fine'
            }
            # More of them than run at once: they are stopped and silence nobody.
            $clients = 1..12 | ForEach-Object { Connect-Bare $server }
            $clients | ForEach-Object { Send-Bare $_ 'slow' }
            $clients | ForEach-Object { Receive-Bare $_ | Should -BeExactly 'late' }
            $failures = @($server | Wait-EchoServer -Kind Error -Count 12)
            $failures.Count | Should -Be 12
            $failures.Reason | Sort-Object -Unique | Should -Be 'ResponderFailed'
            $failures[0].Message | Should -BeLike '*0.2 s*-ResponderTimeoutSec*'

            # A busy machine may take longer than the limit over a quick answer too, though not time after time.
            $watch = [Diagnostics.Stopwatch]::StartNew()
            do { $answer = Invoke-Bare $clients[0] 'x' } until ($answer -eq 'fine' -or $watch.Elapsed.TotalSeconds -gt 30)
            $answer | Should -BeExactly 'fine'
        }

        It 'closes the connection of a script block that takes too long, without -ErrorResponse' {
            $server = Start-EchoServer @at -ResponderTimeoutSec 0.2 -Responder { while ($true) { Start-Sleep 3600 } }
            $client = Connect-Bare $server
            Invoke-Bare $client 'x' | Should -BeExactly ''
            $server | Wait-EchoServer -Kind Disconnected -TimeoutSec 10
            $server.ActiveConnections | Should -Be 0
            ($server | Get-EchoServerEvent -Kind Disconnected).Reason | Should -Be 'ResponderFailed'
        }

        It 'answers a datagram with -ErrorResponse when the script block takes too long' {
            $server = Start-EchoServer @at -Protocol Udp -ResponderTimeoutSec 0.2 -ErrorResponse 'late' -Responder { Start-Sleep 3600 }
            (Send-SocketMessage -Server $server -Message 'x').Response | Should -BeExactly 'late'
        }

        It 'begins no more script blocks while as many as may run can''t be stopped' {
            $places = [Math]::Max(4, [Environment]::ProcessorCount)
            $gate = [Threading.ManualResetEventSlim]::new()
            $begun = [Threading.CountdownEvent]::new($places)
            # Each has to come as far as where it hangs within the limit.
            $server = Start-EchoServer @at -ResponderTimeoutSec 4 -ErrorResponse 'late' -Responder {
                if ($_ -eq 'hang') { $null = ($using:begun).Signal(); ($using:gate).Wait(60000) }
                else { 'fine' }
            }
            $clients = 1..$places | ForEach-Object { Connect-Bare $server }
            $clients | ForEach-Object { Send-Bare $_ 'hang' }
            $clients | ForEach-Object { Receive-Bare $_ | Should -BeExactly 'late' }
            $begun.IsSet | Should -BeTrue
            1..20 | ForEach-Object { Invoke-Bare $clients[0] 'x' | Should -BeExactly 'late' }
            ($server | Get-EchoServerEvent -Kind Error -Last 1).Message | Should -BeLike "*$places script blocks*"

            # They end by themselves, and the server answers again.
            $gate.Set()
            $watch = [Diagnostics.Stopwatch]::StartNew()
            do { $answer = Invoke-Bare $clients[0] 'x' } until ($answer -eq 'fine' -or $watch.Elapsed.TotalSeconds -gt 30)
            $answer | Should -BeExactly 'fine'
        }

        It 'gives a script block all the time it likes with -ResponderTimeoutSec 0' {
            $gate = [Threading.ManualResetEventSlim]::new()
            $server = Start-EchoServer @at -ResponderTimeoutSec 0 -Responder { ($using:gate).Wait(); 'fine' }
            $client = Connect-Bare $server
            Send-Bare $client 'x'
            $gate.Set()
            Receive-Bare $client | Should -BeExactly 'fine'
        }

        It 'stops the script block of a client that resets its connection' {
            $begun = [Threading.ManualResetEventSlim]::new()
            $ended = [Threading.ManualResetEventSlim]::new()
            $server = Start-EchoServer @at -Responder {
                try { ($using:begun).Set(); Start-Sleep 3600 } finally { ($using:ended).Set() }
            }
            $client = Connect-Bare $server
            Send-Bare $client 'x'
            $begun.Wait(10000) | Should -BeTrue
            $client.LingerState = [Net.Sockets.LingerOption]::new($true, 0)
            $client.Dispose()
            $ended.Wait(10000) | Should -BeTrue
            $server | Wait-EchoServer -Kind Disconnected -TimeoutSec 10
            ($server | Get-EchoServerEvent -Kind Disconnected).Reason | Should -Be 'Reset'
        }

        It 'says farewell to an exit command without asking the script' {
            $server = Start-EchoServer @at -Responder { "<$_>" } -ExitCommand bye -Farewell 'Bye!'
            $client = Connect-Bare $server
            Invoke-Bare $client 'hi' | Should -BeExactly '<hi>'
            Send-Bare $client 'bye'
            Read-Bare $client | Should -BeExactly 'Bye!'
        }

        It 'takes a script block with a process block, and one made of text' {
            Get-BareAnswer (Start-EchoServer @at -Responder { process { "<$_>" } }) 'x' | Should -BeExactly '<x>'
            Get-BareAnswer (Start-EchoServer @at -Responder ([scriptblock]::Create('"<$_>"'))) 'x' | Should -BeExactly '<x>'
        }
    }

    Context 'framing' {
        It 'refuses a length prefix of <Name>, and says why' -ForEach @(
            @{ Name = 'a negative number'; Prefix = 255, 255, 255, 255; Reason = 'InvalidMessage'; Like = '*says 4294967295,*' }
            @{ Name = 'two billion'; Prefix = 127, 255, 255, 255; Reason = 'MessageTooLarge'; Like = '*2147483647*1048576*-MaxMessageBytes*' }
        ) {
            $server = Start-EchoServer @at -Framing LengthPrefix
            $client = Connect-Bare $server
            Send-Bare $client ([byte[]] $Prefix)
            Read-Bare $client | Should -BeExactly ''
            ($server | Wait-EchoServer -Kind Disconnected).Reason | Should -Be $Reason
            $failure = $server | Get-EchoServerEvent -Kind Error
            $failure.Reason | Should -Be $Reason
            $failure.Message | Should -BeLike $Like
        }

        It 'answers an empty message behind a length prefix with an empty one' {
            $server = Start-EchoServer @at -Framing LengthPrefix
            $client = Connect-Bare $server
            Send-Bare $client ([byte[]] (0, 0, 0, 0, 0, 0, 0, 1, 65))
            Close-BareOutput $client
            (Read-BareBytes $client) -join ' ' | Should -Be '0 0 0 0 0 0 0 1 65'
        }

        It 'reports a message that its sender cut short' {
            $server = Start-EchoServer @at -Framing LengthPrefix
            $client = Connect-Bare $server
            Send-Bare $client ([byte[]] (0, 0, 0, 5, 65))
            Close-BareOutput $client
            Read-Bare $client | Should -BeExactly ''
            ($server | Wait-EchoServer -Kind Error).Reason | Should -Be 'InvalidMessage'
        }

        It 'ends a connection that exceeds -MaxMessageBytes' {
            $server = Start-EchoServer @at -Framing Line -MaxMessageBytes 100
            $client = Connect-Bare $server
            Send-Bare $client ('a' * 100 + "`n")
            Receive-Bare $client | Should -BeExactly ('a' * 100 + "`n")
            Send-Bare $client ('a' * 101)
            ($server | Wait-EchoServer -Kind Disconnected).Reason | Should -Be 'MessageTooLarge'
        }

        It 'ends messages and answers with -Delimiter, given as <Name>' -ForEach @(
            @{ Name = 'text'; Delimiter = "`0"; Sent = 65, 0, 0, 66, 10, 0; Answer = 65, 65, 0, 0, 66, 10, 66, 10, 0 }
            @{ Name = 'a number'; Delimiter = 3; Sent = 65, 3, 66, 3; Answer = 65, 65, 3, 66, 66, 3 }
            @{ Name = 'bytes'; Delimiter = [byte[]] (13, 10); Sent = 65, 10, 13, 10, 66; Answer = 65, 10, 65, 10, 13, 10, 66, 66 }
            @{ Name = 'text in UTF-16'; Delimiter = '|'; Encoding = 'utf-16'; Sent = 65, 0, 124, 0; Answer = 65, 0, 65, 0, 124, 0 }
        ) {
            $in = if ($Encoding) { @{ Encoding = $Encoding } } else { @{} }
            $server = Start-EchoServer @at -Delimiter $Delimiter -ResponseFormat '{0}{0}' @in
            $server.Framing | Should -Be 'Delimiter'
            $client = Connect-Bare $server
            Send-Bare $client ([byte[]] $Sent)
            Close-BareOutput $client
            (Read-BareBytes $client) -join ' ' | Should -Be ($Answer -join ' ')
        }

        It 'has messages without their delimiters in the journal, the log and the responder' {
            $path = Join-Path $TestDrive delimited.jsonl
            $server = Start-EchoServer @at -Delimiter '|' -LogPath $path -Responder { "$($_.ToUpperInvariant())$($args[0].Bytes)" }
            $client = Connect-Bare $server
            Send-Bare $client 'one|two|'
            Close-BareOutput $client
            Read-Bare $client | Should -BeExactly 'ONE3|TWO3|'
            $null = $server | Wait-EchoServer -Kind Disconnected
            ($server | Get-EchoServerEvent -Kind MessageReceived, ResponseSent).Message | Sort-Object | Should -Be one, ONE3, two, TWO3
            $server | Stop-EchoServer
            ([IO.File]::ReadAllLines($path) | ConvertFrom-Json | Where-Object Kind -eq 'MessageReceived').Message | Should -Be one, two
        }

        It 'answers each receive without framing' {
            $server = Start-EchoServer @at -Framing None -ResponseFormat '<{0}>'
            $client = Connect-Bare $server
            Invoke-Bare $client "a`nb" | Should -BeExactly "<a`nb>"
        }

        It 'takes a pause of -IdleGapMilliseconds for the end of a message' {
            $server = Start-EchoServer @at -Transform Upper -IdleGapMilliseconds 1
            $client = Connect-Bare $server
            Invoke-Bare $client 'one' | Should -BeExactly 'ONE'
            Invoke-Bare $client 'two' | Should -BeExactly 'TWO'
        }
    }

    Context 'UDP over <_>' -ForEach $datagramTransports {
        BeforeAll {
            $transportBefore = $env:PSSOCKETTOOLS_TRANSPORT
            $transport = $env:PSSOCKETTOOLS_TRANSPORT = $_
        }

        AfterAll { $env:PSSOCKETTOOLS_TRANSPORT = $transportBefore }

        It 'answers a datagram of <_> bytes' -ForEach 0, 1, 65507 {
            $server = Start-EchoServer @at -Protocol Udp
            $client = Connect-BareDatagram $server
            $bytes = [byte[]]::new($_)
            [Random]::new(1).NextBytes($bytes)
            $null = $client.Send($bytes)
            $buffer = [byte[]]::new(65536)
            $count = $client.Receive($buffer)
            $count | Should -Be $_
            [Linq.Enumerable]::SequenceEqual($bytes, [Linq.Enumerable]::Take($buffer, $count)) | Should -BeTrue
            $server.Protocol | Should -Be 'Udp'
            $server.Transport | Should -Be $transport
        }

        It 'formats, transforms and knows exit commands' {
            $server = Start-EchoServer @at -Protocol Udp -Transform Upper -ResponseFormat 'Echo: {0}' -ExitCommand sair -Farewell 'Tchau'
            $client = Connect-BareDatagram $server
            Invoke-Bare $client 'olá' | Should -BeExactly 'Echo: OLÁ'
            Invoke-Bare $client 'Sair' | Should -BeExactly 'Tchau'
        }

        It 'counts and tells what came and went, and whom it did not answer' {
            $server = Start-EchoServer @at -Protocol Udp
            $client = Connect-BareDatagram $server
            foreach ($message in 'one', 'two', 'three') { Invoke-Bare $client $message | Should -BeExactly $message }
            $events = $server | Wait-EchoServer ResponseSent -Count 3
            $events.Message | Should -Be 'one', 'two', 'three'
            ($server | Get-EchoServerEvent -Kind MessageReceived).Message | Should -Be 'one', 'two', 'three'
            $server.MessagesReceived, $server.BytesReceived, $server.BytesSent | Should -Be 3, 11, 11

            $closed = Start-EchoServer @at -Protocol Udp -AllowFrom 192.0.2.0/24
            Send-Bare (Connect-BareDatagram $closed) 'knock'
            ($closed | Wait-EchoServer Rejected).Reason | Should -Be 'NotAllowed'
            $closed.RejectedConnections, $closed.BytesSent | Should -Be 1, 0
        }

        if ($hasIPv6) {
            It 'answers on IPv6 as well' {
                $server = Start-EchoServer -Protocol Udp
                Invoke-Bare (Connect-BareDatagram $server '::1') 'six' | Should -BeExactly 'six'
            }
        }

        if ($mayUseLowPorts) {
            It 'never answers a datagram from port <_>' -ForEach 7, 9, 13, 17, 19, 37 {
                $server = Start-EchoServer @at -Protocol Udp
                $loop = [Net.Sockets.Socket]::new('InterNetwork', 'Dgram', 'Udp')
                $bareSockets.Add($loop)
                $loop.Bind([Net.IPEndPoint]::new([Net.IPAddress]::Loopback, $_))
                $loop.Connect((Get-BareAddress $server), $server.Port)
                Send-Bare $loop 'around and around'
                # What comes later is answered, and so the first would have been by then.
                Invoke-Bare (Connect-BareDatagram $server) 'hello' | Should -BeExactly 'hello'
                $loop.Available | Should -Be 0
            }
        }

        if ($canUnshare) {
            It 'answers from the address that was asked, whatever the machine has' -Tag Linux {
                $script = {
                    param($Manifest)
                    Import-Module $Manifest
                    $server = Start-EchoServer -Protocol Udp -Address Any -WarningAction Ignore
                    foreach ($way in @('192.0.2.7', '192.0.2.8'), @('192.0.2.8', '127.0.0.1'), @('2001:db8::7', '2001:db8::8'), @('2001:db8::8', '::1')) {
                        $from, $to = [Net.IPAddress[]] $way
                        $client = [Net.Sockets.Socket]::new($from.AddressFamily, 'Dgram', 'Udp')
                        $client.ReceiveTimeout = 20000
                        $client.Bind([Net.IPEndPoint]::new($from, 0))
                        # Connected: an answer from another address would not reach it.
                        $client.Connect($to, $server.Port)
                        $null = $client.Send([byte[]] (111, 105))
                        $answer = [byte[]]::new(10)
                        [Text.Encoding]::ASCII.GetString($answer, 0, $client.Receive($answer))
                    }
                    # What is sent to everybody is answered from an address that can send.
                    $client = [Net.Sockets.Socket]::new('InterNetwork', 'Dgram', 'Udp')
                    $client.ReceiveTimeout = 20000
                    $client.EnableBroadcast = $true
                    $client.Bind([Net.IPEndPoint]::new([Net.IPAddress] '198.51.100.1', 0))
                    $null = $client.SendTo([byte[]] (111, 105), [Net.IPEndPoint]::new([Net.IPAddress] '198.51.100.255', $server.Port))
                    $peer = [Net.EndPoint] [Net.IPEndPoint]::new([Net.IPAddress]::Any, 0)
                    $null = $client.ReceiveFrom($answer, [ref] $peer)
                    "$($peer.Address)"
                    $server | Stop-EchoServer
                }
                $command = [Convert]::ToBase64String([Text.Encoding]::Unicode.GetBytes("& {$script} '$manifest'"))
                $network = 'ip link set lo up',
                    'ip address add 192.0.2.7/32 dev lo', 'ip address add 192.0.2.8/32 dev lo',
                    'ip address add 2001:db8::7/128 dev lo nodad', 'ip address add 2001:db8::8/128 dev lo nodad',
                    'ip address add 198.51.100.1/24 brd + dev lo' -join ' && '
                unshare --map-root-user --net sh -c "$network && $pwshCommand -NoProfile -EncodedCommand $command" |
                    Should -Be 'oi', 'oi', 'oi', 'oi', '198.51.100.1'
            }

            if ($canThrottle) {
                It 'waits while the interface takes no more, and drops no answer, with -Address <_>' -Tag Linux -ForEach '127.0.0.1', 'Any' {
                    $script = {
                        param($Manifest, $Address)
                        Import-Module $Manifest
                        # Eight times as much goes out as comes in.
                        $server = Start-EchoServer -Protocol Udp -Address $Address -ResponseFormat ('{0}' * 8) -WarningAction Ignore
                        $client = [Net.Sockets.Socket]::new('InterNetwork', 'Dgram', 'Udp')
                        $client.Connect([Net.IPAddress]::Loopback, $server.Port)
                        $message = [byte[]]::new(1000)
                        foreach ($number in 1..60) { $null = $client.Send($message) }
                        # The client need not read: how much of it the interface has taken counts.
                        $sent = $server | Wait-EchoServer ResponseSent -Count 60 -TimeoutSec 60
                        $server | Stop-EchoServer
                        "$($sent.Count) $($server.BytesSent) $($server.Errors)"
                    }
                    $command = [Convert]::ToBase64String([Text.Encoding]::Unicode.GetBytes("& {$script} '$manifest' '$_'"))
                    $network = 'ip link set lo up && tc qdisc add dev lo root tbf rate 16mbit burst 70kb latency 20s'
                    unshare --map-root-user --net sh -c "$network && $pwshCommand -NoProfile -EncodedCommand $command" |
                        Should -Be '60 480000 0'
                }
            }

            It 'never answers a datagram from itself, on an address that is no loopback' -Tag Linux {
                $script = {
                    param($Manifest)
                    Import-Module $Manifest
                    $server = Start-EchoServer -Protocol Udp -Address 192.0.2.7 -WarningAction Ignore
                    (Send-SocketMessage 'from another port' -ComputerName 192.0.2.7 -Port $server.Port -Protocol Udp).Response
                    # UDP by hand (RFC 768), since nobody else can have the server's port: both ports, the length, no checksum.
                    $raw = [Net.Sockets.Socket]::new('InterNetwork', 'Raw', 'Udp')
                    $raw.Bind([Net.IPEndPoint]::new([Net.IPAddress] '192.0.2.7', 0))
                    $high, $low = ($server.Port -shr 8), ($server.Port -band 255)
                    $null = $raw.SendTo([byte[]] ($high, $low, $high, $low, 0, 10, 0, 0, 111, 105), [Net.IPEndPoint]::new([Net.IPAddress] '192.0.2.7', $server.Port))
                    $rejected = $server | Wait-EchoServer -Kind Rejected
                    "$($rejected.Reason) $($rejected.RemoteAddress) $($rejected.RemotePort -eq $server.Port)"
                    $server | Stop-EchoServer
                    $server.BytesSent
                }
                $command = [Convert]::ToBase64String([Text.Encoding]::Unicode.GetBytes("& {$script} '$manifest'"))
                unshare --map-root-user --net sh -c "ip link set lo up && ip address add 192.0.2.7/32 dev lo && $pwshCommand -NoProfile -EncodedCommand $command" |
                    Should -Be 'from another port', 'NotAllowed 192.0.2.7 True', '17'
            }
        }

        It 'is not disturbed by clients that have closed before the response' {
            $server = Start-EchoServer @at -Protocol Udp
            foreach ($i in 1..20) {
                $gone = Connect-BareDatagram $server
                Send-Bare $gone 'bye'
                Close-Bare $gone
                Invoke-Bare (Connect-BareDatagram $server) "still $i" | Should -BeExactly "still $i"
            }
            $server.State | Should -Be 'Listening'
            $server | Get-EchoServerEvent -Kind Error | Should -BeNullOrEmpty
        }
    }

    Context 'a Unix socket' -Tag Core {
        BeforeEach {
            $path = Join-Path ([IO.Path]::GetTempPath()) "pst-$([Guid]::NewGuid().ToString('N').Substring(0, 8)).sock"
            function Connect-BareUnix([string] $Path) {
                $socket = [Net.Sockets.Socket]::new('Unix', 'Stream', 'Unspecified')
                $socket.ReceiveTimeout = 10000
                $bareSockets.Add($socket)
                $socket.Connect([Net.Sockets.UnixDomainSocketEndPoint]::new($Path))
                $socket
            }
        }

        AfterEach {
            Remove-Item $path -ErrorAction Ignore
        }

        It 'echoes, and is removed on stop' {
            $server = Start-EchoServer -SocketPath $path
            $server.SocketPath | Should -Be $path
            $server.EndPoint | Should -Be $path
            $server.Protocol | Should -Be 'Unix'
            $server.Port | Should -Be 0
            $client = Connect-BareUnix $path
            Invoke-Bare $client 'olá' | Should -BeExactly 'olá'
            $server | Stop-EchoServer
            Test-Path $path | Should -BeFalse
        }

        It 'is removed when the process ends' -Tag Linux {
            $manifest = (Resolve-Path "$PSScriptRoot/../../PSSocketTools.psd1").Path
            $said = & $pwsh @pwshArguments -NoProfile -NonInteractive -Command "Import-Module '$manifest'; `$null = Start-EchoServer -SocketPath '$path'; Test-Path '$path'"
            $said | Should -Be 'True'
            Test-Path $path | Should -BeFalse
        }

        It 'is accessible to this user alone' -Tag Linux {
            $null = Start-EchoServer -SocketPath $path
            [int] [IO.File]::GetUnixFileMode($path) | Should -Be ([Convert]::ToInt32('600', 8))
        }

        It 'refuses a path that is too long for one' {
            $long = Join-Path ([IO.Path]::GetTempPath()) ('x' * 200)
            $failure = Get-Failure { Start-EchoServer -SocketPath $long -ErrorAction Stop }
            Assert-Failure $failure InvalidOption InvalidArgument $long '*shorter path*'
        }

        It 'takes a path relative to the current location' {
            Push-Location ([IO.Path]::GetTempPath())
            try { (Start-EchoServer -SocketPath "./$(Split-Path $path -Leaf)").SocketPath | Should -Be $path } finally { Pop-Location }
        }

        It 'replaces a stale socket file' {
            $dead = [Net.Sockets.Socket]::new('Unix', 'Stream', 'Unspecified')
            $dead.Bind([Net.Sockets.UnixDomainSocketEndPoint]::new($path))
            # A copy, since closing the socket takes its own file away.
            $left = "$path.left"
            [IO.File]::Move($path, $left)
            $dead.Dispose()
            [IO.File]::Move($left, $path)
            $null = Start-EchoServer -SocketPath $path -ErrorAction Stop
            Invoke-Bare (Connect-BareUnix $path) 'alive' | Should -BeExactly 'alive'
        }

        It 'is refused where a live server listens' {
            $server = Start-EchoServer -SocketPath $path
            $failure = Get-Failure { Start-EchoServer -SocketPath $path -ErrorAction Stop }
            Assert-Failure $failure PortInUse ResourceExists $path "*$path*"
            Invoke-Bare (Connect-BareUnix $path) 'unharmed' | Should -BeExactly 'unharmed'
            $server.State | Should -Be 'Listening'
        }

        It 'is refused where a file is that is no socket, be it empty' -ForEach '', 'mine' {
            [IO.File]::WriteAllText($path, $_)
            $failure = Get-Failure { Start-EchoServer -SocketPath $path -ErrorAction Stop }
            Assert-Failure $failure PortInUse ResourceExists $path '*not a socket*'
            [IO.File]::ReadAllText($path) | Should -BeExactly $_
        }

        It 'is refused where a symbolic link is, which stays' -Tag Linux {
            $null = New-Item -ItemType SymbolicLink $path -Target '/dev/null'
            $failure = Get-Failure { Start-EchoServer -SocketPath $path -ErrorAction Stop }
            Assert-Failure $failure PortInUse ResourceExists $path '*not a socket*'
            (Get-Item $path).LinkTarget | Should -Be '/dev/null'
        }
    }

    Context 'TLS' {
        BeforeAll {
            function New-Certificate([string] $Name = 'localhost') {
                $key = [Security.Cryptography.RSA]::Create(2048)
                $request = [Security.Cryptography.X509Certificates.CertificateRequest]::new(
                    "CN=$Name", $key, [Security.Cryptography.HashAlgorithmName]::SHA256, [Security.Cryptography.RSASignaturePadding]::Pkcs1)
                $made = $request.CreateSelfSigned([DateTimeOffset]::UtcNow.AddDays(-1), [DateTimeOffset]::UtcNow.AddDays(1))
                # Through a PFX, since Windows can't serve with a key that has only been made.
                $pfx = $made.Export('Pfx', 'secret')
                [pscustomobject]@{
                    Certificate = [Security.Cryptography.X509Certificates.X509Certificate2]::new($pfx, 'secret', 'Exportable')
                    Sha256 = [BitConverter]::ToString([Security.Cryptography.SHA256]::Create().ComputeHash($made.RawData)) -replace '-'
                    Pfx = $pfx
                    Password = ConvertTo-SecureString 'secret' -AsPlainText -Force
                }
            }

            # A TLS stream that trusts anyone, and the certificate it was shown.
            function Connect-Tls($Server) {
                $stream = [Net.Security.SslStream]::new(
                    [Net.Sockets.NetworkStream]::new((Connect-Bare $Server), $true), $false, { $true })
                $stream.AuthenticateAsClient('localhost')
                $stream
            }

            function Invoke-Tls([IO.Stream] $Stream, [string] $Text) {
                $bytes = $utf8.GetBytes($Text)
                $Stream.Write($bytes, 0, $bytes.Length)
                $buffer = [byte[]]::new(1024)
                $utf8.GetString($buffer, 0, $Stream.Read($buffer, 0, $buffer.Length))
            }

            $own = New-Certificate
        }

        It 'serves with a certificate' {
            $server = Start-EchoServer @at -Certificate $own.Certificate
            $server.IsEncrypted | Should -BeTrue
            $server.CertificateThumbprint | Should -Be $own.Sha256
            $stream = Connect-Tls $server
            $stream.RemoteCertificate.GetCertHashString() | Should -Be $own.Certificate.Thumbprint
            Invoke-Tls $stream 'olá' | Should -BeExactly 'olá'
            [string] $stream.SslProtocol | Should -BeIn 'Tls12', 'Tls13'
            $stream.Dispose()
            ($server | Wait-EchoServer -Kind Disconnected).Reason | Should -Be 'ClientClosed'
        }

        It 'serves with a PFX file and its password' {
            $path = Join-Path $TestDrive 'own.pfx'
            [IO.File]::WriteAllBytes($path, $own.Pfx)
            $server = Start-EchoServer @at -Certificate $path -CertificatePassword $own.Password
            $server.CertificateThumbprint | Should -Be $own.Sha256
            Invoke-Tls (Connect-Tls $server) 'olá' | Should -BeExactly 'olá'
            (Start-EchoServer @at -Certificate (Get-Item $path) -CertificatePassword $own.Password).IsEncrypted | Should -BeTrue
        }

        It 'says that the password is wrong, and that the file is missing' {
            $path = Join-Path $TestDrive 'own.pfx'
            [IO.File]::WriteAllBytes($path, $own.Pfx)
            $failure = Get-Failure { Start-EchoServer -Certificate $path -ErrorAction Stop }
            Assert-Failure $failure FileFailed WriteError $path '*-CertificatePassword*'
            $missing = Join-Path $TestDrive 'missing.pfx'
            $failure = Get-Failure { Start-EchoServer -Certificate $missing -ErrorAction Stop }
            Assert-Failure $failure FileFailed WriteError $missing "*Could not find file*missing.pfx*. Check the path*"
            $failure = Get-Failure { Start-EchoServer -Certificate $TestDrive -ErrorAction Stop }
            Assert-Failure $failure FileFailed WriteError "$TestDrive" '*is a folder*PFX or PEM file*'
            { Start-EchoServer -Certificate '' } | Should -Throw -ErrorId 'ParameterArgumentValidationError,*'
        }

        It 'serves with a PEM file whose key is <Where>' -Tag Core -ForEach @(
            @{ Where = 'in it'; Certificate = 'both.pem'; Key = 'both.pem' }
            @{ Where = 'beside it, as New-EchoCertificate writes it'; Certificate = 'site.pem'; Key = 'site.key' }
            @{ Where = 'beside it, as ACME clients write it'; Certificate = 'fullchain.pem'; Key = 'privkey.pem' }
            @{ Where = 'beside it, with a password'; Certificate = 'site.pem'; Key = 'site.key'; IsLocked = $true }
        ) {
            $folder = (New-Item -ItemType Directory (Join-Path $TestDrive ([guid]::NewGuid().ToString('n')))).FullName
            $secretKey = [Security.Cryptography.X509Certificates.RSACertificateExtensions]::GetRSAPrivateKey($own.Certificate)
            $pem = if ($IsLocked) {
                $strength = [Security.Cryptography.PbeParameters]::new('Aes256Cbc', 'SHA256', 1000)
                $secret = [Net.NetworkCredential]::new('', $own.Password).Password
                [Security.Cryptography.PemEncoding]::Write('ENCRYPTED PRIVATE KEY', $secretKey.ExportEncryptedPkcs8PrivateKey($secret, $strength)) -join ''
            }
            else { [Security.Cryptography.PemEncoding]::Write('PRIVATE KEY', $secretKey.ExportPkcs8PrivateKey()) -join '' }
            $path = Join-Path $folder $Certificate
            [IO.File]::WriteAllText($path, "$([Security.Cryptography.PemEncoding]::Write('CERTIFICATE', $own.Certificate.RawData) -join '')`n")
            [IO.File]::AppendAllText((Join-Path $folder $Key), "$pem`n")
            $password = if ($IsLocked) { @{ CertificatePassword = $own.Password } } else { @{} }
            $server = Start-EchoServer @at -Certificate $path @password
            $server.CertificateThumbprint | Should -Be $own.Sha256
            Invoke-Tls (Connect-Tls $server) 'olá' | Should -BeExactly 'olá'
            if ($IsLocked) {
                $failure = Get-Failure { Start-EchoServer -Certificate $path -ErrorAction Stop }
                Assert-Failure $failure FileFailed WriteError $path '*-CertificatePassword*'
            }
        }

        It 'serves with a PEM file in <Encoding> with a byte order mark, and says that an empty file is' -Tag Core -ForEach @(
            @{ Encoding = 'utf8BOM' }
            @{ Encoding = 'unicode' }
        ) {
            $path = Join-Path $TestDrive "$Encoding.pem"
            $made = New-EchoCertificate -PemPath (Join-Path $TestDrive 'plain.pem') -Force
            Get-Content (Join-Path $TestDrive 'plain.pem'), (Join-Path $TestDrive 'plain.key') | Set-Content $path -Encoding $Encoding
            (Start-EchoServer @at -Certificate $path).CertificateThumbprint | Should -Be $made.GetCertHashString('SHA256')
            Clear-Content $path
            $failure = Get-Failure { Start-EchoServer -Certificate $path -ErrorAction Stop }
            Assert-Failure $failure FileFailed WriteError $path '*the file is empty*'
        }

        It 'says of a PEM file without a key where it was looked for' -Tag Core {
            $folder = (New-Item -ItemType Directory (Join-Path $TestDrive ([guid]::NewGuid().ToString('n')))).FullName
            $path = Join-Path $folder 'alone.pem'
            [IO.File]::WriteAllText($path, "$([Security.Cryptography.PemEncoding]::Write('CERTIFICATE', $own.Certificate.RawData) -join '')`n")
            $failure = Get-Failure { Start-EchoServer -Certificate $path -ErrorAction Stop }
            Assert-Failure $failure FileFailed WriteError $path '*has no private key*alone.key or privkey.pem*'
        }

        It 'makes a certificate of its own with -SelfSigned, for localhost and this machine' -Tag Core {
            $server = Start-EchoServer @at -SelfSigned
            $stream = Connect-Tls $server
            $shown = [Security.Cryptography.X509Certificates.X509Certificate2]::new($stream.RemoteCertificate)
            $shown.GetCertHashString('SHA256') | Should -Be $server.CertificateThumbprint
            $names = ($shown.Extensions | Where-Object { $_.Oid.Value -eq '2.5.29.17' }).EnumerateDnsNames()
            $names | Should -Contain 'localhost'
            $names | Should -Contain ([Net.Dns]::GetHostName())
            Invoke-Tls $stream 'olá' | Should -BeExactly 'olá'
        }

        It 'is pinned by $server | Connect-EchoServer' -Tag Core {
            $server = Start-EchoServer @at -SelfSigned
            $session = $server | Connect-EchoServer
            try {
                $session.IsEncrypted | Should -BeTrue
                ($session | Send-SocketMessage 'olá').Response | Should -BeExactly 'olá'
            }
            finally {
                $session | Disconnect-EchoServer
            }
        }

        It 'records a handshake that fails, and serves on' {
            $server = Start-EchoServer @at -Certificate $own.Certificate
            $open = Connect-Tls $server
            $plain = Connect-Bare $server
            Send-Bare $plain "GET / HTTP/1.1`r`n`r`n"
            $failure = $server | Wait-EchoServer -Kind Error
            $failure.Reason | Should -Be 'HandshakeFailed'
            $failure.Message | Should -Not -BeNullOrEmpty
            $failure.RemotePort | Should -Be $plain.LocalEndPoint.Port
            Invoke-Tls $open 'one that was there' | Should -BeExactly 'one that was there'
            Invoke-Tls (Connect-Tls $server) 'one that comes' | Should -BeExactly 'one that comes'
        }

        It 'does not speak TLS 1.1' {
            $server = Start-EchoServer @at -Certificate $own.Certificate
            $client = Connect-Bare $server
            # A ClientHello (RFC 4346) with TLS_RSA_WITH_AES_128_CBC_SHA and _ECDHE_.
            $hello = [byte[]] (@(3, 2) + (1..32) + @(0, 0, 4, 0, 0x2F, 0xC0, 0x13, 1, 0))
            Send-Bare $client ([byte[]] (@(22, 3, 1, 0, ($hello.Length + 4), 1, 0, 0, $hello.Length) + $hello))
            ($server | Wait-EchoServer -Kind Error).Reason | Should -Be 'HandshakeFailed'
            Read-Bare $client | Should -Not -BeNullOrEmpty -Because 'an alert says so'
            $server.TotalConnections | Should -Be 0
        }

        It 'rejects clients without a certificate with -RequireClientCertificate' {
            $server = Start-EchoServer @at -Certificate $own.Certificate -RequireClientCertificate
            # TLS 1.3 tells the client only when it reads, by an end or a reset.
            $answer = try { Invoke-Tls (Connect-Tls $server) 'let me in' } catch [System.Management.Automation.MethodInvocationException] { '' }
            $answer | Should -BeExactly ''
            ($server | Wait-EchoServer -Kind Error).Reason | Should -Be 'ClientCertificateRefused'
            $server.MessagesReceived | Should -Be 0
        }

        It 'accepts with -RequireClientCertificate the clients whose certificate this machine trusts, and no others' -Tag Linux {
            $trusted, $other = (New-Certificate trusted), (New-Certificate other)
            # What a machine trusts is changed for one process alone (OpenSSL's SSL_CERT_FILE).
            $roots = Join-Path $TestDrive 'roots.pem'
            Set-Content $roots $trusted.Certificate.ExportCertificatePem()
            foreach ($name in 'own', 'trusted', 'other') {
                [IO.File]::WriteAllBytes((Join-Path $TestDrive "$name.pfx"), (Get-Variable $name -ValueOnly).Pfx)
            }
            $script = {
                param($Manifest, $Folder)
                Import-Module $Manifest
                $password = ConvertTo-SecureString secret -AsPlainText -Force
                $server = Start-EchoServer -Certificate "$Folder/own.pfx" -CertificatePassword $password -RequireClientCertificate
                foreach ($name in 'trusted', 'other') {
                    $certificate = [Security.Cryptography.X509Certificates.X509Certificate2]::new("$Folder/$name.pfx", 'secret')
                    try {
                        $session = Connect-EchoServer -Port $server.Port -UseTls -SkipCertificateCheck -ClientCertificate $certificate -ErrorAction Stop
                        ($session | Send-SocketMessage "$name is in" -ErrorAction Stop).Response
                    }
                    catch { "$name stays outside" }
                }
                ($server | Wait-EchoServer -Kind Error).Reason
                $server | Stop-EchoServer
            }
            $before = $env:SSL_CERT_FILE
            try {
                $env:SSL_CERT_FILE = $roots
                & $pwsh @pwshArguments -NoProfile -Command $script -args $manifest, $TestDrive | Should -Be 'trusted is in', 'other stays outside', 'ClientCertificateRefused'
            }
            finally {
                $env:SSL_CERT_FILE = $before
            }
        }

        It 'formats and frames as it does without' {
            $server = Start-EchoServer @at -Certificate $own.Certificate -ResponseFormat 'Echo: {0}' -ExitCommand sair -Farewell 'Tchau'
            $stream = Connect-Tls $server
            Invoke-Tls $stream "olá`n" | Should -BeExactly "Echo: olá`n"
            Invoke-Tls $stream 'sair' | Should -BeExactly 'Tchau'
            $stream.ReadByte() | Should -Be -1
        }
    }

    Context 'options that do not belong together' {
        It 'refuses <Name>' -ForEach @(
            @{ Name = 'Udp with -SelfSigned'; Options = @{ Protocol = 'Udp'; SelfSigned = $true }; Names = 'SelfSigned', 'Udp' }
            @{ Name = 'Udp with -Backlog'; Options = @{ Protocol = 'Udp'; Backlog = 5 }; Names = 'Backlog', 'Udp' }
            @{ Name = 'Udp with -MaxConnections'; Options = @{ Protocol = 'Udp'; MaxConnections = 5 }; Names = 'MaxConnections', 'Udp' }
            @{ Name = 'Udp with -BufferSize'; Options = @{ Protocol = 'Udp'; BufferSize = 5 }; Names = 'BufferSize', 'Udp' }
            @{ Name = 'Udp with -Sequential'; Options = @{ Protocol = 'Udp'; Sequential = $true }; Names = 'Sequential', 'Udp' }
            @{ Name = 'Udp with -Greeting'; Options = @{ Protocol = 'Udp'; Greeting = 'hi' }; Names = 'Greeting', 'Udp' }
            @{ Name = 'Udp with -IdleTimeoutSec'; Options = @{ Protocol = 'Udp'; IdleTimeoutSec = 5 }; Names = 'IdleTimeoutSec', 'Udp' }
            @{ Name = 'Udp with -StopAfterConnections'; Options = @{ Protocol = 'Udp'; StopAfterConnections = 5 }; Names = 'StopAfterConnections', 'Udp' }
            @{ Name = 'Udp with -DisconnectAfter'; Options = @{ Protocol = 'Udp'; DisconnectAfter = 5 }; Names = 'DisconnectAfter', 'Udp' }
            @{ Name = 'Udp with -ResetAfter'; Options = @{ Protocol = 'Udp'; ResetAfter = 5 }; Names = 'ResetAfter', 'Udp' }
            @{ Name = 'Udp with -FragmentBytes'; Options = @{ Protocol = 'Udp'; FragmentBytes = 5 }; Names = 'FragmentBytes', 'Udp' }
            @{ Name = 'Udp with -Framing LengthPrefix'; Options = @{ Protocol = 'Udp'; Framing = 'LengthPrefix' }; Names = 'Framing LengthPrefix', 'Udp' }
            @{ Name = 'Udp with -Delimiter'; Options = @{ Protocol = 'Udp'; Delimiter = '|' }; Names = 'Delimiter', 'Udp' }
            @{ Name = 'Udp with -LineEnding'; Options = @{ Protocol = 'Udp'; LineEnding = 'CrLf' }; Names = 'LineEnding', 'Udp' }
            @{ Name = '-Delimiter with -Framing Line'; Options = @{ Delimiter = '|'; Framing = 'Line' }; Names = 'Delimiter', 'Framing Line' }
            @{ Name = '-Framing Delimiter without -Delimiter'; Options = @{ Framing = 'Delimiter' }; Names = 'Framing', 'Delimiter'; Target = 'Framing Delimiter' }
            @{ Name = '-Delimiter without bytes'; Options = @{ Delimiter = '' }; Names = 'Delimiter', 'has 0 bytes', '16' }
            @{ Name = '-Delimiter of 17 bytes'; Options = @{ Delimiter = 'x' * 17 }; Names = 'Delimiter', 'has 17 bytes', '16' }
            @{ Name = '-Delimiter that the encoding lacks'; Options = @{ Delimiter = [string] [char] 0x20AC; Encoding = 'latin1' }; Names = 'Delimiter', 'iso-8859-1' }
            @{ Name = '-LineEnding with -Framing LengthPrefix'; Options = @{ LineEnding = 'Lf'; Framing = 'LengthPrefix' }; Names = 'LineEnding', 'LengthPrefix' }
            @{ Name = '-LineEnding with -Framing None'; Options = @{ LineEnding = 'CrLf'; Framing = 'None' }; Names = 'LineEnding', 'None' }
            @{ Name = '-LineEnding with -Delimiter'; Options = @{ LineEnding = 'CrLf'; Delimiter = '|' }; Names = 'LineEnding', 'Delimiter' }
            @{ Name = '-IdleGapMilliseconds with -Delimiter'; Options = @{ IdleGapMilliseconds = 5; Delimiter = '|' }; Names = 'IdleGapMilliseconds', 'Framing Delimiter' }
            @{ Name = '-SocketPath with Udp'; Options = @{ SocketPath = 'x.sock'; Protocol = 'Udp' }; Names = 'SocketPath', 'Udp' }
            @{ Name = '-SocketPath with -Port'; Options = @{ SocketPath = 'x.sock'; Port = 5000 }; Names = 'SocketPath', 'Port' }
            @{ Name = '-SocketPath with -Port 0'; Options = @{ SocketPath = 'x.sock'; Port = 0 }; Names = 'SocketPath', 'Port' }
            @{ Name = '-SocketPath with -Address'; Options = @{ SocketPath = 'x.sock'; Address = '127.0.0.1' }; Names = 'SocketPath', 'Address' }
            @{ Name = '-SocketPath with -AllowFrom'; Options = @{ SocketPath = 'x.sock'; AllowFrom = '127.0.0.1' }; Names = 'SocketPath', 'AllowFrom' }
            @{ Name = '-NoResponse with -ResponseFormat'; Options = @{ NoResponse = $true; ResponseFormat = '{0}' }; Names = 'ResponseFormat', 'NoResponse' }
            @{ Name = '-NoResponse with -Transform'; Options = @{ NoResponse = $true; Transform = 'Upper' }; Names = 'Transform', 'NoResponse' }
            @{ Name = '-NoResponse with -Responder'; Options = @{ NoResponse = $true; Responder = { $_ } }; Names = 'Responder', 'NoResponse' }
            @{ Name = '-NoResponse with -ResponseDelayMilliseconds'; Options = @{ NoResponse = $true; ResponseDelayMilliseconds = 5 }; Names = 'ResponseDelayMilliseconds', 'NoResponse' }
            @{ Name = '-NoResponse with -FragmentBytes'; Options = @{ NoResponse = $true; FragmentBytes = 5 }; Names = 'FragmentBytes', 'NoResponse' }
            @{ Name = '-Responder with -ResponseFormat'; Options = @{ Responder = { $_ }; ResponseFormat = '{0}' }; Names = 'ResponseFormat', 'Responder' }
            @{ Name = '-Responder with -Transform'; Options = @{ Responder = { $_ }; Transform = 'Upper' }; Names = 'Transform', 'Responder' }
            @{ Name = '-ErrorResponse without -Responder'; Options = @{ ErrorResponse = 'x' }; Names = 'ErrorResponse', 'Responder' }
            @{ Name = '-ResponderTimeoutSec without -Responder'; Options = @{ ResponderTimeoutSec = 1 }; Names = 'ResponderTimeoutSec', 'Responder' }
            @{ Name = '-Farewell without -ExitCommand'; Options = @{ Farewell = 'x' }; Names = 'Farewell', 'ExitCommand' }
            @{ Name = '-ResetAfter with -DisconnectAfter'; Options = @{ ResetAfter = 1; DisconnectAfter = 1 }; Names = 'ResetAfter', 'DisconnectAfter' }
            @{ Name = '-RequireClientCertificate without -Certificate'; Options = @{ RequireClientCertificate = $true }; Names = 'RequireClientCertificate', 'Certificate' }
            @{ Name = '-TrustedClientCertificate without -Certificate'; Options = @{ TrustedClientCertificate = '0' * 40 }; Names = 'TrustedClientCertificate', 'Certificate' }
            @{ Name = '-CertificatePassword without a file'; Options = @{ CertificatePassword = [securestring]::new() }; Names = 'CertificatePassword', 'Certificate' }
            @{ Name = '-Certificate with -SelfSigned'; Options = @{ Certificate = 'x.pfx'; SelfSigned = $true }; Names = 'SelfSigned', 'Certificate'; Target = 'x.pfx' }
        ) {
            $failure = Get-Failure { Start-EchoServer @Options -ErrorAction Stop }
            $expected = if ($Target) { $Target } else { $Names[0] }
            Assert-Failure $failure InvalidOption InvalidArgument $expected "*-$($Names[0])*$($Names[1])*"
            Get-EchoServer | Should -BeNullOrEmpty
        }

        It 'refuses a -Certificate without its private key' {
            $key = [Security.Cryptography.RSA]::Create(2048)
            $request = [Security.Cryptography.X509Certificates.CertificateRequest]::new(
                'CN=localhost', $key, [Security.Cryptography.HashAlgorithmName]::SHA256, [Security.Cryptography.RSASignaturePadding]::Pkcs1)
            $public = [Security.Cryptography.X509Certificates.X509Certificate2]::new(
                $request.CreateSelfSigned([DateTimeOffset]::UtcNow, [DateTimeOffset]::UtcNow.AddDays(1)).RawData)
            $failure = Get-Failure { Start-EchoServer -Certificate $public -ErrorAction Stop }
            Assert-Failure $failure InvalidOption InvalidArgument $public '*CN=localhost*private key*'
        }

        It 'refuses what is out of range by binding: <Name> <Value>' -ForEach @(
            @{ Name = 'Port'; Value = 65536 }
            @{ Name = 'Port'; Value = -1 }
            @{ Name = 'IdleGapMilliseconds'; Value = 0 }
            @{ Name = 'BufferSize'; Value = 0 }
            @{ Name = 'MaxMessageBytes'; Value = 0 }
            @{ Name = 'EventCapacity'; Value = -1 }
            @{ Name = 'EventMessageBytes'; Value = -1 }
            @{ Name = 'EventMessageBytes'; Value = 16777217 }
            @{ Name = 'ResponseDelayMilliseconds'; Value = 'soon' }
            @{ Name = 'ResponseDelayMilliseconds'; Value = '500-100' }
            @{ Name = 'ResponseDelayMilliseconds'; Value = -5 }
            @{ Name = 'Transform'; Value = 'Sideways' }
            @{ Name = 'Encoding'; Value = 'no-such-encoding' }
        ) {
            $options = @{ $Name = $Value }
            $failure = Get-Failure { Start-EchoServer @options }
            $failure.CategoryInfo.Category | Should -BeIn 'InvalidData', 'InvalidArgument'
            $failure.Exception | Should -BeOfType System.Management.Automation.ParameterBindingException
            $failure.Exception.ParameterName | Should -Be $Name
        }
    }

    Context 'who may connect' {
        It 'does not warn of a loopback address' {
            $null = Start-EchoServer @at -WarningVariable warnings -WarningAction SilentlyContinue
            $warnings | Should -BeNullOrEmpty
            $null = Start-EchoServer -WarningVariable warnings -WarningAction SilentlyContinue
            $warnings | Should -BeNullOrEmpty
        }

        It 'warns once of an address that can be reached from outside' {
            $server = Start-EchoServer -Address 0.0.0.0 -WarningVariable warnings -WarningAction SilentlyContinue
            $warnings | Should -HaveCount 1
            $warnings[0].Message | Should -BeLike "*0.0.0.0:$($server.Port)*-AllowFrom*"
        }

        It 'does not advise -AllowFrom where it is given' {
            $null = Start-EchoServer -Address 0.0.0.0 -WarningVariable without -WarningAction SilentlyContinue
            $server = Start-EchoServer -Address 0.0.0.0 -AllowFrom 127.0.0.0/8 -WarningVariable with -WarningAction SilentlyContinue
            $with | Should -HaveCount 1
            $with[0].Message | Should -BeLike "*0.0.0.0:$($server.Port)*"
            $with[0].Message | Should -Not -BeLike '*loopback*'
            $without[0].Message | Should -BeLike '*loopback*'
        }

        It 'leaves no server behind where the warning is told to stop' {
            { Start-EchoServer -Address 0.0.0.0 -WarningAction Stop } | Should -Throw
            Get-EchoServer | Should -BeNullOrEmpty
        }

        It 'accepts addresses of -AllowFrom, and rejects others' {
            $server = Start-EchoServer @at -AllowFrom 127.0.0.0/8, 10.0.0.0/8
            Get-BareAnswer $server 'me' | Should -BeExactly 'me'
            $server.RejectedConnections | Should -Be 0
        }

        It 'accepts and closes one that -AllowFrom leaves out, with an event' {
            $server = Start-EchoServer @at -AllowFrom 10.0.0.0/8
            $client = Connect-Bare $server
            $rejected = $server | Wait-EchoServer -Kind Rejected
            $rejected.Reason | Should -Be 'NotAllowed'
            $rejected.RemoteAddress | Should -Be $client.LocalEndPoint.Address.ToString()
            $rejected.RemotePort | Should -Be $client.LocalEndPoint.Port
            $server.RejectedConnections | Should -Be 1
            $server.TotalConnections | Should -Be 0
            try { $answer = Read-Bare $client } catch [System.Management.Automation.MethodInvocationException] { $answer = '' }
            $answer | Should -BeExactly ''
        }

        It 'refuses an -AllowFrom that is neither address nor block' {
            $failure = Get-Failure { Start-EchoServer -AllowFrom '10.0.0.0/33' -ErrorAction Stop }
            Assert-Failure $failure InvalidOption InvalidArgument '10.0.0.0/33' '*10.0.0.0/33*CIDR*'
        }

        It 'refuses an -AllowFrom that programs disagree about: <_>' -ForEach '127.0/8', '010.0.0.1', '0x7f.0.0.1', '5.1' {
            $failure = Get-Failure { Start-EchoServer -AllowFrom $_ -ErrorAction Stop }
            $failure.FullyQualifiedErrorId | Should -BeLike 'InvalidOption,*'
            $failure.Exception.Message | Should -BeLike '*leading zeros*'
        }

        It 'rejects more than -MaxConnections, and accepts again when one has disconnected' {
            $server = Start-EchoServer @at -MaxConnections 2
            $first, $second = 1..2 | ForEach-Object { Connect-Bare $server }
            Invoke-Bare $first '1' | Should -BeExactly '1'
            Invoke-Bare $second '2' | Should -BeExactly '2'
            $null = Connect-Bare $server
            ($server | Wait-EchoServer -Kind Rejected).Reason | Should -Be 'TooManyConnections'
            Close-Bare $first
            $null = $server | Wait-EchoServer -Kind Disconnected
            Get-BareAnswer $server '4' | Should -BeExactly '4'
        }

        It 'refuses a limit too short to be measured: -<_> 0.0004' -ForEach 'IdleTimeoutSec', 'ResponderTimeoutSec', 'StopAfterSec' {
            $options = @{ $_ = 0.0004 }
            $failure = Get-Failure { Start-EchoServer @options -Responder { $_ } -ErrorAction Stop }
            Assert-Failure $failure InvalidOption InvalidArgument $_ "*$_*0.001*"
        }

        It 'drops a connection that sends nothing for -IdleTimeoutSec' {
            $server = Start-EchoServer @at -IdleTimeoutSec 3
            $client = Connect-Bare $server
            Invoke-Bare $client 'hello' | Should -BeExactly 'hello'
            Receive-Bare $client | Should -BeExactly ''
            ($server | Wait-EchoServer -Kind Disconnected).Reason | Should -Be 'IdleTimeout'
        }

        It 'drops a connection that reads nothing for -IdleTimeoutSec' {
            $bytes = [byte[]]::new(64MB)
            $server = Start-EchoServer @at -IdleTimeoutSec 1
            $client = Connect-Bare $server
            { Send-Bare $client $bytes } | Should -Throw
            ($server | Wait-EchoServer -Kind Disconnected).Reason | Should -Be 'IdleTimeout'
        }
    }

    Context 'faults on purpose' {
        It 'shows them on the server' {
            (Start-EchoServer @at -ResponseDelayMilliseconds '10-20' -DisconnectAfter 3 -FragmentBytes 2).Faults |
                Should -Match '^Delay 10-20 #\d+ \(At Response, Seed \d+\), FragmentBytes 2 #\d+ \(At Response\), Disconnect #\d+ \(At Response, After 2, PerConnection\)$'
            (Start-EchoServer @at -ResponseDelayMilliseconds 5 -ResetAfter 1).Faults | Should -Match '^Delay 5 #\d+ \(At Response\), Reset #\d+ \(At Response, PerConnection\)$'
            (Start-EchoServer).Faults | Should -BeNullOrEmpty
        }

        It 'delays responses by -ResponseDelayMilliseconds <Delay>' -ForEach @(
            @{ Delay = 100; Least = 100 }
            @{ Delay = '50-100'; Least = 50 }
        ) {
            $server = Start-EchoServer @at -ResponseDelayMilliseconds $Delay
            $client = Connect-Bare $server
            $null = Invoke-Bare $client "x`n"
            $null = $server | Wait-EchoServer -Kind ResponseSent
            $received, $sent = $server | Get-EchoServerEvent -Kind MessageReceived, ResponseSent
            # Timers round; a clock tick less is no fault.
            ($sent.Timestamp - $received.Timestamp).TotalMilliseconds | Should -BeGreaterThan ($Least - 20)
        }

        It 'closes a connection with a FIN with -DisconnectAfter 2' {
            $server = Start-EchoServer @at -DisconnectAfter 2 -Framing Line
            Get-BareAnswer $server "1`n2`n3`n" | Should -BeExactly "1`n2`n"
            ($server | Wait-EchoServer -Kind Disconnected).Reason | Should -Be 'MessageLimit'
        }

        It 'resets a connection with -ResetAfter 2' {
            $server = Start-EchoServer @at -ResetAfter 2 -Framing Line
            $client = Connect-Bare $server
            Invoke-Bare $client "1`n" | Should -BeExactly "1`n"
            Send-Bare $client "2`n"
            $failure = { Read-BareBytes $client } | Should -Throw -PassThru
            $failure.Exception.InnerException.SocketErrorCode | Should -Be 'ConnectionReset'
            ($server | Wait-EchoServer -Kind Disconnected).Reason | Should -Be 'MessageLimit'
        }

        It 'sends responses in fragments with -FragmentBytes 3' {
            $server = Start-EchoServer @at -FragmentBytes 3 -ResponseFormat '{0}'
            $client = Connect-Bare $server
            Send-Bare $client "abcdefgh`n"
            Close-BareOutput $client
            Read-Bare $client | Should -BeExactly "abcdefgh`n"
        }
    }

    Context 'errors' {
        It 'says that a port is in use by this process, and how to stop the server there' {
            $server = Start-EchoServer @at
            $failure = Get-Failure { Start-EchoServer $server.Port @at -ErrorAction Stop }
            Assert-Failure $failure PortInUse ResourceExists "$($at.Address):$($server.Port)" "*$($at.Address):$($server.Port)*(process $PID)*Stop-EchoServer -Port $($server.Port)*"
        }

        It 'says that a port is in use, and which process holds it' {
            $script = "Import-Module '$manifest'; (Start-EchoServer -Address $($at.Address)).Port; [Console]::In.ReadLine()"
            $start = [Diagnostics.ProcessStartInfo]::new($pwsh)
            $start.Arguments = $pwshPrefix + '-NoProfile -NonInteractive -EncodedCommand ' + [Convert]::ToBase64String([Text.Encoding]::Unicode.GetBytes($script))
            $start.UseShellExecute = $false
            $start.RedirectStandardInput = $true
            $start.RedirectStandardOutput = $true
            $holder = [Diagnostics.Process]::Start($start)
            try {
                $port = [int] $holder.StandardOutput.ReadLine()
                $failure = Get-Failure { Start-EchoServer $port @at -ErrorAction Stop }
                Assert-Failure $failure PortInUse ResourceExists "$($at.Address):$port" "*$($at.Address):$port*(process $($holder.Id))*-Port 0*"
            }
            finally {
                $holder.StandardInput.WriteLine()
                $holder.WaitForExit()
                $holder.Dispose()
            }
        }

        if ($hasIPv6) {
            It 'says that a port is in use when only one of the loopbacks is' {
                $server = Start-EchoServer -Address ::1
                $failure = Get-Failure { Start-EchoServer $server.Port -ErrorAction Stop }
                Assert-Failure $failure PortInUse ResourceExists "[::1]:$($server.Port)" "*``[::1``]:$($server.Port)*"
                Test-PortAvailability $server.Port -Address 127.0.0.1 -Quiet | Should -BeTrue
            }
        }

        It 'is an error the pipeline goes on after' {
            $held = Start-EchoServer @at
            $free = (Find-AvailablePort @at).Port
            $started = $held.Port, $free | ForEach-Object { [pscustomobject]@{ Port = $_ } } |
                Start-EchoServer @at -ErrorAction SilentlyContinue -ErrorVariable failures
            $started.Port | Should -Be $free
            $failures | Should -HaveCount 1
        }

        It 'says that this machine has no such address' {
            $failure = Get-Failure { Start-EchoServer -Address 203.0.113.7 -ErrorAction Stop }
            Assert-Failure $failure AddressNotAvailable ObjectNotFound '203.0.113.7' '*no address 203.0.113.7*'
        }

        It 'says how to write <Text>' -ForEach @(
            @{ Text = '127.0.0.1:7007'; Hint = '*Write 127.0.0.1 alone*-Port*' }
            @{ Text = '[::1]:7007'; Hint = '*Write ::1 alone*-Port*' }
            @{ Text = 'fe80::1'; Hint = '*fe80::1%*' }
            @{ Text = '127.1'; Hint = '*four numbers*' }
        ) {
            $failure = Get-Failure { Start-EchoServer -Address $Text -ErrorAction Stop }
            Assert-Failure $failure InvalidOption InvalidArgument $Text $Hint
        }

        It 'takes an IPv4-mapped address for the IPv4 address it is' {
            $server = Start-EchoServer -Address ::ffff:127.0.0.1
            $server.EndPoint | Should -Be "127.0.0.1:$($server.Port)"
            (Connect-EchoServer ::ffff:127.0.0.1 $server.Port | Send-SocketMessage oi).Response | Should -BeExactly 'oi'
            Get-EchoSession | Disconnect-EchoServer
            (Test-PortAvailability $server.Port -ComputerName ::ffff:127.0.0.1).Status | Should -Be Open
            (Test-PortAvailability $server.Port -Address ::ffff:127.0.0.1).Status | Should -Be InUse
        }

        It 'says that a name does not resolve' {
            $failure = Get-Failure { Start-EchoServer -Address no-such-host.invalid -ErrorAction Stop }
            Assert-Failure $failure NameNotFound ObjectNotFound 'no-such-host.invalid' "*'no-such-host.invalid' does not resolve*"
        }

        It 'refuses a -<name> that is on no drive of files' -ForEach @{ name = 'LogPath' }, @{ name = 'SocketPath' }, @{ name = 'Certificate' } {
            $failure = Get-Failure { $path = @{ $name = 'env:x' }; Start-EchoServer @path -ErrorAction Stop }
            Assert-Failure $failure InvalidOption InvalidArgument 'env:x' "*'env:x'*Environment*"
        }

        It 'says that a log can not be written' {
            $path = Join-Path $TestDrive 'no/such/folder.log'
            $failure = Get-Failure { Start-EchoServer -LogPath $path -ErrorAction Stop }
            Assert-Failure $failure FileFailed WriteError $path "*$path*"
        }

        if ($canDropRights -or $lacksRights) {
            It 'says that a port below 1024 takes a right this user lacks' -Tag Linux {
                $script = "`$env:HOME = '/tmp'; Import-Module '$manifest'; try { Start-EchoServer 81 -Address 127.0.0.1 -ErrorAction Stop } catch { @(`$_.FullyQualifiedErrorId, `$_.CategoryInfo.Category, `$_.TargetObject, `$_.Exception.Message) -join '|' }"
                $said = if ((id -u) -eq 0) {
                    # Without the right alone, since another user may not be able to read this folder.
                    setpriv --inh-caps=-net_bind_service --bounding-set=-net_bind_service $pwsh @pwshArguments -NoProfile -NonInteractive -Command $script
                }
                else {
                    & $pwsh @pwshArguments -NoProfile -NonInteractive -Command $script
                }
                $said | Should -BeLike 'PortAccessDenied,PSSocketTools.Commands.StartEchoServerCommand|PermissionDenied|127.0.0.1:81|*1024*'
            }
        }
    }

    Context 'with other programs as clients' {
        BeforeAll {
            # 64 MiB that repeat nowhere near.
            $file = Join-Path $TestDrive 'random.bin'
            $random = [byte[]]::new(64MB)
            [Random]::new(7).NextBytes($random)
            [IO.File]::WriteAllBytes($file, $random)
            $hash = (Get-FileHash $file).Hash
            Remove-Variable random
        }

        if ($python) {
            It 'echoes 64 MiB to Python unchanged, also after it half-closed' {
                $server = Start-EchoServer @at
                $program = Join-Path $TestDrive 'client.py'
                Set-Content $program -Encoding Ascii -Value @'
import hashlib, socket, sys, threading
data = open(sys.argv[3], 'rb').read()
s = socket.create_connection((sys.argv[1], int(sys.argv[2])))
def send():
    s.sendall(data)
    s.shutdown(socket.SHUT_WR)
threading.Thread(target=send).start()
h = hashlib.sha256()
while True:
    b = s.recv(65536)
    if not b:
        break
    h.update(b)
print(h.hexdigest().upper())
'@
                python3 $program $server.Address $server.Port $file | Should -Be $hash
                $null = $server | Wait-EchoServer -Kind Disconnected
                $server.BytesReceived | Should -Be 64MB
                $server.BytesSent | Should -Be 64MB
            }
        }

        if ($ncat) {
            It 'echoes 64 MiB to ncat unchanged' {
                $server = Start-EchoServer @at
                $back = Join-Path $TestDrive 'ncat.bin'
                sh -c "ncat $($server.Address) $($server.Port) < '$file' > '$back'"
                (Get-FileHash $back).Hash | Should -Be $hash
            }
        }

        if ($socat) {
            It 'echoes 64 MiB to socat unchanged' {
                $server = Start-EchoServer @at
                $back = Join-Path $TestDrive 'socat.bin'
                sh -c "socat -t 30 - TCP:$($server.Address):$($server.Port) < '$file' > '$back'"
                (Get-FileHash $back).Hash | Should -Be $hash
            }
        }
    }
}
