BeforeAll {
    Import-Module "$PSScriptRoot/../../PSSocketTools.psd1" -Force
    . "$PSScriptRoot/BareClient.ps1"
    . "$PSScriptRoot/Beside.ps1"
}

Describe 'Stop-EchoServer' {
    AfterEach {
        Clear-Beside
        Clear-Bare
    }

    It 'stops by <By>' -ForEach @(
        @{ By = 'the pipeline'; Stop = { $server | Stop-EchoServer } }
        @{ By = '-Server'; Stop = { Stop-EchoServer $server } }
        @{ By = '-Id'; Stop = { Stop-EchoServer -Id $server.Id } }
        @{ By = '-Name'; Stop = { Stop-EchoServer -Name $server.Name } }
        @{ By = 'a wildcard'; Stop = { Stop-EchoServer -Name st* } }
        @{ By = '-Port'; Stop = { Stop-EchoServer -Port $server.Port } }
    ) {
        $server = Start-EchoServer @at -Name stopped
        $other = Start-EchoServer @at -Name other
        & $Stop | Should -BeNullOrEmpty
        $server.State | Should -Be 'Stopped'
        $other.State | Should -Be 'Listening'
        Get-EchoServer | Should -Be $other
        { Connect-Bare $server } | Should -Throw
    }

    It 'gives the stopped servers out with -PassThru' {
        $server = Start-EchoServer @at
        $server | Stop-EchoServer -PassThru | Should -Be $server
    }

    It 'stops several concurrently' {
        $servers = 1..3 | ForEach-Object { Start-EchoServer @at }
        $servers | Stop-EchoServer
        $servers.State | Should -Be 'Stopped', 'Stopped', 'Stopped'
    }

    It 'frees the port at once' {
        $server = Start-EchoServer @at
        $client = Connect-Bare $server
        $null = Invoke-Bare $client 'hello'
        $server | Stop-EchoServer
        (Start-EchoServer $server.Port @at -ErrorAction Stop).Port | Should -Be $server.Port
    }

    It 'closes connections with a FIN, and says that the server stopped' {
        $server = Start-EchoServer @at
        $client = Connect-Bare $server
        $null = Invoke-Bare $client 'hello'
        $server | Stop-EchoServer
        Receive-Bare $client | Should -BeExactly ''
        ($server | Get-EchoServerEvent -Kind Disconnected).Reason | Should -Be 'ServerStopped'
        ($server | Get-EchoServerEvent -Last 1).Kind | Should -Be 'Stopped'
        $server.ActiveConnections | Should -Be 0
    }

    It 'lets a client receive its pending response' {
        $server = Start-EchoServer @at -ResponseDelayMilliseconds 300
        $client = Connect-Bare $server
        Send-Bare $client "hello`n"
        $null = $server | Wait-EchoServer MessageReceived
        $server | Stop-EchoServer
        Read-Bare $client | Should -BeExactly "hello`n"
    }

    It 'sends no pending response with <_>' -ForEach '-Force', '-TimeoutSec 0' {
        $server = Start-EchoServer @at -ResponseDelayMilliseconds 60000
        $client = Connect-Bare $server
        Send-Bare $client "hello`n"
        $null = $server | Wait-EchoServer MessageReceived
        $watch = [Diagnostics.Stopwatch]::StartNew()
        $options = if ($_ -eq '-Force') { @{ Force = $true } } else { @{ TimeoutSec = 0 } }
        $server | Stop-EchoServer @options
        $watch.Elapsed | Should -BeLessThan ([timespan]::FromSeconds(10))
        $server.BytesSent | Should -Be 0
    }

    It 'does nothing with -WhatIf' {
        $server = Start-EchoServer @at
        $server | Stop-EchoServer -WhatIf
        $server.State | Should -Be 'Listening'
    }

    It 'does no harm to one that has stopped' {
        $server = Start-EchoServer @at
        $server | Stop-EchoServer
        $stoppedAt = $server.StoppedAt
        $server | Stop-EchoServer -ErrorAction Stop
        $server.StoppedAt | Should -Be $stoppedAt
    }

    It 'stops nothing when it is not told what, and says so' {
        $server = Start-EchoServer @at
        $failure = { Stop-EchoServer } | Should -Throw -PassThru
        $failure.FullyQualifiedErrorId | Should -Be 'InvalidOption,PSSocketTools.Commands.StopEchoServerCommand'
        $failure.CategoryInfo.Category | Should -Be 'InvalidArgument'
        $failure.Exception.Message | Should -BeLike '*Get-EchoServer | Stop-EchoServer*'
        $server.State | Should -Be 'Listening'
    }

    It 'stops nothing when nothing comes down the pipeline' {
        $server = Start-EchoServer @at
        Get-EchoServer -Name nobody* | Stop-EchoServer -ErrorAction Stop
        $server.State | Should -Be 'Listening'
    }

    It 'says that none has the <What> <Value>' -ForEach @(
        @{ What = 'Id'; Value = 999999 }
        @{ What = 'Name'; Value = 'nobody' }
        @{ What = 'Port'; Value = 1 }
    ) {
        $options = @{ $What = $Value }
        $failure = { Stop-EchoServer @options -ErrorAction Stop } | Should -Throw -PassThru
        $failure.FullyQualifiedErrorId | Should -Be 'NotFound,PSSocketTools.Commands.StopEchoServerCommand'
        $failure.CategoryInfo.Category | Should -Be 'ObjectNotFound'
        $failure.TargetObject | Should -Be $Value
    }

    It 'never takes a session for the server that bears its number' {
        $server = Start-EchoServer @at
        $session = [pscustomobject]@{ Id = $server.Id; Name = $server.Name; Port = $server.Port }
        { $session | Stop-EchoServer -ErrorAction Stop } | Should -Throw
        $real = Connect-EchoServer -ComputerName $at.Address -Port $server.Port
        try {
            { $real | Stop-EchoServer -ErrorAction Stop } | Should -Throw
        }
        finally {
            $real | Disconnect-EchoServer
        }
        $server.State | Should -Be 'Listening'
    }

    It 'ends at once on Ctrl+C, while responses are pending, which clients still get' {
        $gate = [Threading.ManualResetEventSlim]::new()
        $server = Start-EchoServer @at -Framing Line -Responder { ($using:gate).Wait(); $_ }
        $idle = Connect-Bare $server
        $client = Connect-Bare $server
        Send-Bare $client "hello`n"
        $null = $server | Wait-EchoServer MessageReceived
        $running = Start-Beside { $Values.Server | Stop-EchoServer -TimeoutSec 600 } @{ Server = $server }
        # A connection with nothing under way is closed when the stop begins.
        Receive-Bare $idle | Should -BeExactly ''
        $server.State | Should -Be 'Draining'
        Stop-Beside $running | Should -BeLessThan ([timespan]::FromSeconds(10))
        $gate.Set()
        Read-Bare $client | Should -BeExactly "hello`n"
        ($server | Wait-EchoServer Stopped).Kind | Should -Be 'Stopped'
        $server.State | Should -Be 'Stopped'
    }

    It 'stops at once with -Force, though another stop waits' {
        $server = Start-EchoServer @at -ResponseDelayMilliseconds 60000
        $idle = Connect-Bare $server
        $client = Connect-Bare $server
        Send-Bare $client "hello`n"
        $null = $server | Wait-EchoServer MessageReceived
        $running = Start-Beside { $Values.Server | Stop-EchoServer -TimeoutSec 600 } @{ Server = $server }
        Receive-Bare $idle | Should -BeExactly ''
        $server | Stop-EchoServer -Force
        $server.State | Should -Be 'Stopped'
        $server.BytesSent | Should -Be 0
        $null = Wait-Beside $running
    }

    It 'stops a server whose socket file is gone with its folder' -Tag Core {
        $folder = New-Item (Join-Path $TestDrive 'gone') -ItemType Directory
        $server = Start-EchoServer -SocketPath "$folder/s"
        Remove-Item $folder -Recurse -Force
        $server | Stop-EchoServer
        $server.State | Should -Be 'Stopped'
        ($server | Get-EchoServerEvent -Last 1).Kind | Should -Be 'Stopped'
    }

    It 'does not wait for a responder that ignores its cancellation' {
        $server = Start-EchoServer -Responder { [Threading.ManualResetEventSlim]::new().Wait(30000) }
        $client = [Net.Sockets.TcpClient]::new('localhost', $server.Port)
        $null = $client.Client.Send([byte[]] (0x61, 0x0A))
        $null = $server | Wait-EchoServer MessageReceived
        $watch = [Diagnostics.Stopwatch]::StartNew()
        $server | Stop-EchoServer -Force
        $watch.Elapsed | Should -BeLessThan ([timespan]'0:0:10')
        $client.Dispose()
    }
}
