BeforeAll {
    Import-Module "$PSScriptRoot/../../PSSocketTools.psd1" -Force
    . "$PSScriptRoot/English.ps1"
    . "$PSScriptRoot/BareClient.ps1"
    . "$PSScriptRoot/Beside.ps1"
}

Describe 'Wait-EchoServer' {
    BeforeEach {
        $server = Start-EchoServer @at
    }

    AfterEach {
        Clear-Beside
        Clear-Bare
    }

    It 'gives what happened before the call, for it counts from the server''s start' {
        $clients = 1..2 | ForEach-Object {
            $client = Connect-Bare $server
            $null = Invoke-Bare $client 'hello'
            $client
        }
        $events = $server | Wait-EchoServer -Kind Connected -Count 2 -TimeoutSec 5
        $events | Should -HaveCount 2
        $events.Kind | Should -Be 'Connected', 'Connected'
        $events.RemotePort | Should -Be ($clients | ForEach-Object { $_.LocalEndPoint.Port })
    }

    It 'gives the first so many, when there were more' {
        foreach ($i in 1..3) { $null = Get-BareAnswer $server "$i" }
        $null = $server | Wait-EchoServer Disconnected -Count 3
        ($server | Wait-EchoServer -Kind Disconnected -Count 2).ConnectionId | Should -Be 1, 2
    }

    It 'returns as soon as the events happen' {
        $running = Start-Beside {
            $Queue.Add('waiting')
            $Values.Server | Wait-EchoServer -Kind Connected -Count 2
        } @{ Server = $server }
        $null = Receive-Beside $running
        $null = Connect-Bare $server
        $null = Connect-Bare $server
        Wait-Beside $running | Should -HaveCount 2
    }

    It 'counts several kinds together' {
        $null = Get-BareAnswer $server 'hello'
        ($server | Wait-EchoServer -Kind Started, Connected, Disconnected -Count 3).Kind | Should -Be 'Started', 'Connected', 'Disconnected'
    }

    It 'takes the server <How>' -ForEach @(
        @{ How = 'from the pipeline'; Wait = { $server | Wait-EchoServer Started } }
        @{ How = 'as its first argument'; Wait = { Wait-EchoServer $server Started } }
        @{ How = 'by name'; Wait = { Wait-EchoServer -Server $server -Kind Started } }
    ) {
        (& $Wait).Kind | Should -Be 'Started'
    }

    It 'counts what matches, and returns as soon as enough has' {
        $running = Start-Beside {
            $Queue.Add('waiting')
            $Values.Server | Wait-EchoServer -Kind MessageReceived -Message 'y*' -Count 2
        } @{ Server = $server }
        $null = Receive-Beside $running
        $client = Connect-Bare $server
        foreach ($text in 'yes', 'no', 'yet', 'yonder') { $null = Invoke-Bare $client $text }
        (Wait-Beside $running).Message | Should -Be 'yes', 'yet'
        ($server | Wait-EchoServer MessageReceived -Message 'y*' -Count 3).Message | Should -Be 'yes', 'yet', 'yonder'
        ($server | Wait-EchoServer MessageReceived -ConnectionId 1 -RemoteAddress 127.0.0.0/8 -Count 4).Message | Should -Be 'yes', 'no', 'yet', 'yonder'
    }

    It 'leaves out what came before -After <What>' -ForEach @(
        @{ What = 'an event'; After = { $seen } }
        @{ What = 'a number'; After = { $seen.Sequence } }
        @{ What = 'a time'; After = { $seen.Timestamp } }
    ) {
        $null = Get-BareAnswer $server 'first'
        $seen = $server | Wait-EchoServer Disconnected
        { $server | Wait-EchoServer MessageReceived -After (& $After) -TimeoutSec 0 -ErrorAction Stop } | Should -Throw '*saw 0 of 1*'
        $null = Get-BareAnswer $server 'second'
        ($server | Wait-EchoServer MessageReceived -After (& $After)).Message | Should -Be 'second'
    }

    It 'refuses an event of another server for -After, and goes on with the next' {
        $other = Start-EchoServer @at
        $event = $server | Wait-EchoServer Started
        $found = $server, $other | Wait-EchoServer Started -After $event.Timestamp.AddMinutes(-1)
        $found.ServerId | Should -Be $server.Id, $other.Id
        $failure = { $other | Wait-EchoServer Started -After $event -ErrorAction Stop } | Should -Throw -PassThru
        $failure.FullyQualifiedErrorId | Should -Be 'InvalidOption,PSSocketTools.Commands.WaitEchoServerCommand'
        $failure.TargetObject | Should -Be 'After'
    }

    It 'still finds a server that was stopped by its object' {
        $null = Get-BareAnswer $server 'hello'
        $server | Stop-EchoServer
        ($server | Wait-EchoServer MessageReceived -Message hello).Message | Should -Be 'hello'
    }

    It 'says how many events there were when the time is up' {
        $null = Get-BareAnswer $server 'hello'
        $null = $server | Wait-EchoServer Disconnected
        $failure = { $server | Wait-EchoServer -Kind Connected -Count 2 -TimeoutSec 0.1 -ErrorAction Stop } | Should -Throw -PassThru
        $failure.FullyQualifiedErrorId | Should -Be 'WaitTimeout,PSSocketTools.Commands.WaitEchoServerCommand'
        $failure.CategoryInfo.Category | Should -Be 'OperationTimeout'
        $failure.TargetObject | Should -Be $server
        $failure.Exception.Message | Should -BeLike "*$($server.Name) saw 1 of 2 within 0.1 s*-TimeoutSec*"
    }

    It 'gives nothing when the time is up, and the pipeline goes on' {
        $result = $server, $server | Wait-EchoServer Rejected -TimeoutSec 0 -ErrorAction SilentlyContinue -ErrorVariable failures
        $result | Should -BeNullOrEmpty
        $failures | Should -HaveCount 2
    }

    It 'warns that what it waited for was overwritten' {
        $server = Start-EchoServer -EventCapacity 2
        1..5 | Send-SocketMessage -Server $server | Out-Null
        $null = $server | Wait-EchoServer -Kind Disconnected
        $server | Wait-EchoServer -Kind Connected -WarningVariable warned -WarningAction SilentlyContinue | Should -BeNullOrEmpty
        $warned | Should -BeLike '*overwritten*1*-EventCapacity*'
    }

    It 'says that the server stopped meanwhile' {
        $running = Start-Beside {
            $Queue.Add('waiting')
            $Values.Server | Wait-EchoServer -Kind Connected -ErrorVariable failure -ErrorAction SilentlyContinue
            $failure[0]
        } @{ Server = $server }
        $null = Receive-Beside $running
        $server | Stop-EchoServer
        $failure = (Wait-Beside $running)[0]
        $failure.FullyQualifiedErrorId | Should -Be 'ServerStopped,PSSocketTools.Commands.WaitEchoServerCommand'
        $failure.CategoryInfo.Category | Should -Be 'InvalidOperation'
        $failure.TargetObject | Should -Be $server
        $failure.Exception.Message | Should -BeLike "*$($server.Name) stopped.* 0 of 1.*"
    }

    It 'says that the server had stopped before' {
        $server | Stop-EchoServer
        $failure = { $server | Wait-EchoServer -Kind Connected -ErrorAction Stop } | Should -Throw -PassThru
        $failure.FullyQualifiedErrorId | Should -BeLike 'ServerStopped,*'
        ($server | Wait-EchoServer -Kind Stopped).Kind | Should -Be 'Stopped'
    }

    It 'counts what the journal no longer holds' {
        $small = Start-EchoServer @at -EventCapacity 3
        foreach ($i in 1..5) { $null = Get-BareAnswer $small "$i" }
        $null = $small | Wait-EchoServer Disconnected -Count 5
        { $small | Wait-EchoServer Connected -Count 5 -TimeoutSec 0 -ErrorAction Stop } | Should -Not -Throw
    }

    It 'ends at once on Ctrl+C' {
        $running = Start-Beside {
            $Queue.Add('waiting')
            $Values.Server | Wait-EchoServer -Kind Connected -TimeoutSec 600
        } @{ Server = $server }
        $null = Receive-Beside $running
        Stop-Beside $running | Should -BeLessThan ([timespan]::FromSeconds(10))
        $server.State | Should -Be 'Listening'
    }

    It 'refuses <Name> <Value> by binding' -ForEach @(
        @{ Name = 'Count'; Value = 0 }
        @{ Name = 'TimeoutSec'; Value = -1 }
        @{ Name = 'Kind'; Value = 'Exploded' }
    ) {
        $options = @{ Kind = 'Started' }
        $options[$Name] = $Value
        $failure = { Wait-EchoServer -Server $server @options } | Should -Throw -PassThru
        $failure.Exception.ParameterName | Should -Be $Name
    }
}
