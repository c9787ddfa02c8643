# Peers that end their messages in other ways than with LF: in Python, and ncat. They are programs of their own, so that nothing of
# this module is on their side.
BeforeDiscovery {
    $onLinux = $PSEdition -eq 'Core' -and $IsLinux
    $python = if ($onLinux) { Get-Command python3 -CommandType Application -ErrorAction Ignore }
    $ncat = if ($onLinux) { Get-Command ncat -CommandType Application -ErrorAction Ignore }
    # Hexadecimal, as the peers take it.
    $peers = @(
        @{ Name = 'NUL behind each message'; Start = ''; End = '00'; Delimiter = "`0" }
        @{ Name = 'STX before and ETX behind'; Start = '02'; End = '03'; Delimiter = 0x03 }
        @{ Name = 'two bytes, DLE and ETX'; Start = ''; End = '1003'; Delimiter = 0x10, 0x03 }
    )
}

BeforeAll {
    Import-Module "$PSScriptRoot/../../PSSocketTools.psd1" -Force
    . "$PSScriptRoot/English.ps1"
    . "$PSScriptRoot/BareClient.ps1"
    $program = "$PSScriptRoot/peers.py"
    $running = [Collections.Generic.List[Diagnostics.Process]]::new()

    # A server of peers.py; its port.
    function Start-PythonServer {
        $start = [Diagnostics.ProcessStartInfo]::new('python3')
        foreach ($argument in @($program) + $args) { $start.ArgumentList.Add($argument) }
        $start.RedirectStandardOutput = $true
        $process = [Diagnostics.Process]::Start($start)
        $running.Add($process)
        [int] $process.StandardOutput.ReadLine()
    }
}

