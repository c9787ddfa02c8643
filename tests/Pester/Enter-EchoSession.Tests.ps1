BeforeAll {
    Import-Module "$PSScriptRoot/../../PSSocketTools.psd1" -Force
    . "$PSScriptRoot/BareServer.ps1"
    . "$PSScriptRoot/Beside.ps1"
    . "$PSScriptRoot/SessionAssertions.ps1"
    . "$PSScriptRoot/SamePowerShell.ps1"

    # A script in a PowerShell of its own, whose input stays open: the test writes its lines.
    function Start-Conversation([string] $Script) {
        $file = Join-Path $TestDrive "$([guid]::NewGuid().ToString('n')).ps1"
        [IO.File]::WriteAllText($file, ". '$PSScriptRoot/English.ps1'`nImport-Module '$manifest'`n$Script")
        $start = [Diagnostics.ProcessStartInfo]::new($pwsh, "$pwshPrefix-NoProfile -ExecutionPolicy Bypass -File `"$file`"")
        $start.UseShellExecute = $false
        $start.RedirectStandardInput = $start.RedirectStandardOutput = $true
        $script:conversation = [Diagnostics.Process]::Start($start)
        $script:conversation
    }

    # What it has shown when it has ended; its input is still open then.
    function Wait-Conversation($Process) {
        $reading = $Process.StandardOutput.ReadToEndAsync()
        if (-not $reading.Wait(30000)) { throw 'The conversation does not end.' }
        $reading.Result
    }

    $manifest = (Resolve-Path "$PSScriptRoot/../../PSSocketTools.psd1").Path
}

Describe 'Enter-EchoSession' {
    AfterEach {
        Clear-Beside
        Get-EchoSession | Disconnect-EchoServer -Reset
        Get-EchoServer | Stop-EchoServer -Force
        Stop-BareServer
        if ($script:conversation) {
            if (-not $script:conversation.HasExited) { $script:conversation.Kill() }
            $script:conversation.Dispose()
            $script:conversation = $null
        }
    }

    It 'converses with redirected input' {
        $server = Start-EchoServer -Greeting 'bem-vindo' -ExitCommand sair -Farewell 'tchau'
        $said = 'oi', '', 'sair', 'never sent' |
            & $pwsh @pwshArguments -NoProfile -Command ". '$PSScriptRoot/English.ps1'; Import-Module '$manifest'; Enter-EchoSession -Port $($server.Port) -ExitCommand sair -SendExitCommand; 'over'"
        $said -join '|' | Should -Match 'oi  \(.+ ms\).*tchau  \(.+ ms\)\|over$'
        $said -join '|' | Should -Match 'bem-vindo'
        $server.MessagesReceived | Should -Be 3
    }

    It 'says how to leave, and sends every line that is not exactly a command as it is' {
        $server = Start-EchoServer -Framing Line
        $lines = 'sair', 'exit', ' /quit', '/QUIT', '/nick ana', '//nick', '  ', ''
        $said = ($lines + '//quit', '/quit', 'never sent') |
            & $pwsh @pwshArguments -NoProfile -Command ". '$PSScriptRoot/English.ps1'; Import-Module '$manifest'; Enter-EchoSession -Port $($server.Port)"
        $said[0] | Should -BeExactly 'To leave: Ctrl+D, /quit. Other commands: /help.'
        @(Get-EchoServerEvent -Server $server -Kind MessageReceived | ForEach-Object { "$($_.Message)" }) | Should -BeExactly ($lines + '/quit')
    }

    It 'leaves by a word of -ExitCommand, in any case, and then by /quit still' -ForEach 'sair', ' SAIR ', '/quit' {
        $server = Start-EchoServer
        $said = 'oi', $_, 'never sent' |
            & $pwsh @pwshArguments -NoProfile -Command ". '$PSScriptRoot/English.ps1'; Import-Module '$manifest'; Enter-EchoSession -Port $($server.Port) -ExitCommand sair, fim"
        $said[0] | Should -BeExactly 'To leave: sair, fim, Ctrl+D, /quit. Other commands: /help.'
        $server.MessagesReceived | Should -Be 1
    }

    It 'lists its commands, and shows what was sent and received' {
        $server = Start-EchoServer
        $said = 'oi', '/help', '/stats' |
            & $pwsh @pwshArguments -NoProfile -Command ". '$PSScriptRoot/English.ps1'; Import-Module '$manifest'; Enter-EchoSession -Port $($server.Port)"
        foreach ($command in '/quit', '/help', '/close', '/reset', '/stats') { @($said -match "^$command +\w").Count | Should -Be 1 -Because $command }
        @($said -match '^Messages sent: 1 \(3 B\)\. Messages received: 1 \(3 B\)\.').Count | Should -Be 1
        $server.MessagesReceived | Should -Be 1
    }

    It 'throws the connection away by /reset' {
        $server = Start-EchoServer
        $null = '/reset', 'never sent' |
            & $pwsh @pwshArguments -NoProfile -Command ". '$PSScriptRoot/English.ps1'; Import-Module '$manifest'; Enter-EchoSession -Port $($server.Port)"
        ($server | Wait-EchoServer Disconnected).Reason | Should -Be 'Reset'
        $server.MessagesReceived | Should -Be 0
    }

    It 'shows by /close what a server still sends that answers at the end, and says what is no more possible' {
        $server = Start-BareServer { Send "ready`n"; Wait-Peer; Send "the end`n" }
        $process = Start-Conversation "Enter-EchoSession -Port $($server.Port); 'over'"
        $process.StandardInput.WriteLine('/close')
        Wait-Conversation $process | Should -Match '(?s)ready.*the end.*over\s*$'
    }

    It 'waits for no answer with -NoWait, so that a server which answers at the end gets its end' {
        $server = Start-BareServer {
            $total = 0
            $buffer = [byte[]]::new(65536)
            while ($count = $Socket.Receive($buffer)) { $total += $count }
            Send "$total bytes`n"
        }
        $process = Start-Conversation "Enter-EchoSession -Port $($server.Port) -NoWait; 'over'"
        foreach ($line in 'one', 'three', '/close') { $process.StandardInput.WriteLine($line) }
        $said = Wait-Conversation $process
        $said | Should -Match '(?s)10 bytes.*over\s*$'
        $said | Should -Match 'has ended its side too, after this one'
    }

    It 'waits for no answer in a room that it is given' {
        $process = Start-Conversation @"
            `$server = Start-EchoServer -Broadcast -Greeting '{ConnectionId} joined'
            `$other = Connect-EchoServer -Port `$server.Port
            Enter-EchoSession -Server `$server -ErrorVariable failed
            'failed: ' + `$failed.Count
            (Receive-SocketMessage `$other -Count 4).Response
"@
        foreach ($line in 'hello', 'again', '/quit') { $process.StandardInput.WriteLine($line) }
        Wait-Conversation $process | Should -Match '(?s)failed: 0\s+1 joined\s+2 joined\s+hello\s+again\s*$'
    }

    It 'waits for no answer in a room of this process that it has reached by <How>' -ForEach @(
        @{ How = 'its port'; Enter = '-Port $server.Port' }
        @{ How = 'a session that was given its port'; Enter = '-Session (Connect-EchoServer -Port $server.Port)' }
    ) {
        $process = Start-Conversation @"
            `$server = Start-EchoServer -Broadcast -Greeting '{ConnectionId} joined'
            `$other = Connect-EchoServer -Port `$server.Port
            Enter-EchoSession $Enter -ErrorVariable failed
            'failed: ' + `$failed.Count
            (Receive-SocketMessage `$other -Count 4).Response
"@
        do { $line = $process.StandardOutput.ReadLine() } until ($line -match '2 joined' -or $null -eq $line)
        foreach ($line in 'hello', 'again', '/quit') { $process.StandardInput.WriteLine($line) }
        $said = Wait-Conversation $process
        $said | Should -Match '(?s)failed: 0\s+1 joined\s+2 joined\s+hello\s+again\s*$'
        $said | Should -Not -Match 'No answer'
    }

    It 'speaks with a UDP server of this process, which has no connections to look for a room in' {
        $process = Start-Conversation @"
            `$server = Start-EchoServer -Protocol Udp
            Enter-EchoSession -Port `$server.Port -Protocol Udp -ErrorVariable failed
            'failed: ' + `$failed.Count
"@
        foreach ($line in 'hello', '/quit') { $process.StandardInput.WriteLine($line) }
        Wait-Conversation $process | Should -Match '(?s)hello  \([0-9.]+ ms\).*failed: 0\s*$'
    }

    It 'says that an answer did not come in time, and goes on without waiting for any' {
        $server = Start-BareServer { if ((Receive) -eq "one`n") { if ((Receive) -eq "two`n") { Send "late`n"; if ((Receive) -eq "three`n") { Send "bye`n" } } } }
        $process = Start-Conversation "Enter-EchoSession -ComputerName 127.0.0.1 -Port $($server.Port) -ResponseTimeoutSec 0.05 -ErrorVariable failed; 'failed: ' + `$failed.Count"
        $process.StandardInput.WriteLine('one')
        do { $line = $process.StandardOutput.ReadLine() } until ($line -match '^No answer within 0\.05 s\. ' -or $null -eq $line)
        $line | Should -Not -BeNullOrEmpty
        $process.StandardInput.WriteLine('two')
        do { $line = $process.StandardOutput.ReadLine() } until ($line -match 'late' -or $null -eq $line)
        $line | Should -Match 'late$'
        $process.StandardInput.WriteLine('three')
        $said = Wait-Conversation $process
        $said | Should -Match '(?s)bye\r?\n.*closed the connection.*failed: 0\s*$'
        $said | Should -Not -Match 'No answer within| ms\)'
    }

    It 'says at /close that the server has ended its side too, also where it does so at once' {
        $server = Start-EchoServer -Framing Line
        $process = Start-Conversation "Enter-EchoSession -Port $($server.Port); 'over'"
        foreach ($line in 'one', '/close') { $process.StandardInput.WriteLine($line) }
        Wait-Conversation $process | Should -Match '(?s)one.*has ended its side too, after this one.*over\s*$'
    }

    It 'goes on after /close with what only this side has ended' {
        $listener = [Net.Sockets.TcpListener]::new([ipaddress]::Loopback, 0)
        $listener.Start()
        try {
            $process = Start-Conversation "Enter-EchoSession -Port $($listener.LocalEndpoint.Port) -ErrorVariable failed 2>`$null; `$failed.FullyQualifiedErrorId; 'over'"
            foreach ($line in '/close', 'not sent', '/quit') { $process.StandardInput.WriteLine($line) }
            $client = $listener.AcceptTcpClient()
            $client.ReceiveTimeout = 30000
            $client.GetStream().ReadByte() | Should -Be -1
            Wait-Conversation $process | Should -Match '(?s)SessionHalfClosed,PSSocketTools.Commands.EnterEchoSessionCommand\s+over\s*$'
        }
        finally {
            if ($client) { $client.Dispose() }
            $listener.Stop()
        }
    }

    It 'takes a server from the pipeline' {
        $process = Start-Conversation "Start-EchoServer -Transform Upper | Enter-EchoSession; 'over'"
        $process.StandardInput.WriteLine('oi')
        $process.StandardInput.WriteLine('/quit')
        Wait-Conversation $process | Should -Match '(?s)OI  \(.+ ms\).*over\s*$'
    }

    It 'waits with -WaitSec for a server that comes later' {
        $port = (Find-AvailablePort).Port
        $process = Start-Conversation "'trying'; Enter-EchoSession -Port $port -WaitSec 30; 'over'"
        do { $line = $process.StandardOutput.ReadLine() } until ($line -eq 'trying' -or $null -eq $line)
        $null = Start-EchoServer $port
        $process.StandardInput.WriteLine('oi')
        $process.StandardInput.WriteLine('/quit')
        Wait-Conversation $process | Should -Match '(?s)oi  \(.+ ms\).*over\s*$'
    }

    It 'says of a server that has stopped that it has' {
        $server = Start-EchoServer
        $server | Stop-EchoServer
        $failure = { Enter-EchoSession -Server $server } | Should -Throw -PassThru
        Assert-Error @($failure) ServerStopped InvalidOperation
        $failure.TargetObject | Should -Be $server
    }

    It 'gives the prompt back at once when the server is lost, and says so' {
        $server = Start-EchoServer
        $process = Start-Conversation "Enter-EchoSession -Port $($server.Port); 'over'"
        $process.StandardInput.WriteLine('oi')
        $null = $server | Wait-EchoServer ResponseSent
        $server | Stop-EchoServer
        # Its input is still open, and brings nothing.
        Wait-Conversation $process | Should -Match '(?s)oi  \(.+ ms\).*(localhost:\d+|Connect-EchoServer).*over\s*$'
    }

    It 'says so too when the server closes after its response' {
        $server = Start-EchoServer -ExitCommand fim -Farewell tchau
        $process = Start-Conversation "Enter-EchoSession -Port $($server.Port); 'over'"
        $process.StandardInput.WriteLine('fim')
        Wait-Conversation $process | Should -Match '(?s)tchau  \(.+ ms\).*(localhost:\d+|Connect-EchoServer).*over\s*$'
    }

    It 'says what ended a conversation in the middle of an exchange, once' {
        $server = Start-BareServer { $null = Receive; $Socket.LingerState = [Net.Sockets.LingerOption]::new($true, 0) }
        $process = Start-Conversation "Enter-EchoSession -Port $($server.Port) -ErrorVariable failed 2>`$null; `$failed.FullyQualifiedErrorId; 'over'"
        $process.StandardInput.WriteLine('oi')
        $said = Wait-Conversation $process
        $said | Should -Match '(?s)ConnectionReset,PSSocketTools.Commands.EnterEchoSessionCommand\s+over\s*$'
        $said | Should -Not -Match 'Connect-EchoServer'
    }

    It 'gives <Id> for what its help says' -Tag Core -ForEach @(
        @{ Id = 'ServerClosed'; Server = { Start-BareServer { $null = Receive } } }
        @{ Id = 'ResponseTimeout'; Server = { $listener.Start(); [pscustomobject]@{ Port = $listener.LocalEndpoint.Port } }; Line = 'x' * 32MB }
        @{ Id = 'TlsFailed'; Server = { Start-EchoServer -SelfSigned } }
        @{ Id = 'MessageNotCarried'; Server = { Start-EchoServer -Encoding utf-16 }; Options = '-Encoding utf-16' }
    ) {
        # It accepts nobody, so that nothing reads what is sent to it.
        $listener = [Net.Sockets.TcpListener]::new([ipaddress]::Loopback, 0)
        try {
            $server = & $Server
            $limit = if ($Id -eq 'ResponseTimeout') { 0.05 } else { 30 }
            $process = Start-Conversation "Enter-EchoSession -ComputerName 127.0.0.1 -Port $($server.Port) -ResponseTimeoutSec $limit $Options -ErrorVariable failed 2>`$null; `$failed.FullyQualifiedErrorId; 'over'"
            # U+0A0A has the bytes of two line ends in UTF-16.
            $process.StandardInput.WriteLine($(if ($Line) { $Line } else { "o$([char] 0x0A0A)i" }))
            if ($Id -eq 'MessageNotCarried') { $process.StandardInput.WriteLine('/quit') }
            Wait-Conversation $process | Should -Match "(?s)(^|\n)$Id,PSSocketTools.Commands.EnterEchoSessionCommand\s+over\s*$"
        }
        finally {
            $listener.Stop()
        }
    }

    It 'leaves the lines that come after a server was lost to what comes next' {
        $server = Start-EchoServer
        $process = Start-Conversation "Enter-EchoSession -Port $($server.Port); 'lost'; Enter-EchoSession -Port $((Start-EchoServer -Transform Upper).Port); 'over'"
        $process.StandardInput.WriteLine('oi')
        $null = $server | Wait-EchoServer ResponseSent
        $server | Stop-EchoServer
        do { $line = $process.StandardOutput.ReadLine() } until ($line -eq 'lost' -or $null -eq $line)
        $process.StandardInput.WriteLine('depois')
        $process.StandardInput.WriteLine('/quit')
        Wait-Conversation $process | Should -Match '(?s)DEPOIS  \(.+ ms\).*over\s*$'
    }

    It 'ends at once on Ctrl+C, whether it waits for <What>' -ForEach @(
        @{ What = 'a line'; Line = $null; Event = 'Connected' }
        @{ What = 'an answer'; Line = 'oi'; Event = 'MessageReceived' }
    ) {
        $process = Start-Conversation @"
            `$server = Start-EchoServer -NoResponse
            `$shell = [powershell]::Create().AddScript('param(`$Manifest, `$Server) Import-Module `$Manifest; Enter-EchoSession -Server `$Server').
                AddArgument('$manifest').AddArgument(`$server)
            `$null = `$shell.BeginInvoke()
            `$null = `$server | Wait-EchoServer $Event
            `$watch = [Diagnostics.Stopwatch]::StartNew()
            `$shell.Stop()
            `$watch.Elapsed.TotalSeconds -lt 10
            (`$server | Wait-EchoServer Disconnected).Kind
"@
        if ($Line) { $process.StandardInput.WriteLine($Line) }
        Wait-Conversation $process | Should -Match '^True\s+Disconnected\s*$'
    }

    It 'refuses a session that has ended' {
        $server = Start-EchoServer
        $session = $server | Connect-EchoServer
        $session | Disconnect-EchoServer
        $session | Enter-EchoSession -ErrorVariable failed -ErrorAction SilentlyContinue
        Assert-Error $failed SessionClosed InvalidOperation
        $failed[0].TargetObject | Should -Be $session
    }

    It 'leaves a session it was given open' {
        $server = Start-EchoServer
        $said = 'oi', '/quit' |
            & $pwsh @pwshArguments -NoProfile -Command ". '$PSScriptRoot/English.ps1'; Import-Module '$manifest'; `$s = Connect-EchoServer -Port $($server.Port); `$s | Enter-EchoSession; `$s.State"
        $said[-1] | Should -Be 'Open'
    }
}
