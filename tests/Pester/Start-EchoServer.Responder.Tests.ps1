BeforeAll {
    Import-Module "$PSScriptRoot/../../PSSocketTools.psd1" -Force
    . "$PSScriptRoot/English.ps1"
    . "$PSScriptRoot/BareClient.ps1"
}

Describe 'A script block that is a server' {
    AfterEach { Clear-Bare }

    Context 'State' {
        It 'lasts as long as its connection, which has one of its own' {
            $server = Start-EchoServer @at -Responder { $state = $args[0].State; $state.Seen += $_; $state.seen }
            $first, $second = 1..2 | ForEach-Object { Connect-Bare $server }
            Invoke-Bare $first 'a' | Should -BeExactly 'a'
            Invoke-Bare $second 'x' | Should -BeExactly 'x'
            Invoke-Bare $first 'b' | Should -BeExactly 'ab'
            Invoke-Bare $second 'y' | Should -BeExactly 'xy'
            Close-Bare $first
            Invoke-Bare (Connect-Bare $server) 'a' | Should -BeExactly 'a'
        }

        It 'is a hashtable' {
            $server = Start-EchoServer @at -Responder { $args[0].State -is [hashtable]; $args[0].State.Count }
            Get-BareAnswer $server 'x' | Should -BeExactly "True`n0"
        }

        It 'belongs to the sender of datagrams' {
            $server = Start-EchoServer @at -Protocol Udp -Responder { "$((++$args[0].State.n))" }
            $first, $second = 1..2 | ForEach-Object { Connect-BareDatagram $server }
            Invoke-Bare $first 'a' | Should -BeExactly '1'
            Invoke-Bare $second 'a' | Should -BeExactly '1'
            Invoke-Bare $first 'a' | Should -BeExactly '2'
        }

        It 'is kept by nothing when the connection has ended' {
            $seen = [Collections.Concurrent.ConcurrentQueue[object]]::new()
            $server = Start-EchoServer @at -Responder {
                $args[0].State.Big = [byte[]]::new(100)
                ($using:seen).Enqueue([WeakReference]::new($args[0].State.Big))
                'ok'
            }
            $client = Connect-Bare $server
            Invoke-Bare $client 'x' | Should -BeExactly 'ok'
            Close-Bare $client
            $null = Wait-EchoServer $server Disconnected
            # The next message takes the worker of the last, and with it what that one still held.
            Get-BareAnswer $server 'x' | Should -BeExactly 'ok'
            $first = $null
            $seen.TryDequeue([ref] $first) | Should -BeTrue
            $watch = [Diagnostics.Stopwatch]::StartNew()
            while ($first.IsAlive -and $watch.Elapsed.TotalSeconds -lt 30) { [GC]::Collect() }
            $first.IsAlive | Should -BeFalse
        }
    }

    Context 'Content' {
        It 'has the bytes that no text has, without their framing' {
            $server = Start-EchoServer @at -Framing LengthPrefix -Responder { $args[0].Content[($args[0].Bytes - 1)..0] }
            $client = Connect-Bare $server
            Send-Bare $client ([byte[]] (0, 0, 0, 3, 255, 0, 10))
            [int[]] (Receive-BareExactly $client 7) | Should -Be 0, 0, 0, 3, 10, 0, 255
        }
    }

    Context 'Close()' {
        It 'ends the connection behind the answer, and answers no message after it' {
            $server = Start-EchoServer @at -Framing Line -Responder { if ($_ -eq 'bye') { $args[0].Close() }; "<$_>" }
            $client = Connect-Bare $server
            Send-Bare $client "hi`nbye`nmore`n"
            Read-Bare $client | Should -BeExactly "<hi>`n<bye>`n"
            (Wait-EchoServer $server Disconnected).Reason | Should -Be 'ServerClosed'
            $server.Errors | Should -Be 0
        }

        It 'ends the connection where there is no answer, or an empty one' {
            $server = Start-EchoServer @at -Framing Line -Responder { $args[0].Close(); if ($_ -eq 'empty') { '' } }
            Get-BareAnswer $server "none`n" | Should -BeExactly ''
            Get-BareAnswer $server "empty`n" | Should -BeExactly "`n"
        }

        It 'ends the connection behind -ErrorResponse when the script block fails' {
            $server = Start-EchoServer @at -ErrorResponse 'sorry' -Responder { $args[0].Close(); throw 'no' }
            $client = Connect-Bare $server
            Send-Bare $client 'x'
            Read-Bare $client | Should -BeExactly 'sorry'
            (Wait-EchoServer $server Disconnected).Reason | Should -Be 'ServerClosed'
            (Wait-EchoServer $server Error).Message | Should -Be 'no'
        }

        It 'ends a connection from another connection''s message too' {
            $clients = [Collections.Concurrent.ConcurrentDictionary[int, object]]::new()
            $server = Start-EchoServer @at -Responder {
                ($using:clients)[$args[0].ConnectionId] = $args[0]
                if ($_ -eq 'alone') { ($using:clients)[1].Close() }
                'ok'
            }
            $first, $second = 1..2 | ForEach-Object { Connect-Bare $server; $null = Wait-EchoServer $server Connected -Count $_ }
            Invoke-Bare $first 'x' | Should -BeExactly 'ok'
            Invoke-Bare $second 'alone' | Should -BeExactly 'ok'
            Read-Bare $first | Should -BeExactly ''
            Invoke-Bare $second 'x' | Should -BeExactly 'ok'
        }
    }

    Context 'Reset()' {
        It 'resets the connection at once, without an answer' {
            $server = Start-EchoServer @at -ErrorResponse 'sorry' -Responder { $args[0].Reset(); "<$_>" }
            $client = Connect-Bare $server
            Send-Bare $client 'x'
            $failure = { Read-Bare $client } | Should -Throw -PassThru
            $failure.Exception.GetBaseException().SocketErrorCode | Should -Be 'ConnectionReset'
            (Wait-EchoServer $server Disconnected).Reason | Should -Be 'ServerClosed'
            $server.Errors | Should -Be 0
        }

        It 'does not wait for the script block, which is stopped' {
            $ended = [Threading.ManualResetEventSlim]::new()
            $server = Start-EchoServer @at -Responder {
                try { $args[0].Reset(); Start-Sleep 3600 } finally { ($using:ended).Set() }
            }
            $client = Connect-Bare $server
            Send-Bare $client 'x'
            { Read-Bare $client } | Should -Throw
            $ended.Wait(10000) | Should -BeTrue
        }
    }

    It 'closes and resets over TLS, and keeps its state' -Tag Core {
        $server = Start-EchoServer @at -SelfSigned -Responder {
            if ($_ -eq 'bye') { $args[0].Close() }
            if ($_ -eq 'rst') { $args[0].Reset() }
            "$((++$args[0].State.n))"
        }
        $session = $server | Connect-EchoServer
        ('a', 'bye' | Send-SocketMessage -Session $session).Response | Should -Be '1', '2'
        { 'x' | Send-SocketMessage -Session $session -ErrorAction Stop } | Should -Throw -ErrorId 'ServerClosed,*'
        $session = $server | Connect-EchoServer
        { 'rst' | Send-SocketMessage -Session $session -ErrorAction Stop } | Should -Throw -ErrorId 'ConnectionReset,*'
        (Wait-EchoServer $server Disconnected -Count 2).Reason | Should -Be 'ServerClosed', 'ServerClosed'
    }

    It 'closes over a Unix socket, and keeps its state' -Tag Core {
        $server = Start-EchoServer -SocketPath "$TestDrive/s" -Framing Line -Responder {
            if ($_ -eq 'bye') { $args[0].Close() }
            if ($_ -eq 'rst') { $args[0].Reset() }
            "$((++$args[0].State.n))"
        }
        $session = Connect-EchoServer -SocketPath "$TestDrive/s"
        ('a', 'bye' | Send-SocketMessage -Session $session).Response | Should -Be '1', '2'
        $null = Wait-EchoServer $server Disconnected
        $session = Connect-EchoServer -SocketPath "$TestDrive/s"
        { 'rst' | Send-SocketMessage -Session $session -ErrorAction Stop } | Should -Throw
        (Wait-EchoServer $server Disconnected -Count 2).Reason | Should -Be 'ServerClosed', 'ServerClosed'
    }

    It 'is told that a datagram has no connection to <_>' -ForEach 'Close', 'Reset' {
        $server = Start-EchoServer @at -Protocol Udp -ErrorResponse 'sorry' -Responder ([scriptblock]::Create("`$args[0].$_()"))
        Invoke-Bare (Connect-BareDatagram $server) 'x' | Should -BeExactly 'sorry'
        (Wait-EchoServer $server Error).Message | Should -BeLike '*datagram has no connection*'
    }

    Context 'what it says' {
        It 'is an event each of kind Trace, in its order, over <_>' -ForEach 'Tcp', 'Udp' {
            $server = Start-EchoServer @at -Protocol $_ -Framing $(if ($_ -eq 'Tcp') { 'Line' } else { 'Auto' }) -Responder {
                Write-Verbose 'verbose'
                Write-Host 'host' -ForegroundColor Red
                Write-Warning 'warning'
                Write-Debug 'debug'
                Write-Information 'information'
                'answer'
            }
            (Send-SocketMessage -Server $server -Message 'x').Response | Should -BeExactly 'answer'
            $traces = Wait-EchoServer $server Trace -Count 5
            $traces.Message | Should -Be 'VERBOSE: verbose', 'host', 'WARNING: warning', 'DEBUG: debug', 'information'
            $traces.ConnectionId | Sort-Object -Unique | Should -Be 1
            (Get-EchoServerEvent $server Trace -Message 'verbose:*').Message | Should -Be 'VERBOSE: verbose'
            (Get-EchoServerEvent $server).Kind[-1] | Should -Be $(if ($_ -eq 'Tcp') { 'Disconnected' } else { 'ResponseSent' })
            $traces | Out-String | Should -Match 'Trace .* VERBOSE: verbose'
        }

        It 'is nothing where its preferences say so' {
            $server = Start-EchoServer @at -Responder { $VerbosePreference = 'SilentlyContinue'; Write-Verbose 'x'; 'ok' }
            Get-BareAnswer $server 'x' | Should -BeExactly 'ok'
            $null = Wait-EchoServer $server Disconnected
            Get-EchoServerEvent $server Trace | Should -BeNullOrEmpty
        }

        It 'goes to the log' {
            $server = Start-EchoServer @at -LogPath "$TestDrive/log" -Responder { Write-Verbose "olá $_"; Write-Error 'bad'; 'ok' }
            Get-BareAnswer $server 'x' | Should -BeExactly 'ok'
            Stop-EchoServer $server
            $lines = Get-Content "$TestDrive/log" -Encoding utf8 | ConvertFrom-Json
            ($lines | Where-Object Kind -eq Trace).Message | Should -Be 'VERBOSE: olá x'
            ($lines | Where-Object Kind -eq Error).Reason | Should -Be 'ResponderError'
        }

        It 'stops with a script block that takes too long' {
            $server = Start-EchoServer @at -ResponderTimeoutSec 0.2 -ErrorResponse 'late' -Responder {
                try { Start-Sleep 3600 } finally { Write-Verbose 'in the end' }
            }
            Invoke-Bare (Connect-Bare $server) 'x' | Should -BeExactly 'late'
            Stop-EchoServer $server
            Get-EchoServerEvent -Server $server -Kind Trace | Should -BeNullOrEmpty
        }
    }

    Context 'an error that it goes on after' {
        It 'is an Error event, and the answer goes out: <Name>' -ForEach @(
            @{ Name = 'Write-Error'; Script = { Write-Error 'bad'; "<$_>" }; Like = 'bad' }
            @{ Name = 'of a cmdlet'; Script = { Get-Item /no/such/item; "<$_>" }; Like = '*/no/such/item*' }
            @{ Name = 'of a function with a process block'; Script = { process { Write-Error 'bad'; "<$_>" } }; Like = 'bad' }
        ) {
            $server = Start-EchoServer @at -ErrorResponse 'sorry' -Responder $Script
            $client = Connect-Bare $server
            Invoke-Bare $client 'x' | Should -BeExactly '<x>'
            Invoke-Bare $client 'y' | Should -BeExactly '<y>'
            $errors = Wait-EchoServer $server Error -Count 2
            $errors.Reason | Sort-Object -Unique | Should -Be 'ResponderError'
            $errors[0].Message | Should -BeLike $Like
            $server.Errors | Should -Be 2
        }

        It 'is not told to the client as why its connection ended' {
            $server = Start-EchoServer @at -Framing Line -Responder { Write-Error 'an aside'; $args[0].Close() }
            $failure = { 'x' | Send-SocketMessage -Server $server -ErrorAction Stop } | Should -Throw -ErrorId 'ServerClosed,*' -PassThru
            $failure.Exception.Message | Should -Not -BeLike '*an aside*'
        }

        It 'is no event where the script block takes care of it' {
            $server = Start-EchoServer @at -Responder { Get-Item /no/such/item -ErrorAction SilentlyContinue; try { 1 / 0 } catch { 'caught' } }
            Get-BareAnswer $server 'x' | Should -BeExactly 'caught'
            $server.Errors | Should -Be 0
        }
    }

    Context '${using:function:Name}' {
        It 'is a function of the session, which can be called by name then' {
            function Get-Price([Parameter(Mandatory)] [string] $Name, [int] $Count = 1) { "$Count ${Name}: $($Count * 3)" }
            $server = Start-EchoServer @at -Responder { & ${using:function:Get-Price} $_; Get-Price $_ -Count 2 }
            Get-BareAnswer $server 'pear' | Should -BeExactly "1 pear: 3`n2 pear: 6"
        }

        It 'is defined where it is assigned, as other cmdlets want it' {
            function Get-Double($x) { 2 * $x }
            $server = Start-EchoServer @at -Responder { ${function:Twice} = ${using:function:Get-Double}; Twice ([int] $_) }
            Get-BareAnswer $server '21' | Should -BeExactly '42'
        }

        It 'is a function of the module that starts the server' {
            $module = New-Module -Name Prices -ScriptBlock {
                function Get-Secret { 'from inside' }
                function Start-Server($at) { Start-EchoServer @at -Responder { & ${using:function:Get-Secret} } }
                Export-ModuleMember Start-Server
            }
            try {
                $server = & $module { Start-Server $args[0] } $at
                Get-BareAnswer $server 'x' | Should -BeExactly 'from inside'
            }
            finally { Remove-Module $module }
        }

        It 'runs apart from the session, on several connections at once' {
            function Wait-Others { $null = ($args[0]).Signal(); ($args[0]).Wait(10000) }
            $all = [Threading.CountdownEvent]::new(3)
            $server = Start-EchoServer @at -Responder { & ${using:function:Wait-Others} $using:all }
            $clients = 1..3 | ForEach-Object { $client = Connect-Bare $server; Send-Bare $client 'x'; $client }
            foreach ($client in $clients) { Receive-Bare $client | Should -BeExactly 'True' }
        }

        It 'is an error where there is none' {
            $failure = { Start-EchoServer -Responder { & ${using:function:Get-Nothing} } -ErrorAction Stop } | Should -Throw -PassThru
            $failure.FullyQualifiedErrorId | Should -Be 'InvalidOption,PSSocketTools.Commands.StartEchoServerCommand'
            $failure.Exception.Message | Should -BeLike '*${using:function:Get-Nothing}*'
            $failure.TargetObject | Should -Be 'Get-Nothing'
        }

        It 'and a script block of $using: run apart from the session too' {
            $twice = { param($x) 2 * $x }
            $server = Start-EchoServer @at -Responder { & $using:twice ([int] $_) }
            Get-BareAnswer $server '21' | Should -BeExactly '42'
        }
    }

    It 'plays a scenario: one answer after the other' {
        $answers = 'one', 'two', $null, 'four'
        $server = Start-EchoServer @at -Framing Line -Responder { ($using:answers)[$args[0].Sequence - 1] }
        Get-BareAnswer $server "a`nb`nc`nd`ne`n" | Should -BeExactly "one`ntwo`nfour`n"
        Get-BareAnswer $server "a`n" | Should -BeExactly "one`n"
    }
}
