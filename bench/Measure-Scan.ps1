<#
.SYNOPSIS
Measures Test-PortAvailability beside nmap's connect scan, a plain loop over TcpClient, and the arithmetic minimum of a silent scan.
.DESCRIPTION
Everything in one run, on loopback, in this PowerShell; what is compared takes turns, and of each the median counts. A ratio below 1 is in our favour. Needs a build; nmap where there is one.
.EXAMPLE
pwsh bench/Measure-Scan.ps1 -Rounds 5
#>
[CmdletBinding()]
param(
    # How often each is measured; one more goes before, to warm up.
    [ValidateRange(1, 100)] [int] $Rounds = 5,
    # How many ports the plain loop tests; its time for all 65,535 is that many times as long.
    [ValidateRange(1, 65535)] [int] $LoopPorts = 2000
)

$ErrorActionPreference = 'Stop'
Import-Module "$PSScriptRoot/../PSSocketTools.psd1" -Force
$ports = 65535

# The medians of scripts that take turns, in seconds.
function Measure-InTurn([scriptblock[]] $Script) {
    $times = @(foreach ($one in $Script) { , [Collections.Generic.List[double]]::new() })
    for ($round = 0; $round -le $Rounds; $round++) {
        for ($i = 0; $i -lt $Script.Count; $i++) {
            $time = (Measure-Command { $null = & $Script[$i] }).TotalSeconds
            if ($round -gt 0) { $times[$i].Add($time) }
        }
    }
    foreach ($one in $times) {
        $one.Sort()
        $one[[math]::Floor(($one.Count - 1) / 2)]
    }
}

function Write-Row([string] $What, [double] $Seconds, [string] $Beside, [double] $OtherSeconds) {
    [pscustomobject]@{
        What    = $What
        Seconds = [math]::Round($Seconds, 4)
        Beside  = $Beside
        Other   = if ($Beside) { [math]::Round($OtherSeconds, 4) }
        Ratio   = if ($Beside) { [math]::Round($Seconds / $OtherSeconds, 3) }
    }
}

$nmap = Get-Command nmap -CommandType Application -ErrorAction Ignore | Select-Object -First 1
foreach ($address in '127.0.0.1', '::1') {
    $scan = { Test-PortAvailability 1-65535 -ComputerName $address }
    if ($nmap) {
        $arguments = @(if ($address -eq '::1') { '-6' }; '-sT', '-p-', '-n', '-Pn', '-T5', $address)
        $ours, $theirs = Measure-InTurn $scan, { & $nmap @arguments }
        Write-Row "$ports ports of $address" $ours "nmap $arguments" $theirs
    }
    else {
        Write-Row "$ports ports of $address" (Measure-InTurn $scan)
    }
}

$ours, $theirs = Measure-InTurn { Test-PortAvailability "1-$LoopPorts" -ComputerName 127.0.0.1 }, {
    foreach ($port in 1..$LoopPorts) {
        $client = [Net.Sockets.TcpClient]::new()
        try { $client.Connect('127.0.0.1', $port); $open = $true } catch { $open = $false } finally { $client.Dispose() }
        [pscustomobject]@{ ComputerName = '127.0.0.1'; Port = $port; Open = $open }
    }
}
Write-Row "$LoopPorts ports of 127.0.0.1" $ours 'a loop over TcpClient' $theirs
Write-Row "$ports ports, Select-Object -First 1" (Measure-InTurn { Test-PortAvailability 1-65535 -ComputerName 127.0.0.1 | Select-Object -First 1 })

if (-not $nmap) {
    'Left out: nmap, which is not installed.'
}

if ($PSEdition -eq 'Core' -and $IsLinux) {
    # A listener whose backlog is full drops the SYN, on Linux.
    $silent = [Net.Sockets.Socket]::new('InterNetwork', 'Stream', 'Tcp')
    $silent.Bind([Net.IPEndPoint]::new([Net.IPAddress]::Loopback, 0))
    $silent.Listen(0)
    $client = [Net.Sockets.TcpClient]::new('127.0.0.1', $silent.LocalEndPoint.Port)
    try {
        $probes = 1000
        $many = @($silent.LocalEndPoint.Port) * $probes
        $time = Measure-InTurn { Test-PortAvailability $many -ComputerName 127.0.0.1 -TimeoutSec 1 }
        Write-Row "$probes silent probes, 1 s each, 512 at a time" $time 'the arithmetic minimum' ([math]::Ceiling($probes / 512))

        $late = foreach ($i in 1..20) {
            (Measure-Command { Test-PortAvailability $silent.LocalEndPoint.Port -ComputerName 127.0.0.1 -TimeoutSec 0.25 }).TotalMilliseconds - 250
        }
        $late = @($late | Sort-Object)
        'A timeout of 250 ms is late by {0:0.0} ms (median), {1:0.0} ms (worst of 20), the command itself included.' -f $late[10], $late[-1]
    }
    finally {
        $client.Dispose()
        $silent.Dispose()
    }
}
