BeforeDiscovery {
    $hasLimit = $IsLinux -and (Test-Path /bin/sh)
}

Describe 'A server whose process has no descriptor left' -Skip:(-not $hasLimit) {
    BeforeAll {
        # A process of its own, since the limit is a process's.
        $module = Resolve-Path "$PSScriptRoot/../../PSSocketTools.psd1"
        $script = @"
            `$ErrorActionPreference = 'Stop'
            Import-Module '$module'
            `$server = Start-EchoServer -Address 127.0.0.1
            "`$(`$server.Transport) `$(`$server.Port)"
            `$null = Wait-EchoServer -Server `$server -Kind Error
            'exhausted'
            `$null = Wait-EchoServer -Server `$server -Kind MessageReceived
            `$errors = @(Get-EchoServerEvent -Server `$server | Where-Object Kind -EQ Error)
            "`$(`$errors.Count) `$(`$errors[0].Reason) `$([int] ([DateTimeOffset]::Now - `$errors[0].Timestamp).TotalSeconds)"
            Stop-EchoServer -Server `$server
"@
        $start = [Diagnostics.ProcessStartInfo]::new('/bin/sh')
        $start.ArgumentList.Add('-c')
        $start.ArgumentList.Add('ulimit -n 400; exec "$0" "$@"')
        $start.ArgumentList.Add([Environment]::ProcessPath)
        '-NoProfile', '-NonInteractive', '-Command', $script | ForEach-Object { $start.ArgumentList.Add($_) }
        $start.RedirectStandardOutput = $true

        function Read-Line {
            $line = $process.StandardOutput.ReadLineAsync()
            $line.Wait([timespan]::FromSeconds(60)) | Should -BeTrue
            $line.Result
        }
    }

    It 'says so, tries again without spinning, and serves those that waited once others leave, over <_>' -ForEach 'Epoll', 'Async' {
        $start.Environment['PSSOCKETTOOLS_TRANSPORT'] = $_
        $process = [Diagnostics.Process]::Start($start)
        $clients = [Collections.Generic.List[Net.Sockets.TcpClient]]::new()
        try {
            $name, $port = (Read-Line) -split ' '
            $name | Should -Be $_
            1..500 | ForEach-Object { $clients.Add([Net.Sockets.TcpClient]::new('127.0.0.1', [int] $port)) }
            Read-Line | Should -Be 'exhausted'

            $clients[0..399] | ForEach-Object Dispose
            $stream = $clients[-1].GetStream()
            $stream.ReadTimeout = 30000
            $stream.Write([byte[]] (1, 2, 3))
            $answer = [byte[]]::new(3)
            $stream.ReadExactly($answer, 0, 3)
            $answer | Should -Be 1, 2, 3

            $count, $reason, $seconds = (Read-Line) -split ' '
            $reason | Should -Be 'AcceptFailed'

            # Waits of 50 ms that double up to a second, begun anew when a client could be let in: without them it would be thousands.
            [int] $count | Should -BeLessOrEqual (25 + [int] $seconds)
            $process.WaitForExit(30000) | Should -BeTrue
            $process.ExitCode | Should -Be 0
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
