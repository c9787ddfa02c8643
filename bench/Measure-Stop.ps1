<#
.SYNOPSIS
Measures Ctrl+C: the time from PowerShell.Stop until a waiting command of the module has ended.
.EXAMPLE
pwsh bench/Measure-Stop.ps1 -Rounds 5
#>
[CmdletBinding()]
param(
    # How often each is stopped.
    [ValidateRange(1, 100)] [int] $Rounds = 5,
    # How long a command waits before it is stopped, so that it does wait by then.
    [ValidateRange(50, 10000)] [int] $LeadMilliseconds = 300
)

$ErrorActionPreference = 'Stop'
$manifest = (Resolve-Path "$PSScriptRoot/../PSSocketTools.psd1").Path
Import-Module $manifest
$mute = Start-EchoServer -NoResponse

# A listener whose backlog is full drops the SYN, on Linux: a port that stays silent.
$silent = $null
if ($IsLinux) {
    $silent = [Net.Sockets.Socket]::new('InterNetwork', 'Stream', 'Tcp')
    $silent.Bind([Net.IPEndPoint]::new([Net.IPAddress]::Loopback, 0))
    $silent.Listen(0)
    $filler = [Net.Sockets.TcpClient]::new('127.0.0.1', $silent.LocalEndPoint.Port)
}

$commands = @(
    "Connect-EchoServer localhost $($mute.Port) | Send-SocketMessage 'anybody?'"
    "Connect-EchoServer localhost $($mute.Port) | Receive-SocketMessage"
    'Start-EchoServer | Wait-EchoServer -Kind Connected'
    'Start-EchoServer | Get-EchoServerEvent -Wait'
    'Start-EchoServer -Wait'
    if ($silent) {
        "Test-PortAvailability -ComputerName 127.0.0.1 -Port $($silent.LocalEndPoint.Port) -TimeoutSec 60"
        "Connect-EchoServer 127.0.0.1 $($silent.LocalEndPoint.Port) -TimeoutSec 60"
    }
)
$state = [initialsessionstate]::CreateDefault()
$state.ImportPSModule($manifest)
$runspace = [runspacefactory]::CreateRunspace($state)
$runspace.Open()
try {
    foreach ($command in $commands) {
        # One more goes before, to warm up.
        $times = foreach ($round in 0..$Rounds) {
            $shell = [powershell]::Create()
            $shell.Runspace = $runspace
            $running = $shell.AddScript($command).BeginInvoke()
            if ($running.AsyncWaitHandle.WaitOne($LeadMilliseconds)) {
                throw "'$command' did not wait: $($shell.Streams.Error)"
            }
            $clock = [Diagnostics.Stopwatch]::StartNew()
            $shell.Stop()
            $time = $clock.Elapsed.TotalMilliseconds
            $shell.Dispose()
            if ($round -gt 0) { $time }
            Get-EchoSession | Disconnect-EchoServer
            Get-EchoServer | Where-Object Id -ne $mute.Id | Stop-EchoServer -Force
        }
        $sorted = @($times | Sort-Object)
        [pscustomobject]@{
            Command       = $command -replace '^(Connect|Start)-EchoServer( localhost \d+)? \| ' -replace ' \d{4,5} ', ' <silent> ' -replace '-Port \d+', '-Port <silent>'
            'Median ms'   = [math]::Round($sorted[[math]::Floor(($sorted.Count - 1) / 2)], 2)
            'Longest ms'  = [math]::Round($sorted[-1], 2)
        }
    }
    if (-not $silent) { 'Left out: Test-PortAvailability and Connect-EchoServer on a silent port, which only Linux makes on loopback.' }
}
finally {
    $runspace.Dispose()
    $mute | Stop-EchoServer -Force
    if ($silent) {
        $filler.Dispose()
        $silent.Dispose()
    }
}
