Describe 'A process that ends with its servers running' -Tag Linux {
    BeforeAll {
        . "$PSScriptRoot/SamePowerShell.ps1"
        # A process of its own, since it ends.
        $module = Resolve-Path "$PSScriptRoot/../../PSSocketTools.psd1"
        $script = @'
            $ErrorActionPreference = 'Stop'
            Import-Module $env:TEST_MODULE
            $server = Start-EchoServer -Address 127.0.0.1 -LogPath $env:TEST_LOG
            $null = Start-EchoServer -SocketPath $env:TEST_SOCKET
            $server.Port
            $null = [Console]::In.ReadLine()
            exit 3
'@
        $start = [Diagnostics.ProcessStartInfo]::new($pwsh)
        $pwshArguments + @('-NoProfile', '-NonInteractive', '-Command', $script) | ForEach-Object { $start.ArgumentList.Add($_) }
        $start.RedirectStandardOutput = $true
        $start.RedirectStandardInput = $true
        $start.Environment['TEST_MODULE'] = $module
    }

    BeforeEach {
        $log = Join-Path $TestDrive "$([Guid]::NewGuid()).jsonl"
        # Short, since a socket's path has 108 bytes at most.
        $socket = Join-Path ([IO.Path]::GetTempPath()) ([IO.Path]::GetRandomFileName())
        $start.Environment['TEST_LOG'] = $log
        $start.Environment['TEST_SOCKET'] = $socket
        $process = [Diagnostics.Process]::Start($start)
        $line = $process.StandardOutput.ReadLineAsync()
        $line.Wait([timespan]::FromSeconds(60)) | Should -BeTrue

        # Traffic until the process is gone; what counts is how many answers came.
        $client = [Net.Sockets.TcpClient]::new('127.0.0.1', [int] $line.Result)
        $stream = $client.GetStream()
        $stream.ReadTimeout = $stream.WriteTimeout = 30000
        $answers = 0
        $message = [byte[]]::new(32)
        $exchange = {
            $stream.Write($message, 0, 32)
            $stream.ReadExactly($message, 0, 32)
        }
        $exchangeToTheEnd = {
            # A process that ignores its signal answers on, and its log would fill the disk.
            $clock = [Diagnostics.Stopwatch]::StartNew()
            try { while ($clock.Elapsed.TotalSeconds -lt 60) { . $exchange; $answers++ } }
            catch [IO.IOException] {
                # The end of the process ends the connection, with or without a reset; an answer that only stays away is none.
                $_.Exception.GetBaseException().SocketErrorCode | Should -Not -Be 'TimedOut'
            }
        }
        foreach ($i in 1..2000) { . $exchange; $answers++ }
    }

    AfterEach {
        $client.Dispose()
        if (-not $process.HasExited) { $process.Kill() }
        $process.Dispose()
        Remove-Item -LiteralPath $socket -ErrorAction Ignore
    }

    It 'stops them in order <Name>, and nothing is missing in the log' -ForEach @(
        @{ Name = 'on SIGTERM'; End = { kill -TERM $process.Id } }
        @{ Name = 'on SIGHUP'; End = { kill -HUP $process.Id } }
        @{ Name = 'at exit'; End = { $process.StandardInput.WriteLine() } }
    ) {
        $null = & $End
        . $exchangeToTheEnd
        $process.WaitForExit(60000) | Should -BeTrue
        $process.ExitCode | Should -Not -Be 0
        $lines = Get-Content $log | ConvertFrom-Json
        $lines[-1].Kind | Should -Be 'Stopped'
        $lines.Sequence | Should -Be (1..$lines.Count)
        @($lines | Where-Object Kind -eq ResponseSent).Count | Should -BeGreaterOrEqual $answers
        Test-Path $socket | Should -BeFalse
    }

    It 'loses only the last moment of the log to SIGKILL' {
        # Nothing waits for the end to be written.
        $isWritten = { @(Get-Content $log | Where-Object { $_ -match 'ResponseSent' }).Count -ge 2000 }
        [Threading.SpinWait]::SpinUntil([Func[bool]] { & $isWritten }, 30000) | Should -BeTrue
        $null = kill -KILL $process.Id
        . $exchangeToTheEnd
        $process.WaitForExit(60000) | Should -BeTrue

        # The system may have been stopped in the middle of the last one.
        $lines = ([IO.File]::ReadAllText($log) -replace '[^\n]*\z').TrimEnd() -split "`n" | ConvertFrom-Json
        $lines.Sequence | Should -Be (1..$lines.Count)
        @($lines | Where-Object Kind -eq ResponseSent).Count | Should -BeGreaterOrEqual 2000
    }
}
