<#
.SYNOPSIS
A first session with PSSocketTools. Every line after PS> is run as it stands, what follows is its real output, and each step is checked.
.DESCRIPTION
It fails, with exit code 1, at the first step whose result is not what the step is there to show.
#>
[CmdletBinding()]
param(
    # The path of the module's manifest.
    [Parameter(Mandatory)] [string] $Module
)

Set-StrictMode -Version 3.0
[Console]::OutputEncoding = [Text.UTF8Encoding]::new($false)
# An error stands where it happened, in a file too.
[Console]::SetError([Console]::Out)
if ([Console]::IsOutputRedirected -or $env:NO_COLOR) {
    $PSStyle.OutputRendering = 'PlainText'
}

# Say: the comment above. Type: the lines, run one by one. Expect: the proof, with $results holding what the lines gave out.
# Unless and Then: where a system can't show what the step says, and what to say of it.
$steps = @(
    @{
        Say    = 'Which port is free? Any of those the system hands out will do.'
        Type   = {
            $port = (Find-AvailablePort).Port
            Test-PortAvailability $port
        }
        Expect = { $results.Status -eq 'Available' -and $results.Port -eq $port }
    }
    @{
        Say    = 'An echo server in the background: it listens when the prompt is back.'
        Type   = {
            $server = Start-EchoServer $port -Name tour
            Get-EchoServer
        }
        Expect = { $results.State -eq 'Listening' -and $results.Port -eq $port }
    }
    @{
        Say    = 'Now the port is in use, and this very process has it.'
        Type   = {
            Test-PortAvailability $port | Select-Object Status, ProcessName, ProcessId
        }
        Expect = { $results.Status -eq 'InUse' -and $results.ProcessId -in $PID, $null }
        Unless = { $null -eq $results.ProcessId }
        Then   = 'Not every system tells which process that is, and this one does not.'
    }
    @{
        Say    = 'Two clients. Each has a port of its own, given by the system.'
        Type   = {
            $ana = Connect-EchoServer localhost $port -Name ana
            $rui = $server | Connect-EchoServer -Name rui
            Get-EchoSession | Select-Object Name, State, LocalEndPoint, RemoteEndPoint
        }
        Expect = {
            ($results.Name -join ' ') -eq 'ana rui' -and ($results.State -join ' ') -eq 'Open Open' -and
            @($results.LocalEndPoint | Sort-Object -Unique).Count -eq 2
        }
    }
    @{
        Say    = "The server's side of it: the same port numbers, and when they came."
        Type   = {
            Wait-EchoServer $server -Kind Connected -Count 2
        }
        Expect = {
            @($results | Where-Object RemotePort -eq ([int]($ana.LocalEndPoint -split ':')[-1])).Count -eq 1 -and
            @($results | Where-Object RemotePort -eq ([int]($rui.LocalEndPoint -split ':')[-1])).Count -eq 1
        }
    }
    @{
        Say    = 'A message, and its answer: as a parameter...'
        Type   = {
            $first = Send-SocketMessage 'Olá, mundo 👋' -Session $ana
            $first | Format-Table Message, Response, BytesSent, RoundTripMilliseconds
        }
        Expect = { $first.Response -ceq 'Olá, mundo 👋' -and $first.BytesSent -eq 17 -and $first.RoundTripMilliseconds -gt 0 }
    }
    @{
        Say    = '...and down the pipeline, with what the session counted of it.'
        Type   = {
            $more = 'ação', 'Grüße', 'こんにちは 🎉' | Send-SocketMessage -Session $rui
            $more | Format-Table Message, Response, BytesSent, RoundTripMilliseconds
            $rui | Select-Object MessagesSent, MessagesReceived, BytesReceived
        }
        Expect = {
            ($more.Message -join '|') -ceq 'ação|Grüße|こんにちは 🎉' -and ($more.Response -join '|') -ceq ($more.Message -join '|') -and
            $rui.MessagesReceived -eq 3
        }
    }
    @{
        Say    = 'No second server on that port: the error says who has it.'
        Type   = {
            Start-EchoServer $port
        }
        Expect = {
            $results -is [System.Management.Automation.ErrorRecord] -and $results.FullyQualifiedErrorId -like 'PortInUse,*' -and
            $results.CategoryInfo.Category -eq 'ResourceExists'
        }
    }
    @{
        Say    = 'The clients leave. All the server saw, from its start on:'
        Type   = {
            $ana, $rui | Disconnect-EchoServer
            $left = Wait-EchoServer $server -Kind Disconnected -Count 2
            Get-EchoServerEvent -Server $server
        }
        Expect = {
            @($results | Where-Object Kind -eq 'MessageReceived').Count -eq 4 -and
            @($results | Where-Object Kind -eq 'ResponseSent').Count -eq 4 -and
            ($left.Reason -join ' ') -eq 'ClientClosed ClientClosed' -and $ana.State -eq 'Closed'
        }
    }
    @{
        Say    = 'The server stops, and the port is free again at once.'
        Type   = {
            $server | Stop-EchoServer
            Test-PortAvailability $port
        }
        Expect = { $results.Status -eq 'Available' -and $server.State -eq 'Stopped' }
    }
)

function Write-Typed([string] $Text, [string] $Style) {
    Write-Host ($Style + $Text + $PSStyle.Reset)
}

$clock = [Diagnostics.Stopwatch]::StartNew()
$typed = 0
try {
    Import-Module $Module -ErrorAction Stop
    Write-Typed "PowerShell $($PSVersionTable.PSVersion), PSSocketTools $((Get-Module PSSocketTools).Version)" ''
    foreach ($step in $steps) {
        Write-Host ''
        Write-Typed "PS> # $($step.Say)" $PSStyle.Foreground.Green
        $results = foreach ($line in $step.Type.ToString() -split '\r?\n' | ForEach-Object Trim | Where-Object Length) {
            Write-Typed "PS> $line" $PSStyle.Bold
            $typed++
            # Made of its text, a line has the errors it has at the prompt. Its variables stay, for the lines to come.
            $output = @(. ([scriptblock]::Create($line)) 2>&1)
            $output | Out-Host
            $output
        }

        if (-not (. $step.Expect)) {
            throw 'This step did not do what it says.'
        }

        if ($step.ContainsKey('Unless') -and (. $step.Unless)) {
            Write-Typed "PS> # $($step.Then)" $PSStyle.Foreground.Yellow
        }
    }

    Write-Typed ("PS> # {0} lines and their checks, in {1:0.0} s." -f $typed, $clock.Elapsed.TotalSeconds) $PSStyle.Foreground.Green
}
catch {
    Write-Typed "The tour failed: $_" $PSStyle.Foreground.Red
    exit 1
}
