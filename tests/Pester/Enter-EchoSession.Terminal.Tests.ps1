BeforeDiscovery {
    # What a user types into: a pseudo-terminal, which Python makes.
    $python = Get-Command python3 -CommandType Application -ErrorAction Ignore
}

if ($python) {
    Describe 'Enter-EchoSession in a terminal' -Tag Linux {
        BeforeAll {
            Import-Module "$PSScriptRoot/../../PSSocketTools.psd1" -Force
            . "$PSScriptRoot/SamePowerShell.ps1"
            . "$PSScriptRoot/Terminal.ps1"
            $manifest = (Resolve-Path "$PSScriptRoot/../../PSSocketTools.psd1").Path

            # Begins a conversation, which has said how to leave and shows its prompt.
            function Enter-Conversation($Terminal, [int] $Port, [string] $Options) {
                Send-Terminal $Terminal "Enter-EchoSession 127.0.0.1 $Port $Options`r"
                $null = Wait-Terminal $Terminal 'To leave: .*/quit\. Other commands: /help\.'
                $null = Wait-Terminal $Terminal "\[127\.0\.0\.1:$Port\]: "
            }

            # The shell is as it was: it runs what is typed, and its own editor has its keys.
            function Assert-Shell($Terminal) {
                Send-Terminal $Terminal "'al' + 'ive'`r"
                $null = Wait-Terminal $Terminal 'alive'
                $null = Wait-Terminal $Terminal 'ready> '
                Send-Terminal $Terminal "$([char] 27)[A`r"
                $null = Wait-Terminal $Terminal 'alive'
                $null = Wait-Terminal $Terminal 'ready> '
            }
        }

        AfterEach {
            Stop-Terminal
            Get-EchoServer | Stop-EchoServer -Force
        }

        It 'sends each line as it is <How>, at <Columns> columns, and none comes into the history' -ForEach @(
            foreach ($columns in 80, 40) { foreach ($how in 'typed', 'pasted') { @{ How = $how; Columns = $columns } } }
        ) {
            $server = Start-EchoServer -Framing Line -Address 127.0.0.1
            $family = -join (0x1F468, 0x200D, 0x1F469, 0x200D, 0x1F467 | ForEach-Object { [char]::ConvertFromUtf32($_) })
            $lines = @(
                "copo d'agua", "don't (yet", '{ "a": [1,', ':(', '$(Get-Date) | % { "', '/nick ana', ''
                "a$([char] 0xE7)$([char] 0xE3)o cora$([char] 0xE7)a$([char] 0x303)o", "$family $([char]::ConvertFromUtf32(0x1F600))!", "$([char] 0x6F22)$([char] 0x5B57) $([char] 0xFF21)"
                (-join (1..60 | ForEach-Object { "$_ " })) + 'end'
            )
            $terminal = Start-Terminal $Columns $manifest
            Enter-Conversation $terminal $server.Port
            if ($How -eq 'pasted') {
                Send-Terminal $terminal (($lines -join "`r") + "`r")
                foreach ($line in $lines) { $null = Wait-Terminal $terminal '\([\d.]+ ms\)' }
            }
            else {
                foreach ($line in $lines) {
                    # Each character when the one before it is shown.
                    $elements = [Globalization.StringInfo]::GetTextElementEnumerator($line)
                    while ($elements.MoveNext()) {
                        Send-Terminal $terminal $elements.Current
                        $null = Wait-Terminal $terminal "\[127\.0\.0\.1:\d+\]: .*"
                    }
                    Send-Terminal $terminal "`r"
                    $null = Wait-Terminal $terminal '\([\d.]+ ms\)'
                }
            }
            Send-Terminal $terminal "/quit`r"
            $null = Wait-Terminal $terminal 'ready> '
            @(Get-EchoServerEvent -Server $server -Kind MessageReceived | ForEach-Object { "$($_.Message)" }) | Should -BeExactly $lines

            Assert-Shell $terminal
            $history = Get-TerminalHistory $terminal
            $history | Should -Match 'Enter-EchoSession' -Because 'else the history is somewhere else'
            foreach ($line in $lines -ne '') { $history | Should -Not -Match ([regex]::Escape($line)) }
            $history | Should -Not -Match '/quit'
        }

        It 'scrolls a long line on its row, and edits it, through changes of the terminal''s size' {
            $server = Start-EchoServer -Framing Line -Address 127.0.0.1
            $terminal = Start-Terminal 40 $manifest
            Enter-Conversation $terminal $server.Port
            Send-Terminal $terminal 'the middle of this line is missing here'
            $null = Wait-Terminal $terminal ']: <.*here'
            Resize-Terminal $terminal 100 30
            $null = Wait-Terminal $terminal ']: the middle of this line is missing here'
            Resize-Terminal $terminal 5 3
            $null = Wait-Terminal $terminal "`r"
            Resize-Terminal $terminal 60 30
            # Home, two words on, what was missing; then the end, and a word off it.
            Send-Terminal $terminal "$([char] 1)$([char] 27)f$([char] 27)f not$([char] 5)$([char] 23)now`r"
            $null = Wait-Terminal $terminal 'the middle not of this line is missing now  \('
            (Get-EchoServerEvent -Server $server -Kind MessageReceived).Message | Should -BeExactly 'the middle not of this line is missing now'
        }

        It 'shows what comes unasked above the line that is being typed' {
            $listener = [Net.Sockets.TcpListener]::new([ipaddress]::Loopback, 0)
            $listener.Start()
            try {
                $terminal = Start-Terminal 80 $manifest
                Enter-Conversation $terminal $listener.LocalEndpoint.Port
                $client = $listener.AcceptTcpClient()
                $client.ReceiveTimeout = 60000
                $stream = $client.GetStream()
                Send-Terminal $terminal 'half a'
                $null = Wait-Terminal $terminal ']: half a'
                $unasked = [Text.Encoding]::UTF8.GetBytes("evil$([char] 27)[31m`n")
                $stream.Write($unasked, 0, $unasked.Length)
                $null = Wait-Terminal $terminal "evil\.\[31m\r?\n[^\n]*]: half a"
                Send-Terminal $terminal " line`r"
                [IO.StreamReader]::new($stream).ReadLine() | Should -BeExactly 'half a line'
            }
            finally {
                if ($client) { $client.Dispose() }
                $listener.Stop()
            }
        }

        It 'waits for an answer no longer than until somebody types on, and then for none' {
            $server = Start-EchoServer -Broadcast
            $other = $server | Connect-EchoServer
            $terminal = Start-Terminal 120 $manifest
            Enter-Conversation $terminal $server.Port
            Send-Terminal $terminal "hello`r"
            $null = Wait-Terminal $terminal 'No answer yet\.'
            Send-Terminal $terminal "again`r"
            $null = Wait-Terminal $terminal ']: again'
            (Receive-SocketMessage $other -Count 2).Response | Should -BeExactly 'hello', 'again'
            Send-SocketMessage 'from another' -Session $other | Out-Null
            Wait-Terminal $terminal 'from another\r?\n[^\n]*]: ' | Should -Not -Match ' ms\)'
            $other | Disconnect-EchoServer
            $server | Stop-EchoServer
            $null = Wait-Terminal $terminal 'ready> '
        }

        It 'gives the prompt back when the server goes, and the next key to the shell' {
            $server = Start-EchoServer -Address 127.0.0.1
            $terminal = Start-Terminal 80 $manifest
            Enter-Conversation $terminal $server.Port
            $server | Stop-EchoServer
            Wait-Terminal $terminal 'ready> ' | Should -Match '127\.0\.0\.1:\d+ closed the connection'
            Assert-Shell $terminal
        }

        It 'runs nothing of what is typed when the server goes: <What>' -ForEach @(
            @{ What = 'a line that was begun' }, @{ What = 'lines behind one that has no answer' }, @{ What = 'pasted lines behind the last' }
        ) {
            $file = Join-Path $TestDrive ([guid]::NewGuid().ToString('n'))
            $options = if ($What -match 'no answer') { @{ NoResponse = $true } } elseif ($What -match 'pasted') { @{ ExitCommand = 'bye'; Farewell = 'tchau' } } else { @{} }
            $server = Start-EchoServer -Framing Line -Address 127.0.0.1 @options
            $terminal = Start-Terminal 80 $manifest
            Enter-Conversation $terminal $server.Port
            switch -Wildcard ($What) {
                'a line*' {
                    Send-Terminal $terminal 'x'
                    $null = Wait-Terminal $terminal ']: x'
                    $server | Stop-EchoServer -Force
                    Send-Terminal $terminal "New-Item '$file'`r"
                }
                'lines*' {
                    Send-Terminal $terminal "hello`rNew-Item '$file'`rNew-Item '$file'`r"
                    $null = $server | Wait-EchoServer MessageReceived
                    $server | Stop-EchoServer -Force
                }
                'pasted*' { Send-Terminal $terminal "bye`rNew-Item '$file'`rNew-Item '$file'`r" }
            }
            $null = Wait-Terminal $terminal 'ready> '
            Assert-Shell $terminal
            $file | Should -Not -Exist
            Get-TerminalHistory $terminal | Should -Not -Match 'New-Item'
        }

        It 'ends at once on <Key>, and says nothing of it to the shell' -ForEach @(
            @{ Key = 'Ctrl+C'; Typed = "New-Item x$([char] 3)" }, @{ Key = 'Ctrl+D'; Typed = "ab$([char] 21)$([char] 4)" }
        ) {
            $server = Start-EchoServer -Address 127.0.0.1
            $terminal = Start-Terminal 80 $manifest
            Enter-Conversation $terminal $server.Port
            Send-Terminal $terminal $Typed
            $null = Wait-Terminal $terminal 'ready> '
            ($server | Wait-EchoServer Disconnected).Reason | Should -Be 'ClientClosed'
            Assert-Shell $terminal
            Get-TerminalHistory $terminal | Should -Not -Match 'New-Item'
        }

        It 'ends with the terminal' {
            $server = Start-EchoServer -Address 127.0.0.1
            $terminal = Start-Terminal 80 $manifest
            Enter-Conversation $terminal $server.Port
            Send-Terminal $terminal 'begun'
            $null = Wait-Terminal $terminal ']: begun'
            $terminal.Process.StandardInput.WriteLine('{ "hangUp": true }')
            $terminal.Process.WaitForExit(60000) | Should -BeTrue
            ($server | Wait-EchoServer Disconnected).Kind | Should -Be 'Disconnected'
        }
    }
}
