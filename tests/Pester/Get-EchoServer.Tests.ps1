BeforeAll {
    Import-Module "$PSScriptRoot/../../PSSocketTools.psd1" -Force
    . "$PSScriptRoot/BareClient.ps1"
    . "$PSScriptRoot/Beside.ps1"
    $manifest = (Resolve-Path "$PSScriptRoot/../../PSSocketTools.psd1").Path
    . "$PSScriptRoot/SamePowerShell.ps1"
}

Describe 'Get-EchoServer' {
    AfterEach {
        Clear-Beside
        Clear-Bare
    }

    Context 'finding servers' {
        BeforeEach {
            $one = Start-EchoServer @at -Name one
            $two = Start-EchoServer @at -Name two
        }

        It 'gives all that run, by number' {
            (Get-EchoServer).Name | Should -Be 'one', 'two'
            (Get-EchoServer).Id | Should -Be $one.Id, $two.Id
        }

        It 'says that a name is no wildcard pattern, and goes on with the next' {
            (Get-EchoServer -Name '[', one -ErrorVariable failed -ErrorAction SilentlyContinue).Name | Should -Be 'one'
            $failed[0].FullyQualifiedErrorId | Should -Be 'InvalidOption,PSSocketTools.Commands.GetEchoServerCommand'
            $failed[0].CategoryInfo.Category | Should -Be 'InvalidArgument'
            $failed[0].TargetObject | Should -Be '['
        }

        It 'gives nothing, and no error, where none runs' {
            Get-EchoServer | Stop-EchoServer
            Get-EchoServer -ErrorAction Stop | Should -BeNullOrEmpty
        }

        It 'finds by <By>' -ForEach @(
            @{ By = '-Id'; Find = { Get-EchoServer -Id $two.Id } }
            @{ By = '-Name'; Find = { Get-EchoServer -Name TWO } }
            @{ By = '-Name with a wildcard'; Find = { Get-EchoServer -Name tw* } }
            @{ By = '-Port'; Find = { Get-EchoServer -Port $two.Port } }
            @{ By = '-Server'; Find = { Get-EchoServer -Server $two } }
            @{ By = 'the pipeline'; Find = { $two | Get-EchoServer } }
        ) {
            & $Find | Should -Be $two
        }

        It 'finds several at once' {
            (Get-EchoServer -Id $two.Id, $one.Id).Name | Should -Be 'two', 'one'
        }

        It 'says that none has the <What> <Value>, and gives the others' -ForEach @(
            @{ What = 'Id'; Value = 999999 }
            @{ What = 'Name'; Value = 'three' }
            @{ What = 'Port'; Value = 1 }
        ) {
            $having = @{ Id = $one.Id; Name = $one.Name; Port = $one.Port }
            $options = @{ $What = $Value, $having[$What] }
            $found = Get-EchoServer @options -ErrorAction SilentlyContinue -ErrorVariable failures
            $found | Should -Be $one
            $failures | Should -HaveCount 1
            $failures[0].FullyQualifiedErrorId | Should -Be 'NotFound,PSSocketTools.Commands.GetEchoServerCommand'
            $failures[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
            $failures[0].TargetObject | Should -Be $Value
            $failures[0].Exception.Message | Should -BeLike "*$What '$Value'*Get-EchoServer*"
        }

        It 'takes a wildcard that matches nothing for an answer' {
            Get-EchoServer -Name nobody* -ErrorAction Stop | Should -BeNullOrEmpty
        }

        It 'does not find one that stopped' {
            $one | Stop-EchoServer
            Get-EchoServer | Should -Be $two
            { Get-EchoServer -Id $one.Id -ErrorAction Stop } | Should -Throw
        }

        It 'refuses port <_> by binding' -ForEach 0, 65536 {
            $failure = { Get-EchoServer -Port $_ } | Should -Throw -PassThru
            $failure.Exception.ParameterName | Should -Be 'Port'
        }
    }

    Context 'what it shows' {
        It 'is live' {
            $server = Start-EchoServer @at
            $client = Connect-Bare $server
            $null = Invoke-Bare $client 'hello'
            $server.ActiveConnections | Should -Be 1
            $server.BytesReceived | Should -Be 5
            Close-Bare $client
            $null = $server | Wait-EchoServer Disconnected
            $server.ActiveConnections | Should -Be 0
            $server | Stop-EchoServer
            $server.State | Should -Be 'Stopped'
            $server.StoppedAt | Should -BeGreaterOrEqual $server.StartedAt
        }

        It 'goes to CSV as one flat row' {
            $server = Start-EchoServer @at -Name flat
            $row = $server | ConvertTo-Csv -NoTypeInformation | ConvertFrom-Csv
            foreach ($property in $row.PSObject.Properties) {
                $property.Value | Should -Not -BeLike 'System.*' -Because $property.Name
                $property.Value | Should -Not -BeLike 'PSSocketTools.*' -Because $property.Name
            }
            $row.Name | Should -Be 'flat'
            $row.Port | Should -Be $server.Port
        }

        It 'goes to JSON as one flat object' {
            $server = Start-EchoServer @at -Name flat
            $object = $server | ConvertTo-Json -WarningVariable warnings | ConvertFrom-Json
            $warnings | Should -BeNullOrEmpty
            $object.Port | Should -Be $server.Port
            foreach ($property in $object.PSObject.Properties) {
                $property.Value -is [Management.Automation.PSCustomObject] | Should -BeFalse -Because $property.Name
            }
        }

        It 'has what the contract says' {
            $names = (Start-EchoServer @at).PSObject.Properties.Name
            foreach ($name in 'Id', 'Name', 'Protocol', 'Address', 'Port', 'EndPoint', 'ComputerName', 'SocketPath', 'State', 'Mode', 'Framing',
                'Encoding', 'IsEncrypted', 'CertificateThumbprint', 'Faults', 'StartedAt', 'StoppedAt', 'ActiveConnections', 'TotalConnections',
                'RejectedConnections', 'MessagesReceived', 'BytesReceived', 'BytesSent', 'EventsDropped', 'Errors', 'Error',
                'ResponseFormat', 'AllowFrom', 'LogPath', 'LogError') {
                $names | Should -Contain $name
            }
        }

        It 'shows the format, who may connect and the log, and when the log has ended' -Tag Linux {
            $plain = Start-EchoServer @at
            $plain.ResponseFormat | Should -BeNullOrEmpty
            $plain.LogPath | Should -BeNullOrEmpty
            $plain.LogError | Should -BeNullOrEmpty
            $plain.AllowFrom | Should -BeExactly ''
            $path = Join-Path $TestDrive 'whole.jsonl'
            $told = Start-EchoServer @at -Name told -ResponseFormat 'Echo: {0}' -AllowFrom 10.0.0.0/8, 127.0.0.0/8 -LogPath $path
            $told.ResponseFormat | Should -BeExactly 'Echo: {0}'
            $told.AllowFrom | Should -BeExactly '10.0.0.0/8, 127.0.0.0/8'
            $told.LogPath | Should -BeExactly $path
            $told.LogError | Should -BeNullOrEmpty
            $failing = Start-EchoServer @at -LogPath /dev/full
            $failure = Wait-EchoServer $failing -Kind Error
            $failure.Reason | Should -Be 'LogFailed'
            $failing.LogError | Should -BeExactly $failure.Message
            $failing.State | Should -Be 'Listening'
            $failing | Format-List | Out-String -Width 500 | Should -BeLike '*LogPath*: /dev/full*LogError*/dev/full*'
        }

        It 'shows as a table of one line a server, 80 columns wide, with its endpoints' {
            $null = Start-EchoServer
            $lines = @((Get-EchoServer | Out-String -Width 80) -split '\r?\n' | Where-Object { $_.Trim() })
            $lines | Should -HaveCount 3
            ($lines[2] -replace "`e\[[0-9;]*m").TrimEnd() | Should -Match "Listening.*$([regex]::Escape((Get-EchoServer).EndPoint))$"
        }
    }

    Context 'across runspaces and processes' {
        It 'shows what another runspace started, as with any listening port' {
            $running = Start-Beside { $server = Start-EchoServer -Name elsewhere -Address $Values.Address; $Queue.Add($server.Port) } $at
            $port = Receive-Beside $running
            (Get-EchoServer -Name elsewhere).Port | Should -Be $port
        }

        It 'leaves another runspace''s servers when its module goes, and stops its own' {
            $mine = Start-EchoServer @at -Name mine
            $running = Start-Beside {
                $server = Start-EchoServer -Name theirs -Address $Values.Address
                Remove-Module PSSocketTools
                $Queue.Add($server.State)
            } $at
            Receive-Beside $running | Should -Be 'Stopped'
            (Get-EchoServer).Name | Should -Be 'mine'
            $mine.State | Should -Be 'Listening'
            Get-BareAnswer $mine 'still here' | Should -BeExactly 'still here'
        }

        It 'lets a process end at once, with a server running and a client connected' {
            $said = & $pwsh @pwshArguments -NoProfile -NonInteractive -Command "
                Import-Module '$manifest'
                `$server = Start-EchoServer -Address $($at.Address)
                `$client = [Net.Sockets.TcpClient]::new('$($at.Address)', `$server.Port)
                `$null = `$client.Client.Send([byte[]] (1, 2, 3))
                `$null = `$client.Client.Receive([byte[]]::new(3))
                'done'"
            $LASTEXITCODE | Should -Be 0
            $said | Should -Be 'done'
        }

        It 'shows how many clients wait for a server that serves one at a time' -Tag Linux {
            $server = Start-EchoServer @at -Sequential
            $clients = 1..3 | ForEach-Object { [Net.Sockets.TcpClient]::new($server.Address, $server.Port) }
            $null = $server | Wait-EchoServer Connected
            $server.ActiveConnections | Should -Be 1
            $server.WaitingConnections | Should -Be 2
            $clients | ForEach-Object Dispose
            $server | Stop-EchoServer -Force
        }

        It 'keeps its data over a Start-Job hop' {
            $job = Start-Job {
                Import-Module $using:manifest
                $server = Start-EchoServer -Address ($using:at).Address
                $client = [Net.Sockets.TcpClient]::new($server.Address, $server.Port)
                $null = $client.Client.Send([byte[]] (0x6F, 0x69))
                $null = $client.Client.Receive([byte[]]::new(2))
                $client.Dispose()
                $null = $server | Wait-EchoServer Disconnected
                $server | Stop-EchoServer -PassThru
                $server | Get-EchoServerEvent
            }
            try {
                $server, $events = $job | Receive-Job -Wait -ErrorAction Stop
                $server.PSObject.TypeNames[0] | Should -Be 'Deserialized.PSSocketTools.EchoServer'
                $server.State | Should -Be 'Stopped'
                $server.BytesReceived | Should -Be 2
                $server.StartedAt | Should -BeGreaterThan (Get-Date).AddMinutes(-5)
                $events.Kind | Should -Be 'Started', 'Connected', 'MessageReceived', 'ResponseSent', 'Disconnected', 'Stopped'
                ($events | Where-Object Kind -eq 'MessageReceived').Message | Should -BeExactly 'oi'
                ($events | Where-Object Kind -eq 'Disconnected').DurationMilliseconds | Should -BeGreaterThan 0
                ($events | Where-Object Kind -eq 'Connected').RemotePort | Should -BeGreaterThan 0
                # Whole, to the last digit, and in the order in which they happened.
                $events.Timestamp | Should -BeOfType datetime
                $events.Timestamp | Should -Be ($events.Timestamp | Sort-Object)
                foreach ($one in $events) { $one.Timestamp.ToUniversalTime().ToString('o') | Should -Be $one.TimestampUtc }
                @($events | Where-Object { $_.Timestamp.Ticks % [timespan]::TicksPerSecond }) | Should -Not -BeNullOrEmpty
                @(($events | Out-String -Width 80) -split '\r?\n' -match '\d\d:\d\d:\d\d\.\d{3}') | Should -HaveCount 6
            }
            finally {
                $job | Remove-Job -Force
            }
        }
    }
}
