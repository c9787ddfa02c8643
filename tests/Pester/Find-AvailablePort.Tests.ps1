BeforeAll {
    Import-Module "$PSScriptRoot/../../PSSocketTools.psd1" -Force
    . "$PSScriptRoot/English.ps1"
    $manifest = (Resolve-Path "$PSScriptRoot/../../PSSocketTools.psd1").Path
}

Describe 'Find-AvailablePort' {
    It 'finds as many free ports as asked for, in the range' {
        $found = Find-AvailablePort -Count 3 -Port 28000-28999
        $found.Status | Should -Be 'Available', 'Available', 'Available'
        ($found.Port | Sort-Object -Unique).Count | Should -Be 3
        $found | ForEach-Object { $_.Port | Should -BeGreaterOrEqual 28000; $_.Port | Should -BeLessOrEqual 28999 }
    }

    It 'takes a range as <_>' -ForEach '28000-28999', '28000..28999' {
        (Find-AvailablePort $_).Port | Should -BeGreaterOrEqual 28000
    }

    It 'leaves out a port that is in use' {
        $listener = [Net.Sockets.TcpListener]::new([Net.IPAddress]::Loopback, (Find-AvailablePort -Port 28000-28999).Port)
        $listener.Start()
        try {
            $held = $listener.LocalEndpoint.Port
            (Find-AvailablePort -Port "$held-28999").Port | Should -BeGreaterThan $held
        }
        finally {
            $listener.Stop()
        }
    }

    It 'needs no range' {
        (Find-AvailablePort).Port | Should -BeGreaterThan 1023
        (Find-AvailablePort -Protocol Udp).Protocol | Should -Be 'Udp'
    }

    It 'gives no port to two callers of this process' {
        $shells = 1..4 | ForEach-Object {
            [powershell]::Create().AddScript('param($Manifest) Import-Module $Manifest; (Find-AvailablePort -Count 25 -Port 27000-27999).Port').AddArgument($manifest)
        }
        $runs = $shells | ForEach-Object { $_.BeginInvoke() }
        $ports = for ($i = 0; $i -lt 4; $i++) { $shells[$i].EndInvoke($runs[$i]); $shells[$i].Dispose() }
        @($ports).Count | Should -Be 100
        @($ports | Sort-Object -Unique).Count | Should -Be 100
    }

    It 'says that a range has too few' {
        $listener = [Net.Sockets.TcpListener]::new([Net.IPAddress]::Loopback, 0)
        $listener.Start()
        try {
            $failure = { Find-AvailablePort -Count 2 -Port $listener.LocalEndpoint.Port } | Should -Throw -PassThru
            $failure.FullyQualifiedErrorId | Should -Be 'NoFreePort,PSSocketTools.Commands.FindAvailablePortCommand'
            $failure.CategoryInfo.Category | Should -Be 'ResourceUnavailable'
            $failure.TargetObject | Should -Be "$($listener.LocalEndpoint.Port)"
            "$failure" | Should -Match 'Widen the range'
        }
        finally {
            $listener.Stop()
        }
    }

    It 'gives nothing where something is piped to it, which it can not take' {
        8000, 8001 | Find-AvailablePort -ErrorAction SilentlyContinue -ErrorVariable failures | Should -BeNullOrEmpty
        $failures | Should -HaveCount 2
    }

    It 'looks in random order with -Random' {
        $found = @(Find-AvailablePort 24000-24999 -Count 20 -Random -Address 127.0.0.1)
        $found | ForEach-Object Port | Sort-Object -Unique | Should -HaveCount 20
        # By chance they are in order once in 20! times.
        $found | ForEach-Object Port | Should -Not -Be ($found | ForEach-Object Port | Sort-Object)
        foreach ($port in $found | ForEach-Object Port) { $port | Should -BeIn (24000..24999) }
    }

    It 'gives Start-EchoServer the next one where the first was taken meanwhile' {
        $found = @(Find-AvailablePort 25000-25999 -Count 3 -Address 127.0.0.1)
        $faster = [Net.Sockets.TcpListener]::new([ipaddress]::Loopback, $found[0].Port)
        $faster.Start()
        try {
            $server = $found | Start-EchoServer -ErrorAction SilentlyContinue -ErrorVariable failures | Select-Object -First 1
            $server.Port | Should -Be $found[1].Port
            $failures[0].FullyQualifiedErrorId | Should -BeLike 'PortInUse,*'
            Get-EchoServer | Should -HaveCount 1
        }
        finally {
            $faster.Stop()
            Get-EchoServer | Stop-EchoServer -Force
        }
    }

    It 'gives what Start-EchoServer takes' {
        $server = Find-AvailablePort -Port 26000-26999 | Start-EchoServer
        try {
            $server.Port | Should -BeGreaterOrEqual 26000
            $server.Port | Should -BeLessOrEqual 26999
        }
        finally {
            $server | Stop-EchoServer
        }
    }

    Context 'given to a server' {
        AfterEach { Get-EchoServer | Stop-EchoServer -Force }

        It 'has it listen on the address that was chosen' {
            (Find-AvailablePort -Address 127.0.0.1 | Start-EchoServer).EndPoint | Should -BeLike '127.0.0.1:*'
            (Find-AvailablePort 20000-29999 -Address ::1 -Count 2 | Start-EchoServer).EndPoint | Should -BeLike '`[::1`]:*'
            (Find-AvailablePort 20000-29999 -Address ::1 | Start-EchoServer -Address 127.0.0.1).EndPoint | Should -BeLike '127.0.0.1:*'
            $port = (Find-AvailablePort -Address 127.0.0.1).Port
            (Test-PortAvailability $port -Address 127.0.0.1 | Start-EchoServer).EndPoint | Should -BeLike '127.0.0.1:*'
        }

        It 'has it listen on loopback where none was' {
            $server = Find-AvailablePort | Start-EchoServer -WarningVariable warnings
            $server.Address | Should -Be 'localhost'
            $warnings | Should -BeNullOrEmpty
        }
    }
}
