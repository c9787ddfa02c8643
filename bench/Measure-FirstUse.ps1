<#
.SYNOPSIS
Measures what a fresh pwsh spends from Import-Module to the first answers, command by command.
.DESCRIPTION
Each round is a pwsh of its own; of each command the median of the rounds counts. Beside it is the time of the same command the second time, when all is loaded and compiled.
.EXAMPLE
pwsh bench/Measure-FirstUse.ps1 -Rounds 9
#>
[CmdletBinding()]
param(
    # How many fresh processes are measured.
    [ValidateRange(1, 100)] [int] $Rounds = 5
)

$ErrorActionPreference = 'Stop'
$ours = (Resolve-Path "$PSScriptRoot/../PSSocketTools.psd1").Path
$file = Join-Path ([IO.Path]::GetTempPath()) ([guid]::NewGuid())
$pwsh, [string[]] $leading = & "$PSScriptRoot/ThisPowerShell.ps1"
$commands = [ordered]@{
    'Import-Module'         = "Import-Module '$ours'"
    'Start-EchoServer'      = '$server = Start-EchoServer'
    'Connect-EchoServer'    = '$session = $server | Connect-EchoServer'
    'Send-SocketMessage'    = '$null = Send-SocketMessage x -Session $session'
    'Test-PortAvailability' = '$null = Test-PortAvailability $server.Port -ComputerName 127.0.0.1'
    'Disconnect-EchoServer' = '$session | Disconnect-EchoServer'
    'Stop-EchoServer'       = '$server | Stop-EchoServer'
}
# By a file: what a console shows is not only what a command gives out. The first command is for what takes the times.
$script = @(
    '$ErrorActionPreference = ''Stop'''
    '$times = @()'
    foreach ($command in @('$null = 0') + @($commands.Values) * 2) { '$clock = [Diagnostics.Stopwatch]::StartNew()'; $command; '$times += $clock.Elapsed.TotalMilliseconds' }
    "[IO.File]::WriteAllLines('$file', [string[]] @(`$times | ForEach-Object { `$_.ToString([cultureinfo]::InvariantCulture) }))"
) -join "`n"
try {
    $all = @(foreach ($round in 1..$Rounds) {
            $null = & $pwsh @leading -NoLogo -NoProfile -NonInteractive -Command $script
            if ($LASTEXITCODE) { throw "A round failed, with exit code $LASTEXITCODE." }

            # The first time is that of what takes the times.
            , [double[]] @([IO.File]::ReadAllLines($file) | Select-Object -Skip 1)
        })
}
finally {
    Remove-Item $file -ErrorAction Ignore
}

function Get-Median([double[]] $Figure) {
    $sorted = @($Figure | Sort-Object)
    [math]::Round($sorted[[math]::Floor(($sorted.Count - 1) / 2)], 1)
}

$names = @($commands.Keys)
for ($i = 0; $i -lt $names.Count; $i++) {
    [pscustomobject]@{
        Command     = $names[$i]
        'First ms'  = Get-Median @($all | ForEach-Object { $_[$i] })
        'Second ms' = Get-Median @($all | ForEach-Object { $_[$i + $names.Count] })
    }
}
$answer = [array]::IndexOf($names, 'Send-SocketMessage')
[pscustomobject]@{
    Command     = 'All to the first answer'
    'First ms'  = Get-Median @($all | ForEach-Object { ($_[0..$answer] | Measure-Object -Sum).Sum })
    'Second ms' = Get-Median @($all | ForEach-Object { ($_[$names.Count..($names.Count + $answer)] | Measure-Object -Sum).Sum })
}
