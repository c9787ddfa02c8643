# The hand-written servers of courses and checks, each replaced by one Start-EchoServer line. Their ports are fixed and may be
# taken on a machine that runs tests, so that here the system picks.
BeforeAll {
    Import-Module "$PSScriptRoot/../../PSSocketTools.psd1" -Force
    . "$PSScriptRoot/English.ps1"
    . "$PSScriptRoot/BareClient.ps1"
}

Describe 'The hand-written servers' {
    AfterEach { Clear-Bare }

    Context 'one client at a time, "Echo: `<message`>" (localhost:5050)' {
        BeforeEach {
            $server = Start-EchoServer @at -Sequential -ResponseFormat 'Echo: {0}'
        }

        It 'answers the first client and leaves the second in the backlog until the first disconnects' {
            $first = Connect-Bare $server
            Invoke-Bare $first 'hello' | Should -BeExactly 'Echo: hello'
            $second = Connect-Bare $server
            Send-Bare $second 'and me?'
            Invoke-Bare $first 'still here' | Should -BeExactly 'Echo: still here'
            $second.Available | Should -Be 0
            $server.ActiveConnections | Should -Be 1
            $server.TotalConnections | Should -Be 1
            $server.WaitingConnections | Should -BeIn 1, $null -Because 'not every system tells'

            Close-Bare $first
            Receive-Bare $second | Should -BeExactly 'Echo: and me?'
            $server.TotalConnections | Should -Be 2
            Close-Bare $second
            $null = $server | Wait-EchoServer -Kind Disconnected -Count 2
            ($server | Get-EchoServerEvent -Kind Connected, MessageReceived, Disconnected | ForEach-Object { "$($_.ConnectionId) $($_.Kind) $($_.Message)".Trim() }) |
                Should -Be '1 Connected', '1 MessageReceived hello', '1 MessageReceived still here', '1 Disconnected',
                    '2 Connected', '2 MessageReceived and me?', '2 Disconnected'
        }

        It 'serves waiting clients in the order of connecting' {
            $clients = 1..4 | ForEach-Object {
                $client = Connect-Bare $server
                Send-Bare $client "client $_"
                $client
            }
            foreach ($i in 0..3) {
                Receive-Bare $clients[$i] | Should -BeExactly "Echo: client $($i + 1)"
                Close-Bare $clients[$i]
            }
            $events = $server | Wait-EchoServer -Kind Connected, Disconnected -Count 8
            ($events | ForEach-Object Kind) -join ' ' | Should -Be ((1..4 | ForEach-Object { 'Connected Disconnected' }) -join ' ')
        }

        It 'logs the connection with address and time, the message, and the disconnection with time' {
            $before = (Get-Date).AddSeconds(-1)
            $client = Connect-Bare $server
            $null = Invoke-Bare $client 'hello'
            $clientAddress, $clientPort = $client.LocalEndPoint.Address.ToString(), $client.LocalEndPoint.Port
            Close-Bare $client
            $null = $server | Wait-EchoServer -Kind Disconnected
            $connected, $message, $answer, $disconnected = $server | Get-EchoServerEvent | Where-Object ConnectionId -eq 1
            $connected.Kind | Should -Be 'Connected'
            $connected.RemoteAddress | Should -Be $clientAddress
            $connected.RemotePort | Should -Be $clientPort
            $connected.Timestamp | Should -BeGreaterThan $before
            $message.Message | Should -BeExactly 'hello'
            $answer.Message | Should -BeExactly 'Echo: hello'
            $disconnected.Kind | Should -Be 'Disconnected'
            $disconnected.Reason | Should -Be 'ClientClosed'
            $disconnected.Timestamp | Should -BeGreaterOrEqual $connected.Timestamp
            $disconnected.DurationMilliseconds | Should -BeGreaterThan 0
        }

        It 'answers one that sends, half-closes and reads to the end' {
            Get-BareAnswer $server 'hello' | Should -BeExactly 'Echo: hello'
        }

        It 'survives one that closes without reading, and serves the next' {
            $rude = Connect-Bare $server
            Send-Bare $rude 'bye'
            Close-Bare $rude
            $polite = Connect-Bare $server
            Invoke-Bare $polite 'hello' | Should -BeExactly 'Echo: hello'
        }
    }

    Context 'many clients at once, "Echo: `<message`>" (localhost:5050)' {
        It 'answers each beside the others' {
            $server = Start-EchoServer @at -ResponseFormat 'Echo: {0}'
            $clients = 1..20 | ForEach-Object { Connect-Bare $server }
            foreach ($i in 19..0) { Send-Bare $clients[$i] "message $i" }
            foreach ($i in 0..19) { Receive-Bare $clients[$i] | Should -BeExactly "Echo: message $i" }
            $server.ActiveConnections | Should -Be 20
            foreach ($client in $clients) { Close-Bare $client }
            $null = $server | Wait-EchoServer -Kind Disconnected -Count 20
            $server.ActiveConnections | Should -Be 0
        }

        It 'answers one that half-closes, and survives one that closes without reading' {
            $server = Start-EchoServer @at -ResponseFormat 'Echo: {0}'
            $rude = Connect-Bare $server
            Send-Bare $rude 'bye'
            Close-Bare $rude
            Get-BareAnswer $server 'hello' | Should -BeExactly 'Echo: hello'
        }
    }

    Context 'one at a time, "Servidor recebeu: ''`<message`>''", and "sair" (127.0.0.1:65432)' {
        BeforeEach {
            $server = Start-EchoServer @at -Sequential -ResponseFormat "Servidor recebeu: '{0}'" -ExitCommand sair -Farewell 'Servidor: Desconectando...'
        }

        It 'answers and says farewell to "<_>"' -ForEach 'sair', 'SAIR', 'Sair' {
            $client = Connect-Bare $server
            Invoke-Bare $client 'olá' | Should -BeExactly "Servidor recebeu: 'olá'"
            Send-Bare $client $_
            Read-Bare $client | Should -BeExactly 'Servidor: Desconectando...'
            ($server | Wait-EchoServer -Kind Disconnected).Reason | Should -Be 'ExitCommand'
        }

        It 'answers a message that only holds the word' {
            $client = Connect-Bare $server
            Invoke-Bare $client 'quero sair daqui' | Should -BeExactly "Servidor recebeu: 'quero sair daqui'"
        }

        It 'reports a client that resets, and serves the next' {
            $client = Connect-Bare $server
            $null = Invoke-Bare $client 'olá'
            Reset-Bare $client
            ($server | Wait-EchoServer -Kind Disconnected).Reason | Should -Be 'Reset'
            Get-BareAnswer $server 'eu' | Should -BeExactly "Servidor recebeu: 'eu'"
        }

        It 'is not disturbed by one that sends "sair" and disconnects without reading' {
            foreach ($i in 1..10) {
                $client = Connect-Bare $server
                Send-Bare $client 'sair'
                Close-Bare $client
            }
            Get-BareAnswer $server 'eu' | Should -BeExactly "Servidor recebeu: 'eu'"
            $ends = $server | Wait-EchoServer -Kind Disconnected -Count 11
            $server.TotalConnections | Should -Be 11
            $ends.Reason | Select-Object -First 10 | Should -BeIn 'ExitCommand', 'Reset', 'ClientClosed'
        }

        It 'answers the rest to one that half-closes after several messages' {
            $client = Connect-Bare $server
            $null = Invoke-Bare $client 'um'
            Send-Bare $client 'sair'
            Close-BareOutput $client
            Read-Bare $client | Should -BeExactly 'Servidor: Desconectando...'
        }
    }

    Context 'never answers, and reports ports, bytes and messages (127.0.0.1:9999)' {
        It 'receives a 28-byte message in parts of a 5-byte buffer' {
            $server = Start-EchoServer @at -NoResponse -Framing None -BufferSize 5
            $client = Connect-Bare $server
            Send-Bare $client 'abcdefghijklmnopqrstuvwxyz12'
            $clientPort = $client.LocalEndPoint.Port
            Close-BareOutput $client
            Read-Bare $client | Should -BeExactly ''
            $null = $server | Wait-EchoServer -Kind Disconnected
            $pieces = $server | Get-EchoServerEvent -Kind MessageReceived
            $pieces.Bytes | Should -Be 5, 5, 5, 5, 5, 3
            -join $pieces.Message | Should -BeExactly 'abcdefghijklmnopqrstuvwxyz12'
            $pieces.RemotePort | Select-Object -Unique | Should -Be $clientPort
            $server | Get-EchoServerEvent -Kind ResponseSent | Should -BeNullOrEmpty
            $server.BytesReceived | Should -Be 28
            $server.BytesSent | Should -Be 0
        }

        It 'takes the port the user chooses' {
            $port = (Find-AvailablePort @at).Port
            (Start-EchoServer $port @at -NoResponse).Port | Should -Be $port
        }

        It 'says why a bind fails' {
            $held = Start-EchoServer @at
            Start-EchoServer $held.Port @at -NoResponse -ErrorAction SilentlyContinue -ErrorVariable failure
            $failure[0].Exception.Message | Should -BeLike "*$($at.Address):$($held.Port)*in use*"
        }

        It 'reads one that closes without reading to its end' {
            $server = Start-EchoServer @at -NoResponse -Framing None -BufferSize 5
            $client = Connect-Bare $server
            Send-Bare $client 'abcdefgh'
            Close-Bare $client
            $null = $server | Wait-EchoServer -Kind Disconnected
            $server.BytesReceived | Should -Be 8
        }
    }

    Context 'one at a time, upper case, closes after one message (0.0.0.0:8080)' {
        BeforeEach {
            $server = Start-EchoServer -Address 0.0.0.0 -Sequential -Transform Upper -DisconnectAfter 1 -WarningAction SilentlyContinue
        }

        It 'answers "Olá, servidor!" with "OLÁ, SERVIDOR!" and closes' {
            $client = Connect-Bare $server
            Send-Bare $client 'Olá, servidor!'
            Read-Bare $client | Should -BeExactly 'OLÁ, SERVIDOR!'
            ($server | Wait-EchoServer -Kind Disconnected).Reason | Should -Be 'MessageLimit'
        }

        It 'answers each of several that wait' {
            $clients = 'um', 'dois', 'três' | ForEach-Object {
                $client = Connect-Bare $server
                Send-Bare $client $_
                $client
            }
            $clients | ForEach-Object { Read-Bare $_ } | Should -BeExactly 'UM', 'DOIS', 'TRÊS'
        }

        It 'answers one that half-closes, and survives one that closes without reading' {
            $rude = Connect-Bare $server
            Send-Bare $rude 'tchau'
            Close-Bare $rude
            Get-BareAnswer $server 'olá' | Should -BeExactly 'OLÁ'
        }
    }

    Context 'many at once, backlog 5, "Servidor recebeu: `<message`>", "Conexão encerrada." (0.0.0.0:8888)' {
        BeforeEach {
            $server = Start-EchoServer -Address 0.0.0.0 -Backlog 5 -ResponseFormat 'Servidor recebeu: {0}' -ExitCommand sair -Farewell 'Conexão encerrada.' -WarningAction SilentlyContinue
        }

        It 'answers many, and each that sends "sair" with its farewell' {
            $clients = 1..10 | ForEach-Object { Connect-Bare $server }
            foreach ($client in $clients) { Invoke-Bare $client 'olá' | Should -BeExactly 'Servidor recebeu: olá' }
            foreach ($client in $clients) { Send-Bare $client 'sair' }
            foreach ($client in $clients) { Read-Bare $client | Should -BeExactly 'Conexão encerrada.' }
        }

        It 'answers one that half-closes, and survives one that closes without reading' {
            $rude = Connect-Bare $server
            Send-Bare $rude 'olá'
            Close-Bare $rude
            Get-BareAnswer $server 'olá' | Should -BeExactly 'Servidor recebeu: olá'
        }

        It 'takes the same port again at once, though connections to it have just ended' {
            $port = $server.Port
            $client = Connect-Bare $server
            Send-Bare $client 'sair'
            $null = Read-Bare $client
            $server | Stop-EchoServer
            $again = Start-EchoServer $port -Address 0.0.0.0 -Backlog 5 -WarningAction SilentlyContinue -ErrorAction Stop
            Get-BareAnswer $again 'olá' | Should -BeExactly 'olá'
        }
    }

    Context 'whatever splits and joins messages on the way' {
        It '<Framing> framing, each message split at every byte boundary' -ForEach @(
            @{ Framing = 'Line'; Wire = "olá`nmundo`r`n"; Answer = "[olá]`n[mundo]`r`n" }
            @{ Framing = 'Auto'; Wire = "olá`nmundo`r`nfim"; Answer = "[olá]`n[mundo]`r`n[fim]" }
            @{ Framing = 'LengthPrefix'; Wire = "`0`0`0$([char]4)olá`0`0`0$([char]5)mundo"; Answer = "`0`0`0$([char]6)[olá]`0`0`0$([char]7)[mundo]" }
            @{ Framing = 'Delimiter'; Wire = 'olá--mun-do---fim'; Answer = '[olá]--[mun-do]--[-fim]'; Options = @{ Delimiter = '--' } }
        ) {
            # A pause longer than the peer's is none: the split must not end a message.
            $more = if ($Framing -eq 'Auto') { @{ IdleGapMilliseconds = 10000 } } elseif ($Options) { $Options } else { @{} }
            $server = Start-EchoServer @at -Framing $Framing -ResponseFormat '[{0}]' @more
            $bytes = $utf8.GetBytes($Wire)
            foreach ($cut in 1..($bytes.Length - 1)) {
                $client = Connect-Bare $server
                $client.NoDelay = $true
                Send-Bare $client $bytes[0..($cut - 1)]
                Send-Bare $client $bytes[$cut..($bytes.Length - 1)]
                Close-BareOutput $client
                Read-Bare $client | Should -BeExactly $Answer
                Close-Bare $client
            }
            $client = Connect-Bare $server
            $client.NoDelay = $true
            foreach ($byte in $bytes) { Send-Bare $client @($byte) }
            Close-BareOutput $client
            Read-Bare $client | Should -BeExactly $Answer
        }
    }
}
