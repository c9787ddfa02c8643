<#
.SYNOPSIS
Measures the latencies that a fresh pwsh shows, the first and the tenth, beside those of a C program that does nothing else.
.DESCRIPTION
Each round is a pwsh of its own and a run of the program, on loopback; of each figure the median of the rounds counts. Needs a build, and a C compiler, cc.
.EXAMPLE
pwsh bench/Measure-Latency.ps1 -Rounds 9
#>
[CmdletBinding()]
param(
    # How many fresh processes are measured.
    [ValidateRange(1, 100)] [int] $Rounds = 5
)

$ErrorActionPreference = 'Stop'
if (-not $IsLinux -or -not (Get-Command cc -CommandType Application -ErrorAction Ignore)) {
    'Left out: the C program needs Linux and a C compiler, cc.'
    return
}

$ours = (Resolve-Path "$PSScriptRoot/../PSSocketTools.psd1").Path
$folder = Join-Path ([IO.Path]::GetTempPath()) ([guid]::NewGuid())
$pwsh, [string[]] $leading = & "$PSScriptRoot/ThisPowerShell.ps1"
$listener = [Net.Sockets.TcpListener]::new([ipaddress]::Loopback, 0)
$echo = $null
# It is bound and does not listen, so that the system refuses.
$refusing = [Net.Sockets.Socket]::new('InterNetwork', 'Stream', 'Tcp')
try {
    $null = New-Item -ItemType Directory $folder
    foreach ($program in 'tcpconnect', 'tcpexchange', 'tcpecho') {
        cc -O2 -o "$folder/$program" "$PSScriptRoot/yardstick/$program.c"
        if ($LASTEXITCODE) { throw "cc does not compile $program.c." }
    }

    # A server of this process would be cold too, and its first answer late for its own reasons.
    $echo = [Diagnostics.Process]::Start([Diagnostics.ProcessStartInfo]@{ FileName = "$folder/tcpecho"; Arguments = '0'; RedirectStandardOutput = $true })
    $echoPort = $echo.StandardOutput.ReadLine()
    $listener.Start(512)
    $refusing.Bind([Net.IPEndPoint]::new([ipaddress]::Loopback, 0))
    $ports = [ordered]@{ Open = $listener.LocalEndpoint.Port; Closed = $refusing.LocalEndPoint.Port }
    $figures = @{}
    function Add-Figure([string] $What, [double] $Milliseconds) { $figures[$What] = @($figures[$What]) + $Milliseconds }
    foreach ($round in 1..$Rounds) {
        foreach ($status in $ports.Keys) {
            $command = "Import-Module '$ours'; `$all = 1..10 | ForEach-Object { (Test-PortAvailability $($ports[$status]) -ComputerName 127.0.0.1).LatencyMilliseconds.ToString([cultureinfo]::InvariantCulture) }; [IO.File]::WriteAllLines('$folder/times', [string[]] `$all)"
            $null = & $pwsh @leading -NoLogo -NoProfile -NonInteractive -Command $command
            $times = [IO.File]::ReadAllLines("$folder/times")
            Add-Figure "$status first" $times[0]
            Add-Figure "$status tenth" $times[9]
            $bare = & "$folder/tcpconnect" 127.0.0.1 $ports[$status] 10
            Add-Figure "$status first, C" $bare[0]
            Add-Figure "$status tenth, C" $bare[9]
        }

        $command = "Import-Module '$ours'; `$session = Connect-EchoServer 127.0.0.1 $echoPort; `$all = @(`$session.ConnectMilliseconds) + @(1..10 | ForEach-Object { (Send-SocketMessage x -Session `$session).RoundTripMilliseconds }); [IO.File]::WriteAllLines('$folder/times', [string[]] @(`$all | ForEach-Object { `$_.ToString([cultureinfo]::InvariantCulture) }))"
        $null = & $pwsh @leading -NoLogo -NoProfile -NonInteractive -Command $command
        $times = [IO.File]::ReadAllLines("$folder/times")
        Add-Figure 'ConnectMilliseconds first' $times[0]
        Add-Figure 'RoundTripMilliseconds first' $times[1]
        Add-Figure 'RoundTripMilliseconds tenth' $times[10]
        $bare = & "$folder/tcpexchange" 127.0.0.1 $echoPort 10
        Add-Figure 'RoundTripMilliseconds first, C' $bare[0]
        Add-Figure 'RoundTripMilliseconds tenth, C' $bare[9]
    }

    function Get-Median([string] $What) {
        $sorted = @($figures[$What] | Where-Object { $null -ne $_ } | Sort-Object)
        $sorted[[math]::Floor(($sorted.Count - 1) / 2)]
    }

    foreach ($what in 'Open first', 'Open tenth', 'Closed first', 'Closed tenth', 'ConnectMilliseconds first', 'RoundTripMilliseconds first', 'RoundTripMilliseconds tenth') {
        # A session's connect is held against the program's.
        $beside = if ($what -like 'Connect*') { 'Open first, C' } else { "$what, C" }
        $milliseconds = Get-Median $what
        $other = Get-Median $beside
        [pscustomobject]@{
            What      = $what
            'Ours ms' = [math]::Round($milliseconds, 3)
            Beside    = $beside
            'Its ms'  = [math]::Round($other, 3)
            'More ms' = [math]::Round($milliseconds - $other, 3)
        }
    }
}
finally {
    if ($echo) { $echo.Kill(); $echo.Dispose() }
    $listener.Stop()
    $refusing.Dispose()
    Remove-Item $folder -Recurse -Force -ErrorAction Ignore
}
