<#
.SYNOPSIS
Measures Test-PortAvailability beside nmap's connect scan, a plain loop over TcpClient, and the arithmetic minimum of a silent scan.
.DESCRIPTION
Everything in one run, on loopback, in this PowerShell; of each the median of its rounds. A ratio below 1 is in our favour. Needs a build; nmap where there is one.
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

function Measure-Median([scriptblock] $Script) {
    $null = & $Script
    $seconds = for ($i = 0; $i -lt $Rounds; $i++) { (Measure-Command { $null = & $Script }).TotalSeconds }
    @($seconds | Sort-Object)[[math]::Floor($Rounds / 2)]
}

function Write-Row([string] $What, [double] $Seconds, [string] $Beside) {
    '{0,-52} {1,8:0.000} s  {2}' -f $What, $Seconds, $Beside
}

$nmap = Get-Command nmap -CommandType Application -ErrorAction Ignore | Select-Object -First 1
foreach ($address in '127.0.0.1', '::1') {
    $scan = Measure-Median { Test-PortAvailability 1-65535 -ComputerName $address }
    Write-Row "Test-PortAvailability, $ports ports of $address" $scan ('{0:N0} ports a second' -f ($ports / $scan))
    if ($nmap) {
        $six = if ($address -eq '::1') { '-6' }
        $other = Measure-Median { & $nmap $six -sT -p- -n -Pn -T5 $address }
        Write-Row "nmap -sT -p- -n -Pn -T5 $address" $other ('ratio to it {0:0.00}' -f ($scan / $other))
    }
    else {
        'nmap is not installed: nothing to compare with.'
    }
}

$scan = Measure-Median { Test-PortAvailability "1-$LoopPorts" -ComputerName 127.0.0.1 }
$loop = Measure-Median {
    foreach ($port in 1..$LoopPorts) {
        $client = [Net.Sockets.TcpClient]::new()
        try { $client.Connect('127.0.0.1', $port); $open = $true } catch { $open = $false } finally { $client.Dispose() }
        [pscustomobject]@{ ComputerName = '127.0.0.1'; Port = $port; Open = $open }
    }
}
Write-Row "Test-PortAvailability, $LoopPorts ports" $scan ''
Write-Row "a plain loop over TcpClient, $LoopPorts ports" $loop ('ratio to it {0:0.000}' -f ($scan / $loop))

$first = Measure-Median { Test-PortAvailability 1-65535 -ComputerName 127.0.0.1 | Select-Object -First 1 }
Write-Row 'all ports, Select-Object -First 1' $first ''

if ($PSEdition -eq 'Core' -and $IsLinux) {
    # A listener whose backlog is full drops the SYN, on Linux.
    $silent = [Net.Sockets.Socket]::new('InterNetwork', 'Stream', 'Tcp')
    $silent.Bind([Net.IPEndPoint]::new([Net.IPAddress]::Loopback, 0))
    $silent.Listen(0)
    $client = [Net.Sockets.TcpClient]::new('127.0.0.1', $silent.LocalEndPoint.Port)
    try {
        $probes = 1000
        $minimum = [math]::Ceiling($probes / 512)
        $many = @($silent.LocalEndPoint.Port) * $probes
        $time = Measure-Median { Test-PortAvailability $many -ComputerName 127.0.0.1 -TimeoutSec 1 }
        Write-Row "$probes silent probes, 1 s each, 512 at a time" $time ('ratio to the minimum of {0} s {1:0.00}' -f $minimum, ($time / $minimum))

        $late = foreach ($i in 1..20) {
            (Measure-Command { Test-PortAvailability $silent.LocalEndPoint.Port -ComputerName 127.0.0.1 -TimeoutSec 0.25 }).TotalMilliseconds - 250
        }
        $late = @($late | Sort-Object)
        'a timeout of 250 ms is late by {0:0.0} ms (median), {1:0.0} ms (worst of 20), the command itself included' -f $late[10], $late[-1]
    }
    finally {
        $client.Dispose()
        $silent.Dispose()
    }
}
