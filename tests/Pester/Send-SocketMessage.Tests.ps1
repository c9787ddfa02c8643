BeforeAll {
    Import-Module "$PSScriptRoot/../../PSSocketTools.psd1" -Force
    . "$PSScriptRoot/BareServer.ps1"
    . "$PSScriptRoot/Beside.ps1"
    . "$PSScriptRoot/SessionAssertions.ps1"
    $manifest = (Resolve-Path "$PSScriptRoot/../../PSSocketTools.psd1").Path
}

Describe 'Send-SocketMessage' {
    AfterEach {
        Clear-Beside
        Get-EchoSession | Disconnect-EchoServer -Reset
        Get-EchoServer | Stop-EchoServer -Force
        Stop-BareServer
    }

    It 'takes servers from the pipeline, for a session each that ends with the message' {
        $servers = 'Upper', 'Reverse' | ForEach-Object { Start-EchoServer -Transform $_ }
        ($servers | Send-SocketMessage 'abc', 'de').Response | Should -Be 'ABC', 'DE', 'cba', 'ed'
        foreach ($server in $servers) {
            $server.TotalConnections | Should -Be 1
            (Wait-EchoServer $server Disconnected).Reason | Should -Be 'ClientClosed'
        }
    }

    It 'goes on with the next server from the pipeline when one has stopped' {
        $gone, $there = 1..2 | ForEach-Object { Start-EchoServer }
        $gone | Stop-EchoServer
        ($gone, $there | Send-SocketMessage 'oi' -ErrorVariable failed -ErrorAction SilentlyContinue).Response | Should -Be 'oi'
        Assert-Error $failed ServerStopped InvalidOperation
    }

    It 'waits with -WaitSec for a server that comes later' {
        $port = (Find-AvailablePort).Port
        $later = Start-Beside {
            $Queue.Add('trying')
            (Send-SocketMessage 'oi' -Port $Values.Port -WaitSec 30).Response
        } @{ Port = $port }
        Receive-Beside $later | Should -Be 'trying'
        $null = Start-EchoServer $port
        Wait-Beside $later | Should -Be 'oi'
    }

    It 'returns every message with its response, in order' {
        $session = Start-EchoServer | Connect-EchoServer
        $answers = 1..1000 | Send-SocketMessage -Session $session
        $answers.Count | Should -Be 1000
        @($answers | Where-Object { $_.Response -eq $_.Message -and $_.RoundTripMilliseconds -gt 0 -and $_.Complete }).Count | Should -Be 1000
        $answers[999].Response | Should -Be '1000'
    }

    It 'works as one pipeline' {
        (Start-EchoServer | Connect-EchoServer | Send-SocketMessage 'olá, mundo 👋').Response | Should -Be 'olá, mundo 👋'
    }

    It 'sends one message to many sessions' {
        $server = Start-EchoServer
        $one, $two = $server, $server | Connect-EchoServer
        ($one, $two | Send-SocketMessage 'x').SessionId | Should -Be $one.Id, $two.Id
        ('a', 'b' | Send-SocketMessage -Session $one, $two).Response | Should -Be a, a, b, b
    }

    It 'is a whole client in one line' {
        $server = Start-EchoServer
        (Send-SocketMessage 'oi' -ComputerName localhost -Port $server.Port).Response | Should -Be 'oi'
        $null = $server | Wait-EchoServer -Kind Disconnected
        (Send-SocketMessage 'oi' localhost $server.Port).Response | Should -Be 'oi'
    }

    It 'sends <Name> as <Text>' -ForEach @(
        @{ Name = 'an integer'; Value = 42; Text = '42' }
        @{ Name = 'a decimal'; Value = 1234.5d; Text = '1234.5' }
        @{ Name = 'a double'; Value = 0.1; Text = '0.1' }
        @{ Name = 'a date'; Value = [datetime]'2024-02-03 04:05:06'; Text = '02/03/2024 04:05:06' }
        @{ Name = 'an empty string'; Value = ''; Text = '' }
        @{ Name = 'a truth'; Value = $true; Text = 'True' }
        @{ Name = 'a row'; Value = [pscustomobject]@{ Message = 'linha'; Other = 1 }; Text = 'linha' }
        @{ Name = 'a hashtable'; Value = @{ Message = 'mapa' }; Text = 'mapa' }
    ) {
        $session = Start-EchoServer | Connect-EchoServer
        $culture = [cultureinfo]::CurrentCulture
        try {
            [cultureinfo]::CurrentCulture = 'pt-BR'
            (, $Value | Send-SocketMessage -Session $session).Response | Should -BeExactly $Text
            (Send-SocketMessage $Value -Session $session).Response | Should -BeExactly $Text
        } finally {
            [cultureinfo]::CurrentCulture = $culture
        }
    }

    It 'carries an empty message and its empty response with <Name>' -ForEach @(
        @{ Name = 'lines'; With = @{ Framing = 'Line' } }
        @{ Name = 'length prefixes'; With = @{ Framing = 'LengthPrefix' } }
        @{ Name = 'delimiters'; With = @{ Delimiter = '|' } }
        @{ Name = 'datagrams'; With = @{ Protocol = 'Udp' } }
    ) {
        $session = Start-EchoServer @With -Transform Upper | Connect-EchoServer
        $answers = '', 'a', [byte[]]::new(0) | Send-SocketMessage -Session $session
        $answers.Response | Should -BeExactly '', 'A', ''
        $answers.Complete | Should -Be $true, $true, $true
        $session | Disconnect-EchoServer
    }

    It 'sends a message that ends in CR where CRLF ends it, and refuses it where LF does' {
        $server = Start-EchoServer
        $answer = Send-SocketMessage "a`r" -Port $server.Port -LineEnding CrLf
        $answer.Response | Should -BeExactly "a`r"
        $answer.BytesSent | Should -Be 4
        Send-SocketMessage "a`r" -Port $server.Port -ErrorVariable failed -ErrorAction SilentlyContinue
        Assert-Error $failed MessageNotCarried InvalidArgument
        $failed[0].Exception.Message | Should -BeLike '*CR*-LineEnding CrLf*'
        Send-SocketMessage "a`nb" -Port $server.Port -LineEnding CrLf -ErrorVariable failed -ErrorAction SilentlyContinue
        Assert-Error $failed MessageNotCarried InvalidArgument
    }

    It 'refuses <Message> before the delimiter <Delimiter>, and sends nothing of it' -ForEach @(
        @{ Delimiter = '|'; Message = 'a|b' }
        @{ Delimiter = 'aa'; Message = 'xa' }
        @{ Delimiter = '||'; Message = '||' }
    ) {
        $server = Start-EchoServer -Delimiter $Delimiter
        $session = $server | Connect-EchoServer
        $answers = 'one', $Message, 'two' | Send-SocketMessage -Session $session -Window 10 -ErrorVariable failed -ErrorAction SilentlyContinue
        $answers.Response | Should -Be one, two
        Assert-Error $failed MessageNotCarried InvalidArgument
        $failed[0].Exception.Message | Should -BeLike "*'$Delimiter'*"
        $session | Disconnect-EchoServer
        $server.MessagesReceived | Should -Be 2
    }

    It 'sends the answers of others, and rows of a CSV file' {
        $session = Start-EchoServer | Connect-EchoServer
        ('um' | Send-SocketMessage -Session $session | Send-SocketMessage -Session $session).Response | Should -Be 'um'
        (@('Message', 'a', 'b' | ConvertFrom-Csv) | Send-SocketMessage -Session $session).Response | Should -Be a, b
    }

    It 'sends bytes and files as they are' {
        $session = Start-EchoServer | Connect-EchoServer -Framing LengthPrefix
        $bytes = [byte[]](0..255)
        $answer = Send-SocketMessage $bytes -Session $session -AsBytes
        , $answer.Response | Should -BeOfType byte[]
        [Convert]::ToBase64String($answer.Response) | Should -Be ([Convert]::ToBase64String($bytes))
        $file = Join-Path $TestDrive 'bytes.bin'
        [IO.File]::WriteAllBytes($file, $bytes)
        $answer = Get-Item $file | Send-SocketMessage -Session $session -AsBytes
        [Convert]::ToBase64String($answer.Response) | Should -Be ([Convert]::ToBase64String($bytes))
    }

    It 'says that a session is no message, and goes on' {
        $session = Start-EchoServer | Connect-EchoServer
        $answers = 'antes', $session, 'depois' | Send-SocketMessage -Session $session -ErrorVariable failed -ErrorAction SilentlyContinue
        $answers.Response | Should -Be antes, depois
        Assert-Error $failed MessageNotCarried InvalidArgument
    }

    It 'looks for a message one level deep: <Name>' -ForEach @(
        @{ Name = 'an object whose Message is itself'; Make = { $o = [pscustomobject]@{ Message = 0 }; $o.Message = $o; $o } }
        @{ Name = 'a hashtable whose Message is itself'; Make = { $o = @{}; $o.Message = $o; $o } }
        @{ Name = 'two objects that hold each other'; Make = { $o = [pscustomobject]@{ Message = @{} }; $o.Message.Message = $o; $o } }
        @{ Name = 'an object in an object'; Make = { [pscustomobject]@{ Message = [pscustomobject]@{ Message = 'fundo' } } } }
        @{ Name = 'a property that fails'; Make = { [pscustomobject]@{} | Add-Member ScriptProperty Message { throw 'nada' } -PassThru } }
    ) {
        $session = Start-EchoServer | Connect-EchoServer
        $nested = & $Make
        $answers = 'antes', $nested, 'depois' | Send-SocketMessage -Session $session -ErrorVariable failed -ErrorAction SilentlyContinue
        $answers.Response | Should -Be antes, depois
        Assert-Error $failed MessageNotCarried InvalidArgument
    }

    It 'says that an object whose text fails is no message, and goes on' {
        $session = Start-EchoServer | Connect-EchoServer
        $mute = & ([scriptblock]::Create('class Mute { [string] ToString() { throw "nada" } }; [Mute]::new()'))
        $answers = 'antes', $mute, 'depois' | Send-SocketMessage -Session $session -ErrorVariable failed -ErrorAction SilentlyContinue
        $answers.Response | Should -Be antes, depois
        Assert-Error $failed MessageNotCarried InvalidArgument
    }

    It 'refuses what Line cannot carry before a byte is sent' {
        $session = Start-EchoServer | Connect-EchoServer
        Send-SocketMessage "a`nb" -Session $session -ErrorVariable failed -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        Assert-Error $failed MessageNotCarried InvalidArgument
        $session.BytesSent | Should -Be 0
    }

    It 'keeps a window of <Window> full, with responses in order' -ForEach @{ Window = 2 }, @{ Window = 64 }, @{ Window = 1000 } {
        $session = Start-EchoServer | Connect-EchoServer
        $answers = 1..5000 | ForEach-Object { "mensagem $_" } | Send-SocketMessage -Session $session -Window $Window
        $answers.Count | Should -Be 5000
        for ($at = 0; $at -lt 5000; $at++) {
            if ($answers[$at].Response -cne "mensagem $($at + 1)") { throw "Answer $at is '$($answers[$at].Response)'." }
        }
    }

    It 'leaves the session usable when the pipeline ends early' {
        $session = Start-EchoServer | Connect-EchoServer
        (1..1000 | Send-SocketMessage -Session $session -Window 64 | Select-Object -First 3).Response | Should -Be 1, 2, 3
        (Send-SocketMessage 'esta' -Session $session).Response | Should -Be 'esta'
    }

    It 'reads responses that were not waited for before the next one' {
        $session = Start-EchoServer | Connect-EchoServer
        $sent = 'a', 'b' | Send-SocketMessage -Session $session -NoWait
        @($sent | Where-Object Response) | Should -BeNullOrEmpty
        foreach ($one in $sent) { $one.RoundTripMilliseconds | Should -Be $null }
        (Send-SocketMessage 'c' -Session $session).Response | Should -Be 'c'
        (Receive-SocketMessage -Session $session -Count 2).Response | Should -Be a, b
    }

    It 'says that the server may allow no client from here only where it has sent nothing' {
        $server = Start-EchoServer -DisconnectAfter 1
        $session = Connect-EchoServer 127.0.0.1 $server.Port
        $null = Send-SocketMessage 'a' -Session $session
        $null = Wait-EchoServer $server Disconnected
        $quiet = Start-BareServer { $null = $Socket.Receive([byte[]]::new(10)) }
        $turnedAway = Connect-EchoServer -Port $quiet.Port
        foreach ($one in $session, $turnedAway) {
            Send-SocketMessage 'b' -Session $one -ErrorVariable failed -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
            $failed[0].FullyQualifiedErrorId | Should -Match '^(ServerClosed|SessionClosed|ConnectionReset),'
            "$failed" -match 'AllowFrom' | Should -Be ($one -eq $turnedAway)
        }
    }

    It 'pairs no response with what is sent with -NoResponse' {
        $server = Start-EchoServer -Framing Line -Responder { if ($_ -ne 'quiet') { "<$_>" } }
        $session = Connect-EchoServer -Port $server.Port
        $sent = 'quiet', 'quiet' | Send-SocketMessage -Session $session -NoResponse
        $sent.Message | Should -Be 'quiet', 'quiet'
        @($sent | Where-Object { $null -ne $_.Response -or $null -ne $_.RoundTripMilliseconds }).Count | Should -Be 0
        (Send-SocketMessage 'c' -Session $session).Response | Should -Be '<c>'
        # What comes all the same is unasked.
        $null = Send-SocketMessage 'd' -Session $session -NoResponse -NoWait
        $late = Receive-SocketMessage $session
        $late.Response | Should -Be '<d>'
        $late.Message | Should -BeNullOrEmpty
    }

    It 'tells that messages sent with -NoWait are unanswered before the one that is waited for' {
        $server = Start-EchoServer -Framing Line -Responder { if ($_ -ne 'quiet') { "<$_>" } }
        $session = Connect-EchoServer -Port $server.Port -ResponseTimeoutSec 0.2
        $null = 'quiet', 'quiet', 'quiet' | Send-SocketMessage -Session $session -NoWait
        # The answer to c is taken for that to the first.
        Send-SocketMessage 'c' -Session $session -ErrorVariable failed -ErrorAction SilentlyContinue
        Assert-Error $failed ResponseTimeout OperationTimeout
        $failed[0].Exception.Message | Should -BeLike '*messages sent before it with -NoWait are unanswered too (2)*-NoResponse*'
    }

    It 'faults the session when no response comes, and says why from then on' {
        $server = Start-BareServer { Wait-Peer }
        $session = Connect-EchoServer -Port $server.Port -ResponseTimeoutSec 0.1
        Send-SocketMessage 'oi' -Session $session -ErrorVariable failed -ErrorAction SilentlyContinue
        Assert-Error $failed ResponseTimeout OperationTimeout
        $session.State | Should -Be 'Faulted'
        $session.Reason | Should -Be 'ResponseTimeout'
        Send-SocketMessage 'oi' -Session $session -ErrorVariable failed -ErrorAction SilentlyContinue
        Assert-Error $failed SessionFaulted InvalidOperation
    }

    It 'names a server that closes, and one that resets' {
        $server = Start-BareServer { $null = Receive }
        Send-SocketMessage 'oi' -Port $server.Port -ErrorVariable failed -ErrorAction SilentlyContinue
        Assert-Error $failed ServerClosed ConnectionError
        $server = Start-BareServer { $null = Receive; $Socket.LingerState = [Net.Sockets.LingerOption]::new($true, 0) }
        Send-SocketMessage 'oi' -Port $server.Port -ErrorVariable failed -ErrorAction SilentlyContinue
        Assert-Error $failed ConnectionReset ConnectionError
    }

    It 'says of a server that has stopped that it has' {
        $server = Start-EchoServer
        $server | Stop-EchoServer
        $failure = { 'oi' | Send-SocketMessage -Server $server } | Should -Throw -PassThru
        Assert-Error @($failure) ServerStopped InvalidOperation
        $failure.TargetObject | Should -Be $server
    }

    It 'returns half a line as incomplete, and half a prefixed message as an error' {
        $server = Start-BareServer { $null = Receive; Send 'mei' }
        $answer = Send-SocketMessage 'oi' -Port $server.Port
        $answer.Response | Should -Be 'mei'
        $answer.Complete | Should -BeFalse
        $server = Start-BareServer { $null = Receive; Send ([byte[]](0, 0, 0, 9, 65)) }
        Send-SocketMessage 'oi' -Port $server.Port -Framing LengthPrefix -ErrorVariable failed -ErrorAction SilentlyContinue
        Assert-Error $failed InvalidMessage InvalidData
    }

    It 'speaks with a server that knows nothing of lines' {
        $server = Start-BareServer {
            while ($message = Receive) {
                if ($message -eq 'sair') { Send 'Servidor: Desconectando...'; return }
                Send "Servidor recebeu: '$message'"
            }
        }
        $session = Connect-EchoServer -Port $server.Port -Framing None
        ($session | Send-SocketMessage 'Olá, tudo bem?').Response | Should -BeExactly "Servidor recebeu: 'Olá, tudo bem?'"
        ($session | Send-SocketMessage 'sair').Response | Should -BeExactly 'Servidor: Desconectando...'
        Receive-SocketMessage -Session $session -TimeoutSec 20 -ErrorVariable failed -ErrorAction SilentlyContinue
        $failed.Count | Should -Be 1
        $session.State | Should -Be 'Closed'
        $session.Reason | Should -Be 'ServerClosed'
    }

    It 'says that a disconnected session is closed' {
        $session = Start-EchoServer | Connect-EchoServer
        $session | Disconnect-EchoServer
        $session.State | Should -Be 'Closed'
        $session.Reason | Should -Be 'ClientClosed'
        Get-EchoSession | Should -BeNullOrEmpty
        Send-SocketMessage 'oi' -Session $session -ErrorVariable failed -ErrorAction SilentlyContinue
        Assert-Error $failed SessionClosed InvalidOperation
    }

    It 'ends at once on Ctrl+C, and faults the session' {
        $server = Start-BareServer { Wait-Peer }
        $waiting = Start-Beside {
            $session = Connect-EchoServer -Port $Values.Port
            $Queue.Add($session)
            Send-SocketMessage 'oi' -Session $session
        } @{ Port = $server.Port }
        $session = Receive-Beside $waiting
        [Threading.SpinWait]::SpinUntil([Func[bool]] { $session.MessagesSent -gt 0 }, 20000) | Should -BeTrue
        Stop-Beside $waiting | Should -BeLessThan ([timespan]'0:0:5')
        $session.State | Should -Be 'Faulted'
        $session.Reason | Should -Be 'Interrupted'
        $session.Dispose()
    }

    It 'serves several runspaces on one session' -Tag Core {
        $session = Start-EchoServer | Connect-EchoServer
        $wrong = 1..4 | ForEach-Object -Parallel {
            Import-Module $using:manifest
            $me = $_
            1..200 | ForEach-Object { "$me`:$_" } | Send-SocketMessage -Session $using:session | Where-Object { $_.Response -cne $_.Message }
        }
        $wrong | Should -BeNullOrEmpty
        $session.MessagesReceived | Should -Be 800
    }

    It 'accepts a response that came in time, however late it is read' {
        $server = Start-EchoServer
        $session = $server | Connect-EchoServer
        $answers = 1..3 | Send-SocketMessage -Session $session -Window 2 -ResponseTimeoutSec 3 | ForEach-Object {
            # The one downstream takes longer over the first than the timeout, while the answer to the second is there.
            if ($_.Response -eq '1') { $null = [Threading.SpinWait]::SpinUntil([Func[bool]] { $false }, 4000) }
            $_
        }
        $answers.Response | Should -Be '1', '2', '3'
        $session.State | Should -Be 'Open'
    }

    It 'sends much without waiting where only a pause ends a response' {
        $server = Start-EchoServer
        $session = $server | Connect-EchoServer -Framing None
        $text = 'x' * 8000
        $sent = @(1..1000 | ForEach-Object { $text } | Send-SocketMessage -Session $session -NoWait -ErrorVariable failed)
        $failed | Should -BeNullOrEmpty
        $sent | Should -HaveCount 1000
        $session.State | Should -Be 'Open'
        $null = Wait-EchoServer $server ResponseSent
        $session.BytesSent | Should -Be 8000000
    }

    It 'ends at Ctrl+C when nobody reads what is sent without waiting' {
        # Its clients are taken by the system, and read by nobody.
        $listener = [Net.Sockets.TcpListener]::new([Net.IPAddress]::Loopback, 0)
        $listener.Start()
        $sending = Start-Beside {
            $session = Connect-EchoServer -Port $Values.Port
            $Queue.Add($session)
            $text = 'x' * 1000000
            1..100 | ForEach-Object { $text } | Send-SocketMessage -Session $session -NoWait -ResponseTimeoutSec 60
        } @{ Port = $listener.LocalEndpoint.Port }
        $session = Receive-Beside $sending
        [Threading.SpinWait]::SpinUntil([Func[bool]] { $session.BytesSent -gt 0 }, 30000) | Should -BeTrue
        # The buffers of the system are full when no more leaves.
        do { $before = $session.BytesSent; $null = [Threading.SpinWait]::SpinUntil([Func[bool]] { $session.BytesSent -ne $before }, 2000) } while ($session.BytesSent -ne $before)
        Stop-Beside $sending | Should -BeLessThan ([timespan]'0:0:5')
        $session.State | Should -Be 'Faulted'
        $listener.Stop()
    }

    It 'sends a million lines of a file, each answered in its order, in constant memory' {
        $file = Join-Path $TestDrive 'big.txt'
        $writer = [IO.StreamWriter]::new($file)
        foreach ($n in 1..1000000) { $writer.WriteLine($n) }
        $writer.Dispose()
        $server = Start-EchoServer -EventCapacity 0
        $session = $server | Connect-EchoServer
        $n = 0
        $wrong = 0
        $before = [GC]::GetTotalMemory($true)
        Get-Content $file | Send-SocketMessage -Session $session -Window 64 | & { process { $n++; if ($_.Response -ne $n) { $wrong++ } } end { $script:counted = $n; $script:differing = $wrong } }
        $script:counted | Should -Be 1000000
        $script:differing | Should -Be 0
        # A million messages kept would be several hundred.
        [GC]::GetTotalMemory($true) - $before | Should -BeLessThan 100MB
    }

    It 'tells why a server of this process closed the connection' {
        $server = Start-EchoServer -Name lab -Responder { throw 'no such price' }
        try {
            $session = $server | Connect-EchoServer
            $failure = { $session | Send-SocketMessage 'pear' -ErrorAction Stop } | Should -Throw -PassThru
            $failure.FullyQualifiedErrorId | Should -BeLike 'ServerClosed,*'
            $failure.Exception.Message | Should -BeLike "*lab, a server of this process, tells why: *no such price*"
            $failure.TargetObject | Should -Be $session
            $server.Errors | Should -Be 1
            $server.Error | Should -BeLike '*no such price*'
        }
        finally {
            $server | Stop-EchoServer -Force
        }
    }
}
