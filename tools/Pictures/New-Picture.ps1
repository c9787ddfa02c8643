<#
Makes the README's pictures: plays what they show in a real PowerShell with the module as it is built, in a terminal of tmux's,
and writes down what the terminal shows. They differ from those before in times, ports that the system chose, and what was measured.

    pwsh tools/Pictures/New-Picture.ps1
#>
param([string] $Folder = "$PSScriptRoot/../../docs/images", [string[]] $Name = ('session', 'latency'), [int] $Port = 5050, [int] $ClosedPort = 5051)

$ErrorActionPreference = 'Stop'
. "$PSScriptRoot/ConvertTo-Svg.ps1"
$manifest = (Resolve-Path "$PSScriptRoot/../../PSSocketTools.psd1").Path
$Folder = (New-Item $Folder -ItemType Directory -Force).FullName
if (-not (Get-Command tmux -CommandType Application -ErrorAction Ignore)) { throw 'This takes tmux: apt install tmux, or brew install tmux.' }

$pictures = @{
    session = @{
        Title    = 'A session in PowerShell: an echo server is started, a client connects and sends three messages, and the server tells what happened.'
        Columns  = 86
        Commands = @(
            "`$server = Start-EchoServer $Port -Address 127.0.0.1 -ResponseFormat 'Echo: {0}'"
            '$session = $server | Connect-EchoServer -Name ana'
            "'ol$([char] 0xE1)', 'hello $([char]::ConvertFromUtf32(0x1F44B))', 42 | Send-SocketMessage -Session `$session"
            '$session | Disconnect-EchoServer'
            '$server | Get-EchoServerEvent'
            "Test-PortAvailability -ComputerName localhost -Port $Port, $ClosedPort"
        )
        End      = '$server | Stop-EchoServer'
    }
    latency = @{
        Title    = 'Measure-EchoServer draws how long the answers of an echo server took, as bars.'
        Columns  = 86
        Commands = , 'Start-EchoServer | Measure-EchoServer -Connections 8 -Count 20000'
        End      = 'Get-EchoServer | Stop-EchoServer'
    }
}

# A PowerShell that was installed is a program; the .NET tool is an assembly, the first argument of its process.
$pwsh = @((Get-Process -Id $PID).Path)
if ([IO.Path]::GetFileNameWithoutExtension($pwsh[0]) -eq 'dotnet') { $pwsh += [Environment]::GetCommandLineArgs()[0] }
$setUp = "Import-Module '$manifest'; Set-PSReadLineOption -PredictionSource None -HistorySaveStyle SaveNothing; function prompt { 'PS> ' }; Clear-Host"
$shell = (@($pwsh) + '-NoLogo', '-NoProfile', '-NoExit', '-Command', $setUp | ForEach-Object { "'" + $_.Replace("'", "'\''") + "'" }) -join ' '
$socket = "pictures-$PID"

function Invoke-Tmux { tmux -L $socket @args }

# Waits until the prompt stands alone on the last line that has anything, behind as many prompts as were left with a command.
function Wait-Prompt([int] $Commands) {
    $watch = [Diagnostics.Stopwatch]::StartNew()
    do {
        $lines = @(Invoke-Tmux capture-pane -p | ForEach-Object TrimEnd | Where-Object { $_ })
        if ($lines -and $lines[-1] -eq 'PS>' -and @($lines -like 'PS> *').Count -ge $Commands) { return }
        Start-Sleep -Milliseconds 100
    } while ($watch.Elapsed.TotalSeconds -lt 120)
    throw "The terminal shows no prompt, but: $($lines -join "`n")"
}

foreach ($picture in $Name) {
    $what = $pictures[$picture]
    try {
        Invoke-Tmux -f /dev/null new-session -d -x $what.Columns -y 60 "env -u NO_COLOR LANG=en_US.UTF-8 TERM=xterm-256color POWERSHELL_UPDATECHECK=Off $shell"
        Wait-Prompt 0
        for ($i = 0; $i -lt $what.Commands.Count; $i++) {
            Invoke-Tmux send-keys -l $what.Commands[$i]
            Invoke-Tmux send-keys Enter
            Wait-Prompt ($i + 1)
        }

        $screen = @(Invoke-Tmux capture-pane -e -p | ForEach-Object TrimEnd)
        # Nothing below the last output: neither the prompt that waits nor empty lines.
        $last = $screen.Count - 1
        while (($screen[$last] -replace '\e\[[\d;]*m') -match '^(PS>)?\s*$') { $last-- }
        Invoke-Tmux send-keys -l $what.End
        Invoke-Tmux send-keys Enter
        Wait-Prompt ($what.Commands.Count + 1)
    }
    finally { Invoke-Tmux kill-server }

    $file = Join-Path $Folder "$picture.svg"
    [IO.File]::WriteAllText($file, (ConvertTo-Svg $screen[0..$last] $what.Columns $what.Title) + "`n")
    $file
}
