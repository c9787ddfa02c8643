BeforeAll {
    Import-Module "$PSScriptRoot/../../PSSocketTools.psd1" -Force
    . "$PSScriptRoot/SamePowerShell.ps1"
    . "$PSScriptRoot/SessionAssertions.ps1"
    $manifest = (Resolve-Path "$PSScriptRoot/../../PSSocketTools.psd1").Path
}

Describe 'Disconnect-EchoServer' {
    BeforeEach {
        $server = Start-EchoServer
        $session = $server | Connect-EchoServer -Name leaving
        $other = $server | Connect-EchoServer -Name staying
    }

    AfterEach {
        Get-EchoSession | Disconnect-EchoServer -Reset
        Get-EchoServer | Stop-EchoServer -Force
    }

    It 'disconnects by <By>, and nothing else' -ForEach @(
        @{ By = 'the pipeline'; Disconnect = { $session | Disconnect-EchoServer } }
        @{ By = '-Session'; Disconnect = { Disconnect-EchoServer -Session $session } }
        @{ By = 'position'; Disconnect = { Disconnect-EchoServer $session } }
        @{ By = '-Id'; Disconnect = { Disconnect-EchoServer -Id $session.Id } }
        @{ By = '-Name'; Disconnect = { Disconnect-EchoServer -Name LEAVING } }
        @{ By = 'a wildcard'; Disconnect = { Disconnect-EchoServer -Name leav* } }
    ) {
        & $Disconnect | Should -BeNullOrEmpty
        $session.State | Should -Be 'Closed'
        $session.Reason | Should -Be 'ClientClosed'
        Get-EchoSession | Should -Be $other
        ($other | Send-SocketMessage 'oi').Response | Should -Be 'oi'
        ($server | Wait-EchoServer Disconnected).Reason | Should -Be 'ClientClosed'
    }

    It 'disconnects several' {
        $session, $other | Disconnect-EchoServer
        $session.State, $other.State | Should -Be 'Closed', 'Closed'
        $null = $server | Wait-EchoServer Disconnected -Count 2
        $server.ActiveConnections | Should -Be 0
    }

    It 'lets the server have what was sent before' {
        $null = 'one', 'two' | Send-SocketMessage -Session $session -NoWait
        $session | Disconnect-EchoServer
        ($server | Wait-EchoServer Disconnected).Reason | Should -Be 'ClientClosed'
        $server.BytesReceived | Should -Be 8
    }

    It 'throws the connection away with -Reset' {
        $session | Disconnect-EchoServer -Reset
        $session.State | Should -Be 'Closed'
        $session.Reason | Should -Be 'ClientClosed'
        ($server | Wait-EchoServer Disconnected).Reason | Should -Be 'Reset'
    }

    It 'does nothing with -WhatIf' {
        $session | Disconnect-EchoServer -WhatIf
        Disconnect-EchoServer -Name * -Reset -WhatIf
        (Get-EchoSession).State | Should -Be 'Open', 'Open'
        ($session | Send-SocketMessage 'oi').Response | Should -Be 'oi'
    }

    It 'asks with -Confirm, and does as it is told: <Answer>' -ForEach @(
        @{ Answer = 'n'; State = 'Open' }
        @{ Answer = 'y'; State = 'Closed' }
    ) {
        $script = "Import-Module '$manifest'; `$s = Connect-EchoServer -Port $($server.Port) -Name asked; Disconnect-EchoServer `$s -Confirm; `$s.State"
        $said = $Answer | & $pwsh @pwshArguments -NoProfile -Command $script
        # Windows writes the question to the console, where no redirection takes it from.
        if ($env:OS -ne 'Windows_NT') { "$said" | Should -BeLike '*"asked"*' }
        @($said)[-1] | Should -Be $State
    }

    It 'does no harm to one that is closed' {
        $session | Disconnect-EchoServer
        $session | Disconnect-EchoServer -ErrorAction Stop
        $session.Reason | Should -Be 'ClientClosed'
    }

    It 'forgets one that its server has closed, and its reason stays' {
        $server | Stop-EchoServer -Force
        (Get-EchoSession -Id $session.Id).State | Should -Be 'Closed'
        $session | Disconnect-EchoServer -ErrorAction Stop
        $session.Reason | Should -Be 'ServerClosed'
        Get-EchoSession -Name leav* | Should -BeNullOrEmpty
    }

    It 'disconnects nothing when it is not told what, and says so' {
        $failure = { Disconnect-EchoServer } | Should -Throw -PassThru
        $failure.FullyQualifiedErrorId | Should -Be 'InvalidOption,PSSocketTools.Commands.DisconnectEchoServerCommand'
        $failure.CategoryInfo.Category | Should -Be 'InvalidArgument'
        $failure.Exception.Message | Should -BeLike '*Get-EchoSession | Disconnect-EchoServer*'
        (Get-EchoSession).State | Should -Be 'Open', 'Open'
    }

    It 'disconnects nothing when nothing comes down the pipeline' {
        Get-EchoSession -Name nobody* | Disconnect-EchoServer -ErrorAction Stop
        (Get-EchoSession).State | Should -Be 'Open', 'Open'
    }

    It 'says that none has the <What> <Value>, and disconnects the others' -ForEach @(
        @{ What = 'Id'; Value = 999999 }
        @{ What = 'Name'; Value = 'nobody' }
    ) {
        $options = @{ $What = $Value, $session.$What }
        Disconnect-EchoServer @options -ErrorVariable failed -ErrorAction SilentlyContinue
        Assert-Error $failed NotFound ObjectNotFound
        $failed[0].TargetObject | Should -Be $Value
        $session.State | Should -Be 'Closed'
        $other.State | Should -Be 'Open'
    }

    It 'never takes a server for the session that bears its number' {
        $namesake = [pscustomobject]@{ Id = $session.Id; Name = $session.Name }
        { $namesake | Disconnect-EchoServer -ErrorAction Stop } | Should -Throw -ErrorId 'InputObjectNotBound,*'
        { $server | Disconnect-EchoServer -ErrorAction Stop } | Should -Throw -ErrorId 'InputObjectNotBound,*'
        $session.State | Should -Be 'Open'
        $server.State | Should -Be 'Listening'
    }

    It 'is soon done with a server that neither reads nor closes' {
        # Its clients are taken by the system, and read by nobody.
        $deaf = [Net.Sockets.TcpListener]::new([Net.IPAddress]::Loopback, 0)
        $deaf.Start()
        $session = Connect-EchoServer 127.0.0.1 $deaf.LocalEndpoint.Port
        $null = 'oi' | Send-SocketMessage -Session $session -NoWait
        $watch = [Diagnostics.Stopwatch]::StartNew()
        $session | Disconnect-EchoServer
        $watch.Elapsed | Should -BeLessThan ([timespan]'0:0:10')
        $session.State | Should -Be 'Closed'
        $deaf.Stop()
    }
}
