BeforeDiscovery {
    # Ctrl+C is typed into a pseudo-terminal, which Python makes.
    $python = if ($PSEdition -eq 'Core' -and $IsLinux) { Get-Command python3 -CommandType Application -ErrorAction Ignore }
}

BeforeAll {
    Import-Module "$PSScriptRoot/../../PSSocketTools.psd1" -Force
    . "$PSScriptRoot/English.ps1"
    . "$PSScriptRoot/BareClient.ps1"
    . "$PSScriptRoot/Beside.ps1"
    . "$PSScriptRoot/SamePowerShell.ps1"
    . "$PSScriptRoot/Terminal.ps1"
    $manifest = (Resolve-Path "$PSScriptRoot/../../PSSocketTools.psd1").Path

    # Starts a server with -Wait beside the test; its name is waiting.
    function Start-Waiting([hashtable] $Options = @{}) {
        Start-Beside {
            $options = $Values
            Start-EchoServer -Wait -Name waiting @options | ForEach-Object { $Queue.Add($_); $_ }
        } ($at + $Options)
    }
}

Describe 'A server that stops by itself' {
    AfterEach {
        Stop-Terminal
        Clear-Beside
        Clear-Bare
    }

    It 'does so when -StopAfterSec is over, over <Protocol>' -ForEach @{ Protocol = 'Tcp' }, @{ Protocol = 'Udp' } {
        $server = Start-EchoServer @at -Protocol $Protocol -StopAfterSec 0.2
        ($server | Wait-EchoServer Stopped -TimeoutSec 60).Reason | Should -Be 'TimeLimit'
        # Returns when the stop is over.
        $server | Stop-EchoServer
        $server.State | Should -Be 'Stopped'
        Get-EchoServer | Should -BeNullOrEmpty
    }

    It 'does so when -StopAfterConnections have ended, and ends the others' {
        $server = Start-EchoServer @at -StopAfterConnections 2
        $stays = Connect-Bare $server
        Invoke-Bare $stays 'here' | Should -BeExactly 'here'
        Get-BareAnswer $server 'first' | Should -BeExactly 'first'
        $null = $server | Wait-EchoServer Disconnected
        $server.State | Should -Be 'Listening'
        Get-BareAnswer $server 'second' | Should -BeExactly 'second'
        ($server | Wait-EchoServer Stopped -TimeoutSec 60).Reason | Should -Be 'ConnectionLimit'
        Receive-Bare $stays | Should -BeExactly ''
        ($server | Get-EchoServerEvent -Kind Disconnected)[-1].Reason | Should -Be 'ServerStopped'
    }

    It 'has no Reason when Stop-EchoServer came first' {
        $server = Start-EchoServer @at -StopAfterSec 3600 -StopAfterConnections 1
        $client = Connect-Bare $server
        $null = Invoke-Bare $client 'hello'
        $server | Stop-EchoServer
        ($server | Get-EchoServerEvent -Kind Stopped).Reason | Should -BeNullOrEmpty
    }

    It 'lets -Wait return after its last connection, with Stopped as the last event' {
        $running = Start-Waiting @{ StopAfterConnections = 1 }
        $null = Receive-Beside $running
        $server = Get-EchoServer -Name waiting
        Get-BareAnswer $server 'hello' | Should -BeExactly 'hello'
        $events = Wait-Beside $running
        $events.Kind | Should -Be 'Started', 'Connected', 'MessageReceived', 'ResponseSent', 'Disconnected', 'Stopped'
        $events[-1].Reason | Should -Be 'ConnectionLimit'
        Get-EchoServer | Should -BeNullOrEmpty
        Test-PortAvailability $server.Port @at -Quiet | Should -BeTrue
    }

    It 'lets -Wait return after its time' {
        $events = Start-EchoServer @at -Wait -StopAfterSec 0.2 6> $null
        $events.Kind | Should -Be 'Started', 'Stopped'
        $events[-1].Reason | Should -Be 'TimeLimit'
    }

    It 'says at the end of -Wait what there was' {
        $running = Start-Waiting @{ StopAfterConnections = 1 }
        $null = Receive-Beside $running
        Get-BareAnswer (Get-EchoServer -Name waiting) 'hello' | Should -BeExactly 'hello'
        $null = Wait-Beside $running
        "$($running.Shell.Streams.Information[-1])" | Should -Be 'waiting: connections 1, messages 1, received 5 B, sent 5 B.'
    }

    It 'says at the start of -Wait how it ends: <Says>' -ForEach @(
        @{ Options = @{}; Says = 'waiting (*) listens until Ctrl+C stops it.' }
        @{ Options = @{ StopAfterSec = 3600.5 }; Says = 'waiting (*) stops by itself after 3600.5 s. Ctrl+C stops it before.' }
        @{ Options = @{ StopAfterConnections = 1 }; Says = 'waiting (*) stops by itself when its count of ended connections reaches 1. Ctrl+C stops it before.' }
        @{ Options = @{ StopAfterSec = 3600; StopAfterConnections = 7 }; Says = 'waiting (*) stops by itself after 3600 s, or when its count of ended connections reaches 7. Ctrl+C stops it before.' }
    ) {
        $running = Start-Waiting $Options
        (Receive-Beside $running).Kind | Should -Be 'Started'
        @($running.Shell.Streams.Information).Count | Should -Be 1
        "$($running.Shell.Streams.Information[0])" | Should -BeLike $Says
        Stop-EchoServer -Name waiting
        (Wait-Beside $running).Kind | Should -Be 'Started', 'Stopped'
    }

    It 'gives the prompt back at once on Ctrl+C, long before its time' {
        $running = Start-Waiting @{ StopAfterSec = 3600; StopAfterConnections = 9 }
        $null = Receive-Beside $running
        Stop-Beside $running | Should -BeLessThan ([timespan]::FromSeconds(5))
        Get-EchoServer | Should -BeNullOrEmpty
    }

    if ($python) {
        It 'shows Stopped in a terminal after Ctrl+C, and then the prompt' -Tag Linux {
            $terminal = Start-Terminal 120 $manifest
            Send-Terminal $terminal "Start-EchoServer -Wait -Address 127.0.0.1`r"
            $null = Wait-Terminal $terminal 'EchoServer1 \(127\.0\.0\.1:\d+\) listens until Ctrl\+C stops it\.'
            $null = Wait-Terminal $terminal 'Started'
            Send-Terminal $terminal "$([char] 3)"
            # In the column of the kinds above it, with nothing of the ^C before it; then the sum.
            $null = Wait-Terminal $terminal '\r\d\d:\d\d:\d\d\.\d{3} Stopped {39}127\.0\.0\.1:\d+'
            $null = Wait-Terminal $terminal 'EchoServer1: connections 0, messages 0, received 0 B, sent 0 B\.'
            $null = Wait-Terminal $terminal 'ready> '
            Send-Terminal $terminal "'run' + 'ning: ' + @(Get-EchoServer).Count`r"
            $null = Wait-Terminal $terminal 'running: 0'
        }
    }
}
