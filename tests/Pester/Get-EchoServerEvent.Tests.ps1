BeforeAll {
    Import-Module "$PSScriptRoot/../../PSSocketTools.psd1" -Force
    . "$PSScriptRoot/BareClient.ps1"
    . "$PSScriptRoot/Beside.ps1"

    # A conversation of one message, to its last event.
    function Invoke-Conversation($Server, [string] $Message) {
        $null = Get-BareAnswer $Server $Message
        $null = $Server | Wait-EchoServer Disconnected -Count $Server.TotalConnections
    }
}

Describe 'Get-EchoServerEvent' {
    AfterEach {
        Clear-Beside
        Clear-Bare
    }

    Context 'reading' {
        BeforeEach {
            $server = Start-EchoServer @at -Name read
            Invoke-Conversation $server 'um'
            Invoke-Conversation $server 'dois'
        }

        It 'gives all that happened, in order and without gaps' {
            $events = $server | Get-EchoServerEvent
            $events.Kind | Should -Be (@('Started') + @('Connected', 'MessageReceived', 'ResponseSent', 'Disconnected') * 2)
            $events.Sequence | Should -Be (1..9)
            $events.ServerId | Select-Object -Unique | Should -Be $server.Id
            $events.Message | Where-Object { $_ -and $_ -notlike '*:*' } | Should -BeExactly 'um', 'um', 'dois', 'dois'
        }

        It 'gives those of a stopped server too' {
            $server | Stop-EchoServer
            $events = $server | Get-EchoServerEvent
            $events | Should -HaveCount 10
            $events[-1].Kind | Should -Be 'Stopped'
        }

        It 'finds the server by <By>' -ForEach @(
            @{ By = '-Id'; Find = { Get-EchoServerEvent -Id $server.Id } }
            @{ By = '-Name'; Find = { Get-EchoServerEvent -Name read } }
            @{ By = '-Server'; Find = { Get-EchoServerEvent $server } }
        ) {
            & $Find | Should -HaveCount 9
        }

        It 'gives those of every server where none is named' {
            $other = Start-EchoServer @at
            (Get-EchoServerEvent | Group-Object ServerId | ForEach-Object Name) | Should -Be "$($server.Id)", "$($other.Id)"
        }

        It 'keeps to the kinds of -Kind' {
            ($server | Get-EchoServerEvent -Kind Connected, Disconnected).Kind | Should -Be 'Connected', 'Disconnected', 'Connected', 'Disconnected'
        }

        It 'keeps to the latest of -Last, of the kinds asked for' {
            ($server | Get-EchoServerEvent -Last 2).Sequence | Should -Be 8, 9
            ($server | Get-EchoServerEvent -Kind MessageReceived -Last 1).Message | Should -BeExactly 'dois'
            $server | Get-EchoServerEvent -Last 100 | Should -HaveCount 9
        }

        It 'keeps to what happened -Since' {
            $events = $server | Get-EchoServerEvent
            ($server | Get-EchoServerEvent -Since $events[4].Timestamp).Sequence | Should -Contain 9
            ($server | Get-EchoServerEvent -Since $events[4].TimestampUtc).Sequence | Should -Contain 9
            $server | Get-EchoServerEvent -Since ([DateTimeOffset]::Now.AddMinutes(1)) | Should -BeNullOrEmpty
            $server | Get-EchoServerEvent -Since ([DateTime]::Now.AddMinutes(-5)) | Should -HaveCount 9
        }

        It 'keeps to the texts of -Message, in any case: <Message>' -ForEach @(
            @{ Message = 'UM'; Found = 'um', 'um' }
            @{ Message = 'd*'; Found = 'dois', 'dois' }
            @{ Message = '?m', 'dois'; Found = 'um', 'um', 'dois', 'dois' }
            @{ Message = 'u'; Found = $null }
        ) {
            ($server | Get-EchoServerEvent -Message $Message).Message | Should -Be $Found
        }

        It 'finds the message of a plain echo without its line end' {
            $line = $server | Connect-EchoServer
            $null = $line | Send-SocketMessage 'quatro'
            ($server | Get-EchoServerEvent -Kind MessageReceived -Message quatro).Bytes | Should -Be 7
            $line | Disconnect-EchoServer
        }

        It 'keeps to the connections of -ConnectionId' {
            ($server | Get-EchoServerEvent -ConnectionId 2).Sequence | Should -Be (6..9)
            ($server | Get-EchoServerEvent -ConnectionId 1, 2 -Kind Connected).ConnectionId | Should -Be 1, 2
            $server | Get-EchoServerEvent -ConnectionId 3 | Should -BeNullOrEmpty
        }

        It 'keeps to the clients of -RemoteAddress' {
            $server | Get-EchoServerEvent -RemoteAddress 127.0.0.0/8 | Should -HaveCount 8
            $server | Get-EchoServerEvent -RemoteAddress 10.0.0.1, ::1 | Should -BeNullOrEmpty
        }

        It 'begins -After <What>' -ForEach @(
            @{ What = 'an event'; After = { $events[4] } }
            @{ What = 'its number'; After = { $events[4].Sequence } }
            @{ What = 'its number as text'; After = { "$($events[4].Sequence)" } }
            @{ What = 'an event that came through a remoting hop'; After = { [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize($events[4])) } }
        ) {
            $events = $server | Get-EchoServerEvent
            ($server | Get-EchoServerEvent -After (& $After)).Sequence | Should -Be (6..9)
            ($server | Get-EchoServerEvent -After (& $After) -Last 1).Sequence | Should -Be 9
            ($server | Get-EchoServerEvent -After (& $After) -Last 100).Sequence | Should -Be (6..9)
        }

        It 'begins -After a time, which several servers have in common' {
            $last = $server | Get-EchoServerEvent -Last 1
            foreach ($time in $last.Timestamp, $last.TimestampUtc) {
                $server | Get-EchoServerEvent -After $time | Should -BeNullOrEmpty
                ($server | Get-EchoServerEvent -After $time -Since $last.Timestamp.AddDays(-1)) | Should -BeNullOrEmpty
            }
            $other = Start-EchoServer @at
            (Get-EchoServerEvent -After $last.Timestamp).ServerId | Should -Be $other.Id
        }

        It 'refuses an event or a number for several servers, and an event of another' {
            $other = Start-EchoServer @at
            $last = $server | Get-EchoServerEvent -Last 1
            foreach ($ask in { Get-EchoServerEvent -After $last }, { Get-EchoServerEvent -After 1 }, { $other | Get-EchoServerEvent -After $last }) {
                $failure = $ask | Should -Throw -PassThru
                $failure.FullyQualifiedErrorId | Should -Be 'InvalidOption,PSSocketTools.Commands.GetEchoServerEventCommand'
                $failure.TargetObject | Should -Be 'After'
                "$failure" | Should -BeLike '*$event.Timestamp*'
            }
        }

        It 'refuses <Name> <Value>' -ForEach @(
            @{ Name = 'Message'; Value = '['; Id = 'InvalidOption,*' }
            @{ Name = 'RemoteAddress'; Value = '10.0.0.0/33'; Id = 'InvalidOption,*' }
            @{ Name = 'After'; Value = 'soon'; Id = 'ParameterArgumentTransformationError,*' }
            @{ Name = 'After'; Value = $null; Id = 'Parameter*,*' }
        ) {
            $options = @{ $Name = $Value }
            ({ $server | Get-EchoServerEvent @options } | Should -Throw -PassThru).FullyQualifiedErrorId | Should -BeLike $Id
        }

        It 'gives one timeline of several servers, with a column that says whose each event is' {
            $other = Start-EchoServer @at -Name second
            Invoke-Conversation $other 'tres'
            Invoke-Conversation $server 'quatro'
            $events = $other, $server | Get-EchoServerEvent
            $events.TimestampUtc | Should -Be ($events.TimestampUtc | Sort-Object)
            ($events | Where-Object ServerName -eq read).Sequence | Should -Be (1..13)
            ($events.ServerName | Select-Object -Unique) | Should -Be 'read', 'second'
            ($other, $server | Get-EchoServerEvent -Last 5).ServerName | Should -Be 'second', 'read', 'read', 'read', 'read'
            $table = ($events | Out-String -Width 80) -replace "`e\[[0-9;]*m" -split '\r?\n'
            $table -match '\w' | Select-Object -First 1 | Should -Match '^Time +Server +Kind +EndPoint +Message *$'
            $table -match ' second +MessageReceived \S+ +tres' | Should -HaveCount 1
            ($table | Measure-Object Length -Maximum).Maximum | Should -BeLessOrEqual 80
            $server | Get-EchoServerEvent | Out-String | Should -Not -BeLike '*Server *Kind*'
        }

        It 'says that no server has the <What> <Value>' -ForEach @(
            @{ What = 'Id'; Value = 999999 }
            @{ What = 'Name'; Value = 'nobody' }
        ) {
            $options = @{ $What = $Value }
            $failure = { Get-EchoServerEvent @options -ErrorAction Stop } | Should -Throw -PassThru
            $failure.FullyQualifiedErrorId | Should -Be 'NotFound,PSSocketTools.Commands.GetEchoServerEventCommand'
            $failure.CategoryInfo.Category | Should -Be 'ObjectNotFound'
            $failure.TargetObject | Should -Be $Value
        }

        It 'has what the contract says' {
            ($server | Get-EchoServerEvent -Last 1).PSObject.Properties.Name | Should -Be 'Timestamp', 'TimestampUtc', 'Sequence', 'ServerId', 'ServerName', 'Port', 'ConnectionId', 'Kind',
                'RemoteAddress', 'RemotePort', 'Message', 'Content', 'IsTruncated', 'Bytes', 'Reason', 'Fault', 'DurationMilliseconds'
        }

        It 'goes to CSV and JSON as flat rows' {
            $rows = $server | Get-EchoServerEvent | ConvertTo-Csv -NoTypeInformation | ConvertFrom-Csv
            $rows[2].Message | Should -BeExactly 'um'
            $rows[2].Bytes | Should -Be '2'
            [double] $rows[4].DurationMilliseconds | Should -BeGreaterThan 0
            $rows[2].DurationMilliseconds | Should -BeNullOrEmpty
            $rows.TimestampUtc | Should -Match '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z$'
            $rows.TimestampUtc | Should -Be ($server | Get-EchoServerEvent).TimestampUtc
            ($server | Get-EchoServerEvent -Last 1 | ConvertTo-Json | ConvertFrom-Json).Kind | Should -Be 'Disconnected'
        }

        It 'shows as a table of one line an event, 80 columns wide' {
            $lines = @(($server | Get-EchoServerEvent | Out-String -Width 80) -split '\r?\n' | Where-Object { $_.Trim() })
            $lines | Should -HaveCount 11
            $plain = $lines -replace "`e\[[0-9;]*m"
            $plain[4] | Should -Match '^\d\d:\d\d:\d\d\.\d\d\d MessageReceived \S+:\d+ +2 B um'
        }

        It 'reads as one line of text' {
            "$($server | Get-EchoServerEvent -Kind Connected -Last 1)" | Should -Match '^\d\d:\d\d:\d\d\.\d\d\d Connected [0-9.]+:\d+$'
        }
    }

    Context 'the ring' {
        It 'holds -EventCapacity events, and counts the dropped ones' {
            $server = Start-EchoServer @at -EventCapacity 5
            foreach ($i in 1..3) { Invoke-Conversation $server "$i" }
            $events = $server | Get-EchoServerEvent
            $events.Sequence | Should -Be (9..13)
            $server.EventsDropped | Should -Be 8
        }

        It 'holds none with -EventCapacity 0, and counts all' {
            $server = Start-EchoServer @at -EventCapacity 0
            Invoke-Conversation $server 'x'
            $server | Get-EchoServerEvent | Should -BeNullOrEmpty
            $server.EventsDropped | Should -Be 5
            $server.MessagesReceived | Should -Be 1
        }

        It 'keeps a message whole up to -EventMessageBytes, says what it cut, and keeps the full count: <Length> of <Most>' -ForEach @(
            @{ Length = 60000; Most = 65536; Options = @{ } }
            @{ Length = 70000; Most = 65536; Options = @{ } }
            @{ Length = 70000; Most = 100000; Options = @{ EventMessageBytes = 100000 } }
            @{ Length = 5; Most = 3; Options = @{ EventMessageBytes = 3 } }
            @{ Length = 5; Most = 0; Options = @{ EventMessageBytes = 0 } }
        ) {
            $server = Start-EchoServer @at -Framing Line -ResponseFormat '{Bytes}' @Options
            Invoke-Conversation $server ('a' * $Length + "`n")
            $message = $server | Get-EchoServerEvent -Kind MessageReceived
            $message.Bytes | Should -Be $Length
            $message.Message | Should -BeExactly ('a' * [Math]::Min($Length, $Most))
            $message.Content | Should -HaveCount $message.Message.Length
            $message.IsTruncated | Should -Be ($Length -gt $Most)
            ($server | Get-EchoServerEvent -Kind Connected).Content | Should -BeNullOrEmpty
        }
    }

    Context '-Wait' {
        It 'goes on with what happens, each event once, until the server stops' {
            $server = Start-EchoServer @at
            Invoke-Conversation $server 'before'
            $running = Start-Beside { $Values.Server | Get-EchoServerEvent -Wait -Kind MessageReceived, Stopped | ForEach-Object { $Queue.Add($_.Message); $_ } } @{ Server = $server }
            Receive-Beside $running | Should -BeExactly 'before'
            Invoke-Conversation $server 'after'
            Receive-Beside $running | Should -BeExactly 'after'
            $server | Stop-EchoServer
            (Wait-Beside $running).Kind | Should -Be 'MessageReceived', 'MessageReceived', 'Stopped'
        }

        It 'follows several servers' {
            $one = Start-EchoServer @at -Name one
            $two = Start-EchoServer @at -Name two
            $running = Start-Beside { $Values.Servers | Get-EchoServerEvent -Wait -Kind MessageReceived | ForEach-Object { $Queue.Add("$($_.ServerId) $($_.Message)") } } @{ Servers = $one, $two }
            Invoke-Conversation $two 'to two'
            Receive-Beside $running | Should -BeExactly "$($two.Id) to two"
            Invoke-Conversation $one 'to one'
            Receive-Beside $running | Should -BeExactly "$($one.Id) to one"
            $one, $two | Stop-EchoServer
            $null = Wait-Beside $running
        }

        It 'ends when the pipeline has enough, and leaves the server running' {
            $server = Start-EchoServer @at
            ($server | Get-EchoServerEvent -Wait | Select-Object -First 1).Kind | Should -Be 'Started'
            $server.State | Should -Be 'Listening'
        }

        It 'ends at once on Ctrl+C, and leaves the server running' {
            $server = Start-EchoServer @at
            $running = Start-Beside { $Values.Server | Get-EchoServerEvent -Wait | ForEach-Object { $Queue.Add($_) } } @{ Server = $server }
            $null = Receive-Beside $running
            Stop-Beside $running | Should -BeLessThan ([timespan]::FromSeconds(10))
            $server.State | Should -Be 'Listening'
        }

        It 'comes to its end at once on a stopped server' {
            $server = Start-EchoServer @at
            $server | Stop-EchoServer
            ($server | Get-EchoServerEvent -Wait).Kind | Should -Be 'Started', 'Stopped'
        }
    }

    Context '-LogPath' {
        BeforeEach {
            $path = Join-Path $TestDrive "$([Guid]::NewGuid()).jsonl"
        }

        It 'has every event as a line of JSON when the server has stopped' {
            $server = Start-EchoServer @at -LogPath $path -EventCapacity 3
            foreach ($i in 1..50) { Invoke-Conversation $server "message $i" }
            $server | Stop-EchoServer
            $lines = Get-Content $path -Encoding UTF8 | ConvertFrom-Json
            $lines.Sequence | Should -Be (1..202)
            ($lines | Where-Object Kind -eq MessageReceived).Message | Should -BeExactly (1..50 | ForEach-Object { "message $_" })
            $lines[-1].Kind | Should -Be 'Stopped'
            $server.EventsDropped | Should -BeGreaterOrEqual 0
        }

        It 'escapes what JSON must, and is UTF-8 without a mark' {
            $server = Start-EchoServer @at -LogPath $path -Framing LengthPrefix
            $text = "olá `"aspas`" \ `t `n $([char]::ConvertFromUtf32(0x1F44B))"
            $bytes = $utf8.GetBytes($text)
            $client = Connect-Bare $server
            Send-Bare $client ([byte[]] (@(0, 0, 0, $bytes.Length) + $bytes))
            $null = Receive-BareExactly $client ($bytes.Length + 4)
            $server | Stop-EchoServer
            ([IO.File]::ReadAllLines($path) | ConvertFrom-Json | Where-Object Kind -eq MessageReceived).Message | Should -BeExactly $text
            [IO.File]::ReadAllBytes($path)[0] | Should -Be ([int] [char] '{')
        }

        It 'can be read while the server runs' {
            $server = Start-EchoServer @at -LogPath $path
            Invoke-Conversation $server 'now'
            # Get-Content -Wait would miss a line written just before it begins to watch, and wait for another without an end.
            $find = { Get-Content $path | ConvertFrom-Json | Where-Object Kind -eq Disconnected }
            [Threading.SpinWait]::SpinUntil([Func[bool]] { [bool] (& $find) }, 10000) | Should -BeTrue
            $seen = & $find
            $seen.ConnectionId | Should -Be 1
            $server.State | Should -Be 'Listening'
        }

        It 'appends to what is there' {
            foreach ($i in 1..2) { Start-EchoServer @at -LogPath $path | Stop-EchoServer }
            ((Get-Content $path | ConvertFrom-Json).Kind) | Should -Be 'Started', 'Stopped', 'Started', 'Stopped'
        }

        It 'takes a path relative to the current location' {
            Push-Location $TestDrive
            try {
                Start-EchoServer @at -LogPath "./$(Split-Path $path -Leaf)" | Stop-EchoServer
            }
            finally {
                Pop-Location
            }
            Test-Path $path | Should -BeTrue
        }
    }
}
