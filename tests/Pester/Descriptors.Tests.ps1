Describe 'A server whose process has no descriptor left' -Tag Linux {
    BeforeAll {
        . "$PSScriptRoot/SamePowerShell.ps1"
        # A process of its own, since the limit is a process's. Without descriptors PowerShell can do next to nothing, so what
        # it needs is loaded before, and what happens is read from the log.
        $module = Resolve-Path "$PSScriptRoot/../../PSSocketTools.psd1"
        $script = @'
            $ErrorActionPreference = 'Stop'
            Import-Module $env:TEST_MODULE
            $server = Start-EchoServer -Address 127.0.0.1 -LogPath $env:TEST_LOG
            $null = Wait-EchoServer -Server $server -Kind Started
            "$($server.Transport) $($server.Port)"
            $null = Wait-EchoServer -Server $server -Kind MessageReceived -TimeoutSec 300
            Stop-EchoServer -Server $server
'@
        $start = [Diagnostics.ProcessStartInfo]::new('/bin/sh')
        $start.ArgumentList.Add('-c')
        $start.ArgumentList.Add('ulimit -n 400; exec "$0" "$@"')
        @($pwsh) + $pwshArguments + @('-NoProfile', '-NonInteractive', '-Command', $script) | ForEach-Object { $start.ArgumentList.Add($_) }
        $start.RedirectStandardOutput = $true
        $start.Environment['TEST_MODULE'] = $module

        function Get-LoggedError {
            # The last line may not be whole yet.
            Get-Content $log | Where-Object { $_ -match '"Kind":"Error".*}$' } | ConvertFrom-Json
        }
    }

    It 'says so, tries again without spinning, and serves those that waited once others leave, over <_>' -ForEach 'Epoll', 'Async' {
        $log = Join-Path $TestDrive "$_.jsonl"
        $start.Environment['TEST_LOG'] = $log
        $start.Environment['PSSOCKETTOOLS_TRANSPORT'] = $_
        $process = [Diagnostics.Process]::Start($start)
        $clients = [Collections.Generic.List[Net.Sockets.TcpClient]]::new()
        try {
            $line = $process.StandardOutput.ReadLineAsync()
            $line.Wait([timespan]::FromSeconds(60)) | Should -BeTrue
            $name, $port = $line.Result -split ' '
            $name | Should -Be $_
            1..500 | ForEach-Object { $clients.Add([Net.Sockets.TcpClient]::new('127.0.0.1', [int] $port)) }
            [Threading.SpinWait]::SpinUntil({ Get-LoggedError }, [timespan]::FromSeconds(60)) | Should -BeTrue

            # The process keeps some for itself.
            @(Get-ChildItem "/proc/$($process.Id)/fd").Count | Should -BeLessThan 390

            $clients[0..399] | ForEach-Object Dispose
            $stream = $clients[-1].GetStream()
            $stream.ReadTimeout = 30000
            $stream.Write([byte[]] (1, 2, 3))
            $answer = [byte[]]::new(3)
            $stream.ReadExactly($answer, 0, 3)
            $answer | Should -Be 1, 2, 3
            $process.WaitForExit(60000) | Should -BeTrue
            $process.ExitCode | Should -Be 0

            # Waits of 50 ms that double up to a second, begun anew when a client could be let in: without them it would be thousands.
            $errors = @(Get-LoggedError)
            $errors[0].Reason | Should -Be 'AcceptFailed'
            $errors.Count | Should -BeLessOrEqual (25 + ($errors[-1].Timestamp - $errors[0].Timestamp).TotalSeconds)
        }
        finally {
            $clients | ForEach-Object Dispose
            if (-not $process.HasExited) {
                $process.Kill()
            }

            $process.Dispose()
        }
    }
}

