BeforeAll {
    Import-Module "$PSScriptRoot/../../PSSocketTools.psd1" -Force
    . "$PSScriptRoot/English.ps1"
    . "$PSScriptRoot/BareClient.ps1"

    # As many clients, of which the server knows.
    function Join-Room($Server, [int] $Count) {
        $clients = foreach ($i in 1..$Count) { Connect-Bare $Server }
        $null = Wait-EchoServer $Server -Kind Connected -Count $Count -TimeoutSec 60
        $clients
    }

    # What a client hears, to be compared with text.
    function Receive-Text($Client, [int] $Bytes) {
        $script:utf8.GetString((Receive-BareExactly $Client $Bytes))
    }
}

Describe 'Start-EchoServer -Broadcast' {
    AfterEach {
        Get-EchoSession | Disconnect-EchoServer
        Clear-Bare
    }

    It 'is the chat that courses ask for: who speaks, and what' {
        $server = Start-EchoServer @at -Broadcast -ResponseFormat '{RemotePort}: {0}'
        $server.Mode | Should -Be 'Broadcast'
        $ana, $rui, $eva = Join-Room $server 3
        $port = ([Net.IPEndPoint]$ana.LocalEndPoint).Port
        Send-Bare $ana "olá`r`n"
        $expected = "${port}: olá`n"
        foreach ($other in $rui, $eva) { Receive-Text $other $utf8.GetByteCount($expected) | Should -Be $expected }
        # The sender gets nothing: what comes first is another's.
        Send-Bare $rui 'no line end'
        Receive-Text $ana 18 | Should -Match '^\d{5}: no line end$'
    }

    It 'goes to the sender too with -IncludeSender' {
        $server = Start-EchoServer @at -Broadcast -IncludeSender -Transform Upper
        $ana, $rui = Join-Room $server 2
        Send-Bare $ana "one`ntwo`n"
        foreach ($client in $ana, $rui) { Receive-Text $client 8 | Should -Be "ONE`nTWO`n" }
    }

    It 'frames and encodes what it sends, as <Name>' -ForEach @(
        @{ Name = 'lines that end in CRLF'; Options = @{ LineEnding = 'CrLf' }; Send = "hé`n"; Receive = [byte[]](0x68, 0xC3, 0xA9, 0x0D, 0x0A) }
        @{ Name = 'length prefixes in UTF-16'; Options = @{ Framing = 'LengthPrefix'; Encoding = 'utf-16'; ResponseFormat = '<{0}>' }; Send = [byte[]](0, 0, 0, 2, 0x61, 0); Receive = [byte[]](0, 0, 0, 6, 0x3C, 0, 0x61, 0, 0x3E, 0) }
        @{ Name = 'messages with a delimiter'; Options = @{ Delimiter = 0x03 }; Send = [byte[]](0x61, 0x03); Receive = [byte[]](0x61, 0x03) }
        @{ Name = 'what one receive returned'; Options = @{ Framing = 'None' }; Send = [byte[]](0xFF, 0x0A, 0x00); Receive = [byte[]](0xFF, 0x0A, 0x00) }
    ) {
        $server = Start-EchoServer @at -Broadcast @Options
        $ana, $rui = Join-Room $server 2
        Send-Bare $ana $Send
        (Receive-BareExactly $rui $Receive.Length) | Should -Be $Receive
    }

    It 'sends the others what the script block of -Responder makes, and the sender its error' {
        $server = Start-EchoServer @at -Broadcast -ErrorResponse 'what?' -Responder { if ($_ -eq 'oops') { throw 'no' }; if ($_ -ne 'psst') { "<$_>" } }
        $ana, $rui = Join-Room $server 2
        Send-Bare $ana "psst`none`noops`n"
        Receive-Text $ana 6 | Should -Be "what?`n"
        Receive-Text $rui 6 | Should -Be "<one>`n"
    }

    It 'tells the others who joins and who leaves, and needs no -ExitCommand for it' {
        $server = Start-EchoServer @at -Broadcast -Greeting '{ConnectionId} joined {ServerName}' -Farewell '{ConnectionId} left' -Name lab
        $ana, $rui = Join-Room $server 2
        Receive-Text $rui 13 | Should -Be "2 joined lab`n"
        Receive-Text $ana 26 | Should -Be "1 joined lab`n2 joined lab`n"
        Reset-Bare $rui
        Receive-Text $ana 7 | Should -Be "2 left`n"
        # A stop is nobody's leaving.
        $server | Stop-EchoServer
        Read-Bare $ana | Should -BeNullOrEmpty
    }

    It 'lets a client go that reads nothing, for which the others do not wait' {
        $server = Start-EchoServer @at -Broadcast
        $ana, $rui, $null = Join-Room $server 3
        $line = 'x' * 300000 + "`n"
        $rounds = 0
        while ($server.ActiveConnections -eq 3 -and $rounds++ -lt 5000) {
            Send-Bare $ana $line
            $null = Receive-BareExactly $rui $line.Length
        }
        $gone = $server | Wait-EchoServer -Kind Disconnected -TimeoutSec 30
        $gone.ConnectionId | Should -Be 3
        $gone.Reason | Should -Be 'TooSlow'
    }

    It 'sends all what it has received before it stops' {
        $server = Start-EchoServer @at -Broadcast -ResponseFormat '{ConnectionId} {Sequence}'
        $clients = Join-Room $server 5
        foreach ($client in $clients) { Send-Bare $client ("x`n" * 100) }
        $null = $server | Wait-EchoServer -Kind MessageReceived -Count 500 -TimeoutSec 60
        $server | Stop-EchoServer
        foreach ($i in 0..4) {
            $lines = (Read-Bare $clients[$i]).TrimEnd("`n") -split "`n"
            $lines.Count | Should -Be 400
            foreach ($sender in @(1..5) -ne ($i + 1)) {
                ($lines -like "$sender *") -join ',' | Should -Be ((1..100 | ForEach-Object { "$sender $_" }) -join ',')
            }
        }
    }

    It 'is chatted in by sessions' {
        $server = Start-EchoServer @at -Broadcast -ResponseFormat '{ConnectionId}: {0}'
        $ana = $server | Connect-EchoServer -Name ana
        $rui = $server | Connect-EchoServer -Name rui
        $null = $server | Wait-EchoServer -Kind Connected -Count 2
        $null = 'one', 'two' | Send-SocketMessage -Session $ana -NoWait
        (Receive-SocketMessage $rui -Count 2).Response | Should -Be '1: one', '1: two'
        # What the server's own session says unasked comes in between.
        $server | Get-EchoConnection | Send-SocketMessage 'all hear this'
        (Receive-SocketMessage $rui).Response | Should -Be 'all hear this'
        (Receive-SocketMessage $ana).Response | Should -Be 'all hear this'
    }

    It 'is known to who is given it, and waited for by nobody' {
        $server = Start-EchoServer @at -Broadcast
        $ana = $server | Connect-EchoServer
        $rui = $server | Connect-EchoServer
        $null = $server | Wait-EchoServer -Kind Connected -Count 2
        foreach ($text in 'one', 'two') {
            $sent = Send-SocketMessage $text -Session $ana
            $sent.Response | Should -BeNullOrEmpty
            $sent.RoundTripMilliseconds | Should -Be $null
        }
        (Receive-SocketMessage $rui -Count 2).Response | Should -Be 'one', 'two'
        # What others say is no answer.
        $null = Send-SocketMessage 'three' -Session $rui
        (Receive-SocketMessage $ana).Response | Should -Be 'three'
        (Send-SocketMessage 'four' -Server $server).Response | Should -BeNullOrEmpty
        (Receive-SocketMessage $rui).Response | Should -Be 'four'
        $ana.State, $rui.State | Should -Be 'Open', 'Open'
    }

    It 'is refused <Name>' -ForEach @(
        @{ Name = 'over UDP'; Options = @{ Protocol = 'Udp' }; Words = '-Broadcast', '-Protocol Udp' }
        @{ Name = 'for one client at a time'; Options = @{ Sequential = $true }; Words = '-Broadcast', '-Sequential' }
        @{ Name = 'where nothing is sent'; Options = @{ NoResponse = $true }; Words = '-Broadcast', '-NoResponse' }
        @{ Name = 'with answers held back'; Options = @{ ResponseDelayMilliseconds = 5 }; Words = '-ResponseDelayMilliseconds', '-Broadcast' }
    ) {
        $failure = { Start-EchoServer @at -Broadcast @Options -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidOption,*' -PassThru
        foreach ($word in $Words) { $failure.Exception.Message | Should -BeLike "*$word*" }
    }

    It 'is what -IncludeSender needs' {
        $failure = { Start-EchoServer @at -IncludeSender -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidOption,*' -PassThru
        $failure.Exception.Message | Should -BeLike '-IncludeSender does nothing without -Broadcast.*'
    }
}

Describe 'The fields of -Greeting, -Farewell and -ResponseFormat' {
    AfterEach { Clear-Bare }

    It 'are filled in for each client, <Name>' -ForEach @(
        @{ Name = 'on a plain echo'; Options = @{} }
        @{ Name = 'where there are messages'; Options = @{ Framing = 'Line'; Transform = 'Upper' } }
    ) {
        $server = Start-EchoServer @at @Options -Name lab -Greeting '{ServerName} at {LocalAddress} welcomes {RemoteAddress} {RemotePort} as #{ConnectionId:00} {{on {Timestamp:yyyy}}}'
        foreach ($id in 1, 2) {
            $client = Connect-Bare $server
            $port = ([Net.IPEndPoint]$client.LocalEndPoint).Port
            $expected = "lab at $($at.Address) welcomes $(([Net.IPEndPoint]$client.LocalEndPoint).Address) $port as #0$id {on $((Get-Date).Year)}`n"
            Receive-Text $client $expected.Length | Should -Be $expected
        }
    }

    It 'tell the address that the client connected to, on a server that listens on all' {
        $server = Start-EchoServer -Address 0.0.0.0 -AllowFrom 127.0.0.0/8 -ResponseFormat '{LocalAddress} of {ServerName}' -Name lab -WarningAction SilentlyContinue
        foreach ($address in '127.0.0.1', $at.Address) { Get-BareAnswer $server "x`n" $address | Should -Be "$address of lab`n" }
    }

    It 'are in an answer and a farewell over UDP' {
        $server = Start-EchoServer @at -Protocol Udp -Name lab -ResponseFormat '{LocalAddress} of {ServerName}' -ExitCommand bye -Farewell 'bye, {RemotePort}'
        $client = Connect-BareDatagram $server
        Invoke-Bare $client 'x' | Should -Be "$($at.Address) of lab"
        Invoke-Bare $client 'bye' | Should -Be "bye, $(([Net.IPEndPoint]$client.LocalEndPoint).Port)"
    }

    It 'are in a farewell' {
        $server = Start-EchoServer @at -ExitCommand bye -Farewell 'see you, {RemotePort}'
        $client = Connect-Bare $server
        Send-Bare $client "bye`n"
        Read-Bare $client | Should -Be "see you, $(([Net.IPEndPoint]$client.LocalEndPoint).Port)`n"
    }

    It '{0} is an error in -<_>, with the fields there are' -ForEach 'Greeting', 'Farewell' {
        $options = @{ $_ = 'hello {0}'; ExitCommand = 'bye' }
        $failure = { Start-EchoServer @at @options -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidOption,*' -PassThru
        $failure.TargetObject | Should -Be 'hello {0}'
        $failure.Exception.Message | Should -BeLike "-$_ can't be read at '{0}'. Use its fields RemoteAddress, RemotePort, LocalAddress, ConnectionId, Timestamp, ServerName,*{{*"
    }

    It 'a greeting of JSON says that its braces are to be doubled, and goes out when they are' {
        { Start-EchoServer @at -Greeting '{"ready":true}' -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidOption,*'
        $server = Start-EchoServer @at -Greeting '{{"ready":true}}'
        Receive-Text (Connect-Bare $server) 15 | Should -Be "{`"ready`":true}`n"
    }
}
