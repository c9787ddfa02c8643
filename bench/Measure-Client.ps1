<#
.SYNOPSIS
Measures Send-SocketMessage down a pipeline beside a script that does the same with TcpClient, StreamWriter and StreamReader.
.DESCRIPTION
Messages come from an array in memory, an object for each goes to Out-Null, and the server runs in a pwsh of its own. All take turns.
.EXAMPLE
pwsh bench/Measure-Client.ps1 -Rounds 5
#>
[CmdletBinding()]
param(
    # How often each is measured; one more goes before, to warm up.
    [ValidateRange(1, 100)] [int] $Rounds = 5,
    # How many messages each sends a time.
    [ValidateRange(1, 10000000)] [int] $Count = 20000
)

$ErrorActionPreference = 'Stop'
Import-Module "$PSScriptRoot/../PSSocketTools.psd1"
$pwsh, [string[]] $leading = & "$PSScriptRoot/ThisPowerShell.ps1"
$name = "pssockettools-bench-$([guid]::NewGuid())"
$pipe = [IO.Pipes.NamedPipeServerStream]::new($name, 'InOut', 1, 'Byte', 'Asynchronous, CurrentUserOnly')
$start = [Diagnostics.ProcessStartInfo]::new($pwsh)
foreach ($argument in $leading + '-NoLogo', '-NoProfile', '-NonInteractive', '-File', "$PSScriptRoot/Host.ps1", '-Pipe', $name) { $start.ArgumentList.Add($argument) }
$start.RedirectStandardInput = $true
$server = [Diagnostics.Process]::Start($start)
try {
    if (-not $pipe.WaitForConnectionAsync().Wait(60000)) { throw 'The PowerShell for the server does not answer.' }
    $asking = [IO.StreamWriter]::new($pipe)
    $asking.WriteLine((ConvertTo-Json '(Start-EchoServer).Port'))
    $asking.Flush()
    $port = ([IO.StreamReader]::new($pipe).ReadLine() | ConvertFrom-Json).Value
    $messages = [string[]]@(1..$Count | ForEach-Object { "message number $_ of those that are sent" })
    $session = Connect-EchoServer localhost $port
    $client = [Net.Sockets.TcpClient]::new('localhost', $port)
    $client.NoDelay = $true
    $writer = [IO.StreamWriter]::new($client.GetStream())
    $writer.NewLine = "`n"
    $writer.AutoFlush = $true
    $reader = [IO.StreamReader]::new($client.GetStream())

    $ways = [ordered]@{
        'A script, TcpClient and StreamWriter/Reader' = {
            foreach ($message in $messages) {
                $clock = [Diagnostics.Stopwatch]::StartNew()
                $writer.WriteLine($message)
                $response = $reader.ReadLine()
                [pscustomobject]@{ Message = $message; Response = $response; RoundTripMilliseconds = $clock.Elapsed.TotalMilliseconds }
            }
        }
        'Send-SocketMessage'                          = { $messages | Send-SocketMessage -Session $session }
        'Send-SocketMessage -Window 64'               = { $messages | Send-SocketMessage -Session $session -Window 64 }
    }
    $speeds = @{}
    foreach ($name in $ways.Keys) { $speeds[$name] = @() }
    foreach ($round in 0..$Rounds) {
        foreach ($name in $ways.Keys) {
            $way = $ways[$name]
            $clock = [Diagnostics.Stopwatch]::StartNew()
            & $way | Out-Null
            if ($round -gt 0) { $speeds[$name] += $Count / $clock.Elapsed.TotalSeconds }
        }
    }
    $first = 0
    foreach ($name in $ways.Keys) {
        $sorted = @($speeds[$name] | Sort-Object)
        $median = $sorted[[math]::Floor(($sorted.Count - 1) / 2)]
        if (-not $first) { $first = $median }
        [pscustomobject]@{ Way = $name; 'Messages/s' = [math]::Round($median); "of the script's" = [math]::Round($median / $first, 2) }
    }
    $session | Disconnect-EchoServer
    $client.Dispose()
}
finally {
    $pipe.Dispose()
    if (-not $server.WaitForExit(60000)) { $server.Kill() }
}