Describe 'A client whose process has no descriptor left' -Tag Linux {
    BeforeAll {
        . "$PSScriptRoot/SamePowerShell.ps1"
        $module = Resolve-Path "$PSScriptRoot/../../PSSocketTools.psd1"
        Import-Module $module -Force
        $server = Start-EchoServer -Address 127.0.0.1
        # What the script says comes in one piece, because a process without descriptors may say nothing more.
        $script = @'
            Import-Module $env:TEST_MODULE
            $ErrorActionPreference = $WarningPreference = $ProgressPreference = 'SilentlyContinue'
            $to = @{ ComputerName = '127.0.0.1'; Port = [int] $env:TEST_PORT }
            # .NET keeps the file of each assembly open, and which are loaded by when is its own affair.
            function Get-Open { @(Get-ChildItem /proc/self/fd | Where-Object { [IO.File]::ResolveLinkTarget($_.FullName, $false).Name -notlike '*.dll' }).Count }
            $said = @{}
            $null = Measure-EchoServer @to -Connections 1 -Count 1
            $null = Get-PortHolder -ErrorVariable failed
            $null = Get-PortHolder 1 -ErrorVariable failed
            $before = Get-Open
            $said.Measured = foreach ($connections in 97, 400) {
                $measured = Measure-EchoServer @to -Connections $connections -Count 500 -ErrorVariable failed
                @{ Messages = $measured.Messages; Errors = $measured.Errors; Error = $measured.Error; Failed = "$failed"; Left = (Get-Open) - $before }
            }

            $sessions = [Collections.Generic.List[object]]::new()
            do {
                $failed = $null
                $session = Connect-EchoServer @to -ErrorVariable failed
                if ($session) { $sessions.Add($session) }
            } until ($failed -or $sessions.Count -gt 1000)
            $said.Connect = @($failed.FullyQualifiedErrorId)
            $null = Connect-EchoServer @to -Protocol Udp -ErrorVariable failed
            $said.Udp = @($failed.FullyQualifiedErrorId)
            try { Send-SocketMessage x @to } catch { $said.Send = @($_.FullyQualifiedErrorId) }
            $said.Nothing = (Measure-EchoServer @to -Connections 50 -Count 500).Error
            $said.Scan = @(Test-PortAvailability @to -TimeoutSec 30).Status
            $said.Found = @(Find-AvailablePort).Count
            $said.Response = (Send-SocketMessage hello -Session $sessions[0]).Response
            # Waits that something else may end need no descriptor, though not one is left.
            $null = Receive-SocketMessage -Session $sessions[0] -TimeoutSec 0.01 -ErrorVariable failed
            $large = 'x' * 200000
            $null = (Send-SocketMessage $large -Session $sessions[0]).Response
            $files = [Collections.Generic.List[IO.FileStream]]::new()
            try { while ($true) { $files.Add([IO.File]::OpenRead('/dev/null')) } } catch { $said.Files = $files.Count }
            $null = Receive-SocketMessage -Session $sessions[0] -TimeoutSec 0.2 -ErrorVariable failed
            $said.Received = @($failed.FullyQualifiedErrorId)
            $said.Large = (Send-SocketMessage $large -Session $sessions[0]).Response.Length
            $null = Get-PortHolder -ErrorVariable failed
            $said.Holders = @($failed | ForEach-Object { $_.FullyQualifiedErrorId; "$($_.CategoryInfo.Category)"; "$($_.TargetObject)"; "$_" })
            foreach ($file in $files) { $file.Dispose() }
            $said.Held = @(Get-PortHolder $to.Port).Count
            $sessions | Disconnect-EchoServer
            $said.Left = (Get-Open) - $before
            ConvertTo-Json $said -Compress -Depth 4
'@
        $start = [Diagnostics.ProcessStartInfo]::new('/bin/sh')
        $start.ArgumentList.Add('-c')
        $start.ArgumentList.Add('ulimit -n 256; exec "$0" "$@"')
        @($pwsh) + $pwshArguments + @('-NoProfile', '-NonInteractive', '-Command', $script) | ForEach-Object { $start.ArgumentList.Add($_) }
        $start.RedirectStandardOutput = $true
        $start.Environment['TEST_MODULE'] = $module
        $start.Environment['TEST_PORT'] = $server.Port
    }

    AfterAll {
        $server | Stop-EchoServer -Force
    }

    It 'says so in every cmdlet that connects, closes what it opened, and goes on' {
        $process = [Diagnostics.Process]::Start($start)
        try {
            $reading = $process.StandardOutput.ReadToEndAsync()
            $reading.Wait([timespan]::FromMinutes(3)) | Should -BeTrue
            $process.WaitForExit(60000) | Should -BeTrue
            $process.ExitCode | Should -Be 0
            $said = $reading.Result | ConvertFrom-Json
            foreach ($measured in $said.Measured) {
                $measured.Messages | Should -Be 500
                $measured.Errors | Should -BeGreaterThan 0
                $measured.Error | Should -BeLike '*ulimit -n*'
                $measured.Failed | Should -BeNullOrEmpty
                # What .NET keeps for itself once it has been used.
                $measured.Left | Should -BeLessThan 10
            }

            $said.Connect | Should -Be 'TooManyOpenFiles,PSSocketTools.Commands.ConnectEchoServerCommand'
            $said.Udp | Should -Be 'TooManyOpenFiles,PSSocketTools.Commands.ConnectEchoServerCommand'
            $said.Send | Should -Be 'TooManyOpenFiles,PSSocketTools.Commands.SendSocketMessageCommand'
            $said.Nothing | Should -BeLike '*ulimit -n*'
            $said.Scan | Should -Be 'Open'
            $said.Found | Should -Be 1
            $said.Response | Should -Be 'hello'
            $said.Files | Should -BeGreaterThan 0
            $said.Received | Should -Be 'WaitTimeout,PSSocketTools.Commands.ReceiveSocketMessageCommand'
            $said.Large | Should -Be 200000
            $said.Holders | Should -HaveCount 4 -Because 'all tables and processes are one error'
            $said.Holders[0..2] | Should -Be 'TooManyOpenFiles,PSSocketTools.Commands.GetPortHolderCommand', 'ResourceUnavailable', '/proc/net/tcp'
            $said.Holders[3] | Should -BeLike '*ulimit -n*'
            $said.Held | Should -Be 1
            $said.Left | Should -BeLessThan 10
        }
        finally {
            if (-not $process.HasExited) {
                $process.Kill()
            }

            $process.Dispose()
        }
    }
}

