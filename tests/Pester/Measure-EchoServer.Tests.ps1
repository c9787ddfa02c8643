BeforeAll {
    Import-Module "$PSScriptRoot/../../PSSocketTools.psd1" -Force
    . "$PSScriptRoot/BareServer.ps1"
    . "$PSScriptRoot/Beside.ps1"
    . "$PSScriptRoot/SilentPort.ps1"
    . "$PSScriptRoot/SessionAssertions.ps1"
    $manifest = (Resolve-Path "$PSScriptRoot/../../PSSocketTools.psd1").Path
}

Describe 'Measure-EchoServer' {
    AfterEach {
        Clear-Beside
        Get-EchoSession | Disconnect-EchoServer -Reset
        Get-EchoServer | Stop-EchoServer -Force
        Stop-BareServer
        Stop-SilentPort
    }

    It 'waits with -WaitSec for a server that comes later, and then opens all connections' {
        $port = (Find-AvailablePort).Port
        $later = Start-Beside {
            $Queue.Add('trying')
            # Both addresses of localhost may answer a wait at the same time, and the one that is not taken counts as well.
            Measure-EchoServer 127.0.0.1 $Values.Port -WaitSec 30 -Count 10 -Connections 3
        } @{ Port = $port }
        Receive-Beside $later | Should -Be 'trying'
        $server = Start-EchoServer $port
        $measured = Wait-Beside $later
        $measured.Messages | Should -Be 10
        $measured.Errors | Should -Be 0
        $server.TotalConnections | Should -Be 3
    }

    It 'says of a server that is not there after -WaitSec why' {
        Measure-EchoServer -Port (Find-AvailablePort).Port -WaitSec 0.1 -ErrorVariable failed -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        Assert-Error $failed ConnectionRefused ConnectionError
    }

    It 'measures <Name>' -ForEach @(
        @{ Name = 'TCP'; With = @{} }
        @{ Name = 'datagrams'; With = @{ Protocol = 'Udp' } }
    ) {
        $measured = Start-EchoServer @With | Measure-EchoServer -Count 500 -Connections 2 -Window 4
        $measured.Messages | Should -Be 500
        $measured.Errors | Should -Be 0
        $measured.MessagesPerSecond | Should -BeGreaterThan 0
        $measured.P50Milliseconds | Should -BeGreaterThan 0
        $measured.MaxMilliseconds | Should -Not -BeLessThan $measured.P999Milliseconds
        $measured | Out-String | Should -Match ([char]0x2588)
    }

    Context 'with -Rate' {
        It 'sends each message at its moment, over <Name>' -ForEach @(
            @{ Name = 'TCP'; With = @{} }
            @{ Name = 'datagrams'; With = @{ Protocol = 'Udp' } }
            @{ Name = 'messages that a pause ends'; With = @{ Framing = 'None' }; Gap = @{ IdleGapMilliseconds = 5 } }
        ) {
            if (-not $Gap) { $Gap = @{} }
            $measured = Start-EchoServer @With | Measure-EchoServer -Rate 50 -Count 20 -Connections 2 @Gap
            # Where only a pause ends an answer, one message at a time is in flight, and a busy machine leaves some unsent.
            if ($Gap.Count) { $measured.Messages + $measured.Unsent | Should -Be 20 }
            else { $measured.Messages, $measured.Unsent | Should -Be 20, 0 }
            $measured.Rate | Should -Be 50
            $measured.Errors | Should -Be 0
            # The last of 20 is due 380 ms after the first.
            if (-not $measured.Unsent) { $measured.DurationMilliseconds | Should -BeGreaterThan 379 }
            $measured.ServiceP50Milliseconds | Should -BeGreaterThan 0
            $measured.P50Milliseconds | Should -Not -BeLessThan $measured.ServiceP50Milliseconds
            $drawn = $measured.Draw()
            $drawn | Should -Match '(?s)open loop.*Rate: 50/s'
            ($drawn -split '\r?\n' | Measure-Object Length -Maximum).Maximum | Should -BeLessOrEqual 80
        }

        It 'warns of a server that does not hold it' {
            $server = Start-EchoServer -ResponseDelayMilliseconds 100
            $measured = $server | Measure-EchoServer -Rate 200 -DurationSec 0.5 -WarningVariable warned -WarningAction SilentlyContinue
            $measured.IsSaturated | Should -BeTrue
            $measured.AchievedRate | Should -BeLessThan 20
            "$warned" | Should -BeLike '*of 200 that were asked for*'
            if (-not $measured.Unsent) { "$warned" | Should -Not -BeLike '*never sent*' }
        }

        It 'warns of a server that answers nothing' {
            $server = Start-EchoServer -NoResponse
            $measured = $server | Measure-EchoServer -Rate 100 -DurationSec 0.2 -ResponseTimeoutSec 0.5 -WarningVariable warned -WarningAction SilentlyContinue
            $measured.Messages | Should -Be 0
            "$warned" | Should -Match 'answer'
        }

        It 'ends at once on Ctrl+C, between two messages and during an answer: <Name>' -ForEach @(
            @{ Name = 'TCP'; Protocol = 'Tcp'; Mute = $false }
            @{ Name = 'datagrams'; Protocol = 'Udp'; Mute = $false }
            @{ Name = 'a server that does not answer'; Protocol = 'Tcp'; Mute = $true }
        ) {
            $server = Start-EchoServer -Protocol $Protocol -NoResponse:$Mute
            $measuring = Start-Beside { $Values.Server | Measure-EchoServer -Rate 0.01 -DurationSec 600 -ResponseTimeoutSec 0 } @{ Server = $server }
            $null = $server | Wait-EchoServer MessageReceived
            Stop-Beside $measuring | Should -BeLessThan ([timespan]'0:0:10')
        }
    }

    It 'refuses a window where only a pause ends an answer, before it connects' {
        $server = Start-EchoServer -Framing None
        $server | Measure-EchoServer -Window 4 -ErrorVariable failed -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        Assert-Error $failed InvalidOption InvalidArgument
        $server.TotalConnections | Should -Be 0
    }

    It 'gives out each interval, and the whole last' {
        $all = @(Start-EchoServer | Measure-EchoServer -DurationSec 0.6 -IntervalSec 0.2 -WarmupSec 0.1)
        $all.Count | Should -BeGreaterThan 1
        $all[0].Interval | Should -Be 1
        $all[-1].Interval | Should -BeNullOrEmpty
        $all[-1].Messages | Should -Not -BeLessThan ($all[0..($all.Count - 2)] | Measure-Object Messages -Sum).Sum
        @($all[0..($all.Count - 2)] | Out-String -Stream | Where-Object { $_ }).Count | Should -Be ($all.Count - 1) -Because 'each is a line'
    }

    It 'measures over a session that is open' {
        $session = Start-EchoServer | Connect-EchoServer
        ($session | Measure-EchoServer -Count 100).Messages | Should -Be 100
        $session.State | Should -Be 'Open'
    }

    It 'waits for a response as long as -ResponseTimeoutSec says, over a session too' {
        $session = Start-EchoServer -NoResponse | Connect-EchoServer -ResponseTimeoutSec 0
        $measured = $session | Measure-EchoServer -Count 1 -ResponseTimeoutSec 0.1 -WarningAction SilentlyContinue
        $measured.Errors | Should -Be 1
        $session.Reason | Should -Be 'ResponseTimeout'
    }

    It 'draws no latencies where there are none, and keeps to 80 columns' {
        $server = Start-EchoServer
        $drawn = $server | Measure-EchoServer -Count 100 | ForEach-Object Draw
        $drawn | Should -Match '(?m)^.*p50.*p99\.9.*$'
        ($drawn -split '\r?\n' | Measure-Object Length -Maximum).Maximum | Should -BeLessOrEqual 80
        $server | Stop-EchoServer
        Measure-EchoServer ::1 $server.Port -Count 1 -WarningAction SilentlyContinue | ForEach-Object Draw | Should -BeLike "``[::1``]:$($server.Port) *" -Because 'it reads as an endpoint'
        Measure-EchoServer 127.0.0.1 $server.Port -Count 1 -WarningAction SilentlyContinue | ForEach-Object Draw | Should -Not -BeLike '*p50*'
    }

    It 'tells in the warning why nothing listens, without a word on servers that send no responses' {
        $measured = Measure-EchoServer 127.0.0.1 (Find-AvailablePort).Port -Count 1 -WarningVariable warned -WarningAction SilentlyContinue
        "$warned" | Should -BeLike "*$($measured.Error)"
        $measured.Error | Should -Not -BeNullOrEmpty
    }

    It 'puts no comma between figures that have one themselves' {
        $measured = Start-EchoServer | Measure-EchoServer -Rate 100 -Count 20
        $culture = [Threading.Thread]::CurrentThread.CurrentCulture
        try {
            [Threading.Thread]::CurrentThread.CurrentCulture = 'pt-BR'
            $drawn = $measured.Draw()
        }
        finally { [Threading.Thread]::CurrentThread.CurrentCulture = $culture }
        $drawn | Should -Match '(?m)p50 \d+(,\d+)?; p90 .*; p99\.9 \d+(,\d+)?; '
        @($drawn -split '\r?\n' -match ', ' -notmatch 'open loop|malha aberta') | Should -BeNullOrEmpty
    }

    It 'counts what fails' {
        $server = Start-BareServer { Wait-Peer }
        $measured = Measure-EchoServer -Port $server.Port -Count 1 -ResponseTimeoutSec 0.1 -WarningVariable warned -WarningAction SilentlyContinue
        $measured.Errors | Should -Be 1
        $measured.Error | Should -BeExactly "No answer came from localhost:$($server.Port) within 0.1 s." -Because 'a session that is faulted is nobody''s here'
        "$warned" | Should -BeLike "*$($measured.Error)*-NoResponse*"
        $measured.Draw() | Should -Not -BeLike '*within*' -Because 'the warning says it'
        $measured.P50Milliseconds | Should -BeNullOrEmpty
    }

    It 'says of a server that has stopped that it has, and measures the next' {
        $gone = Start-EchoServer
        $gone | Stop-EchoServer
        $measured = $gone, (Start-EchoServer) | Measure-EchoServer -Count 10 -ErrorVariable failed -ErrorAction SilentlyContinue
        $measured.Messages | Should -Be 10
        Assert-Error $failed ServerStopped InvalidOperation
        $failed[0].TargetObject | Should -Be $gone
    }

    It 'ends at once on Ctrl+C, and leaves no connection behind' {
        $server = Start-EchoServer
        $measuring = Start-Beside { $Values.Server | Measure-EchoServer -Connections 4 -Window 8 -DurationSec 600 } @{ Server = $server }
        $null = $server | Wait-EchoServer Connected -Count 4
        $null = $server | Wait-EchoServer MessageReceived -Count 100
        Stop-Beside $measuring | Should -BeLessThan ([timespan]'0:0:10')
        $null = $server | Wait-EchoServer Disconnected -Count 4
        $server.ActiveConnections | Should -Be 0
        $server.TotalConnections | Should -Be 4
    }

    It 'ends at once on Ctrl+C while no response comes' {
        $server = Start-EchoServer -NoResponse
        $measuring = Start-Beside { $Values.Server | Measure-EchoServer -DurationSec 600 -ResponseTimeoutSec 0 } @{ Server = $server }
        $null = $server | Wait-EchoServer MessageReceived
        Stop-Beside $measuring | Should -BeLessThan ([timespan]'0:0:10')
        $null = $server | Wait-EchoServer Disconnected
        $server.ActiveConnections | Should -Be 0
    }

    It 'ends at once on Ctrl+C while a silent host does not let it connect' -Tag Linux {
        $silent = Start-SilentPort
        $measuring = Start-Beside { $Queue.Add('connecting'); Measure-EchoServer 127.0.0.1 $Values.Port -TimeoutSec 600 } @{ Port = $silent.Port }
        $null = Receive-Beside $measuring
        Stop-Beside $measuring | Should -BeLessThan ([timespan]'0:0:10')
    }

    It 'measures through TLS' -Tag Core {
        $tls = Start-EchoServer -SelfSigned
        try {
            $measured = Measure-EchoServer -Server $tls -Count 50 -Connections 2
            $measured.Messages | Should -Be 50
            $measured.Errors | Should -Be 0
        }
        finally {
            $tls | Stop-EchoServer -Force
        }
    }
}