Describe 'A peer that ends its messages in its own way' {
    AfterEach {
        Get-EchoSession | Disconnect-EchoServer
        Clear-Bare
        foreach ($process in $running) {
            # It ends by itself when its client has left.
            if (-not $process.WaitForExit(20000)) { $process.Kill() }
            $process.Dispose()
        }
        $running.Clear()
    }

    if ($python) {
        # The framings that README and about_PSSocketTools_Framing name for them.
        Context 'not at all, as the servers of courses' {
            It 'is a bare <Kind>, answered with -Framing <Framing>' -ForEach @(
                @{ Kind = 'once'; Framing = 'None'; Messages = , 'hello'; Answers = , 'hello' }
                @{ Kind = 'loop'; Framing = 'None'; Messages = 'hello', 'and more'; Answers = 'Echo: hello', 'Echo: and more' }
                @{ Kind = 'upper'; Framing = 'None'; Messages = 'hello', 'more'; Answers = 'HELLO', 'MORE' }
                @{ Kind = 'upper'; Framing = 'Line'; Messages = 'hello', 'more'; Answers = 'HELLO', 'MORE' }
                @{ Kind = 'fixed'; Framing = 'None'; Messages = , 'hello'; Answers = , "Ol$([char] 0xE1) do servidor" }
                @{ Kind = 'lines'; Framing = 'Line'; Messages = 'hello', 'more'; Answers = '5', '4' }
            ) {
                $session = Connect-EchoServer 127.0.0.1 (Start-PythonServer course-server $Kind) -Framing $Framing
                foreach ($i in 0..($Messages.Count - 1)) {
                    $answer = $Messages[$i] | Send-SocketMessage -Session $session
                    $answer.Response, $answer.Complete | Should -Be $Answers[$i], $true
                }
            }

            It 'is one that answers without a line end, and the error says what to try' {
                $session = Connect-EchoServer 127.0.0.1 (Start-PythonServer course-server loop)
                'hello' | Send-SocketMessage -Session $session -ResponseTimeoutSec 1 -ErrorVariable failed -ErrorAction SilentlyContinue
                $failed[0].FullyQualifiedErrorId | Should -BeLike 'ResponseTimeout,*'
                $failed[0].Exception.Message | Should -BeLike '*11 bytes have arrived*-Framing None.'
            }

            It 'is one that closes without a line end, and what came is the answer, not complete' {
                $session = Connect-EchoServer 127.0.0.1 (Start-PythonServer course-server fixed)
                $answer = 'hello' | Send-SocketMessage -Session $session
                $answer.Response, $answer.Complete | Should -Be "Ol$([char] 0xE1) do servidor", $false
            }

            It 'is one that waits for a line end, which -Framing None does not send' {
                $session = Connect-EchoServer 127.0.0.1 (Start-PythonServer course-server lines) -Framing None
                'hello' | Send-SocketMessage -Session $session -ResponseTimeoutSec 0.3 -ErrorVariable failed -ErrorAction SilentlyContinue
                $failed[0].Exception.Message | Should -BeLike '*another end of the message than None framing sends*-Framing*'
            }
        }

        Context 'with CRLF' {
            It 'is smtplib, which sends a mail to a server of a few lines' {
                $state = [hashtable]::Synchronized(@{ InData = $false; Mail = [Collections.Generic.List[string]]::new() })
                $smtp = @{
                    Framing = 'Line'; LineEnding = 'CrLf'; Greeting = '220 lab.example ready'; ExitCommand = 'QUIT'; Farewell = '221 bye'
                    Responder = {
                        $state = $using:state
                        if ($state.InData) {
                            if ($_ -ne '.') { $state.Mail.Add($_); return }
                            $state.InData = $false
                            return '250 queued'
                        }
                        switch -Wildcard ($_) {
                            'EHLO *' { '250-lab.example'; '250 8BITMIME' }
                            'MAIL FROM:*' { '250 ok' }
                            'RCPT TO:*' { '250 ok' }
                            'DATA' { $state.InData = $true; '354 go on' }
                            'NOOP' { '250 ok' }
                            default { '500 what?' }
                        }
                    }
                }
                $server = Start-EchoServer @at @smtp
                $said = python3 $program smtp-client $server.Address $server.Port
                $said | Should -Be "b'lab.example\n8BITMIME'", "(250, b'ok')", "(221, b'bye')"
                $state.Mail | Should -Be 'Subject: hi', '', 'one', '...two'
                ($server | Wait-EchoServer -Kind Disconnected).Reason | Should -Be 'ExitCommand'
            }

            It 'is a server that insists on it' {
                $session = Connect-EchoServer -Port (Start-PythonServer crlf-server) -LineEnding CrLf
                ($session | Receive-SocketMessage).Response | Should -BeExactly '220 ready'
                $answers = 'NOOP', "ends in CR`r", 'QUIT' | Send-SocketMessage -Session $session -Window 3
                $answers.Response | Should -BeExactly '250 4', '250 11', '221 bye'
            }

            It 'is a server that insists on it, and refuses LF' {
                $session = Connect-EchoServer -Port (Start-PythonServer crlf-server)
                ($session | Receive-SocketMessage).Response | Should -BeExactly '220 ready'
                ('NOOP' | Send-SocketMessage -Session $session).Response | Should -BeExactly '500 end lines with CRLF'
            }
        }

        Context 'with <Name>' -ForEach $peers {
            It 'is a client, whose messages come in one piece and byte by byte' {
                $stx = [string] [char] 2
                $server = Start-EchoServer @at -Delimiter $Delimiter -Responder { $_.ToUpperInvariant() }
                $said = python3 $program delimited-client $server.Address $server.Port $Start $End one "two`nlines" ''
                $said | Should -BeExactly ONE, TWO, LINES, '', ONE, TWO, LINES, ''
                $null = $server | Wait-EchoServer -Kind Disconnected
                $server.MessagesReceived | Should -Be 6
                $first = @($server | Get-EchoServerEvent -Kind MessageReceived)[0].Message
                $first | Should -BeExactly $(if ($Start) { "$($stx)one" } else { 'one' })
            }

            It 'is a server, whose answers come byte by byte' {
                $stx = if ($Start) { [string] [char] 2 } else { '' }
                $session = Connect-EchoServer -Port (Start-PythonServer delimited-server $Start $End) -Delimiter $Delimiter
                $answers = 'one', "two`nlines", '' | ForEach-Object { "$stx$_" } | Send-SocketMessage -Session $session -Window 3
                $answers.Response | Should -BeExactly "$($stx)ONE", "$($stx)TWO`nLINES", $stx
                $answers.Complete | Should -Be $true, $true, $true
                $failed = @()
                "a$(-join [char[]] [Convert]::FromHexString($End))b" | Send-SocketMessage -Session $session -ErrorVariable failed -ErrorAction SilentlyContinue
                $failed[0].FullyQualifiedErrorId | Should -BeLike 'MessageNotCarried,*'
            }
        }
    }

    if ($ncat) {
        It 'is ncat -C, whose lines end in CRLF and whose answers do' {
            $server = Start-EchoServer @at -Framing Line -LineEnding CrLf -Greeting hi -ResponseFormat '<{0}>'
            $answers = Join-Path $TestDrive 'ncat.txt'
            sh -c "printf 'one\ntwo\n' | ncat -C $($server.Address) $($server.Port) > '$answers'"
            [IO.File]::ReadAllText($answers) | Should -BeExactly "hi`r`n<one>`r`n<two>`r`n"
            $null = $server | Wait-EchoServer -Kind Disconnected
            $server.BytesReceived | Should -Be 10
            ($server | Get-EchoServerEvent -Kind MessageReceived).Message | Should -Be one, two
        }
    }
}