Describe 'A process whose servers want more descriptors than it may have' -Tag Linux {
    BeforeAll {
        . "$PSScriptRoot/SamePowerShell.ps1"
        $script = @'
            Import-Module $env:TEST_MODULE
            $ErrorActionPreference = $WarningPreference = $ProgressPreference = 'SilentlyContinue'
            $here = @{ Address = '127.0.0.1' }
            function Get-Failure([hashtable] $With) {
                $failed = $null
                $null = Start-EchoServer @With -ErrorVariable failed
                @($failed.FullyQualifiedErrorId)
            }

            $said = @{}
            $servers = [Collections.Generic.List[object]]::new()
            do {
                $failed = $null
                $server = Start-EchoServer @here -ErrorVariable failed
                if ($server) { $servers.Add($server) }
            } until ($failed -or $servers.Count -gt 1000)
            $said.Transport = $servers[0].Transport
            $said.Tcp = @($failed.FullyQualifiedErrorId)
            $said.Text = "$failed"
            $said.Running = @(Get-EchoServer).Count - $servers.Count
            $said.Udp = Get-Failure @{ Address = '127.0.0.1'; Protocol = 'Udp' }
            $said.Unix = Get-Failure @{ SocketPath = "$env:TEST_FOLDER/socket" }
            $said.Log = Get-Failure @{ Address = '127.0.0.1'; LogPath = "$env:TEST_FOLDER/log" }
            $said.Files = @(Get-ChildItem $env:TEST_FOLDER).Count

            # What those leave is for clients, and for whatever else goes on for a moment only.
            $said.Response = (Send-SocketMessage hello -Server $servers[0]).Response
            $said.Measured = (Measure-EchoServer 127.0.0.1 $servers[1].Port -Connections 2 -Count 10).Messages
            $said.Found = @(Find-AvailablePort).Count
            $said.Local = (Test-PortAvailability $servers[0].Port).Status
            $said.Remote = (Test-PortAvailability -ComputerName 127.0.0.1 -Port $servers[0].Port -TimeoutSec 30).Status

            # A connection that a busy server has yet to accept, or to close, would take a descriptor later on.
            $null = Wait-EchoServer $servers[0] -Kind Disconnected -Count 2
            $null = Wait-EchoServer $servers[1] -Kind Disconnected -Count 2

            # Not one is left, and PowerShell goes on all the same.
            $files = [Collections.Generic.List[IO.FileStream]]::new()
            try { while ($true) { $files.Add([IO.File]::OpenRead('/dev/null')) } } catch { $said.Left = $files.Count }
            $said.None = Get-Failure $here
            $said.NoneLog = Get-Failure @{ Address = '127.0.0.1'; LogPath = "$env:TEST_FOLDER/log" }
            foreach ($file in $files) { $file.Dispose() }

            # A server that has stopped makes room for another.
            $servers[-1] | Stop-EchoServer
            $said.Again = Get-Failure $here
            $said.First = (Send-SocketMessage again -Server $servers[0]).Response
            $servers | Stop-EchoServer
            ConvertTo-Json $said -Compress
'@
        $start = [Diagnostics.ProcessStartInfo]::new('/bin/sh')
        $start.ArgumentList.Add('-c')
        $start.ArgumentList.Add('ulimit -n 256; exec "$0" "$@"')
        @($pwsh) + $pwshArguments + @('-NoProfile', '-NonInteractive', '-Command', $script) | ForEach-Object { $start.ArgumentList.Add($_) }
        $start.RedirectStandardOutput = $true
        $start.Environment['TEST_MODULE'] = Resolve-Path "$PSScriptRoot/../../PSSocketTools.psd1"
    }

    It 'goes on, says so, and serves on the servers it has, over <_>' -ForEach 'Epoll', 'Async' {
        $start.Environment['TEST_FOLDER'] = (New-Item -ItemType Directory "$TestDrive/$_").FullName
        $start.Environment['PSSOCKETTOOLS_TRANSPORT'] = $_
        $process = [Diagnostics.Process]::Start($start)
        try {
            $reading = $process.StandardOutput.ReadToEndAsync()
            $reading.Wait([timespan]::FromMinutes(3)) | Should -BeTrue
            $process.WaitForExit(60000) | Should -BeTrue
            $process.ExitCode | Should -Be 0
            $said = $reading.Result | ConvertFrom-Json
            $said.Transport | Should -Be $_
            foreach ($failure in 'Tcp', 'Udp', 'Unix', 'Log', 'None', 'NoneLog') {
                $said.$failure | Should -Be 'TooManyOpenFiles,PSSocketTools.Commands.StartEchoServerCommand' -Because $failure
            }

            $said.Text | Should -BeLike '*ulimit -n*'
            $said.Running | Should -Be 0
            $said.Files | Should -Be 0
            $said.Response | Should -Be 'hello'
            $said.Measured | Should -Be 10
            $said.Found | Should -Be 1
            $said.Local | Should -Be 'InUse'
            $said.Remote | Should -Be 'Open'
            # The servers that failed hold nothing.
            $said.Left | Should -BeGreaterThan 40
            $said.Again | Should -BeNullOrEmpty
            $said.First | Should -Be 'again'
        }
        finally {
            if (-not $process.HasExited) {
                $process.Kill()
            }

            $process.Dispose()
        }
    }
}
