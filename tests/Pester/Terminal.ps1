# A PowerShell in a pseudo-terminal, with its own line editor and a home of its own, as a user has it. The test types, and waits for what is shown.
# Dot-source it in BeforeAll, after SamePowerShell.ps1; Stop-Terminal in AfterEach ends what a test left running.

$script:terminals = [Collections.Generic.List[object]]::new()

function Start-Terminal {
    param([int] $Columns = 80, [string] $Manifest, [string] $Language = 'C.UTF-8')
    $userHome = Join-Path $TestDrive ([guid]::NewGuid().ToString('n'))
    $null = New-Item -ItemType Directory $userHome
    $start = [Diagnostics.ProcessStartInfo]::new('python3')
    $setUp = "Import-Module '$Manifest'; function prompt { 'ready> ' }"
    @("$PSScriptRoot/Terminal.py", $Columns, 30, $pwsh) + $pwshArguments + @('-NoLogo', '-NoProfile', '-NoExit', '-Command', $setUp) |
        ForEach-Object { $start.ArgumentList.Add($_) }
    $start.RedirectStandardInput = $start.RedirectStandardOutput = $true
    $start.StandardOutputEncoding = [Text.UTF8Encoding]::new($false)
    foreach ($name in @($start.Environment.Keys) -match '^(XDG_|LC_)') { $null = $start.Environment.Remove($name) }
    $start.Environment['HOME'] = $userHome
    $start.Environment['TERM'] = 'xterm-256color'
    $start.Environment['LANG'] = $Language
    $start.Environment['POWERSHELL_UPDATECHECK'] = 'Off'
    $terminal = [pscustomobject]@{
        Process = [Diagnostics.Process]::Start($start); Home = $userHome; Shown = [Text.StringBuilder]::new()
        Seen = 0; Buffer = [char[]]::new(65536); Reading = $null
    }
    $script:terminals.Add($terminal)
    $null = Wait-Terminal $terminal 'ready> '
    $terminal
}

# Types; a control character is a key.
function Send-Terminal($Terminal, [string] $Keys) {
    $Terminal.Process.StandardInput.WriteLine((@{ keys = $Keys } | ConvertTo-Json -Compress -EscapeHandling EscapeNonAscii))
}

function Resize-Terminal($Terminal, [int] $Columns, [int] $Rows) {
    $Terminal.Process.StandardInput.WriteLine((@{ size = @($Columns, $Rows) } | ConvertTo-Json -Compress))
}

# Waits until a pattern is shown, behind what was waited for before, and gives out all that was shown up to its end.
function Wait-Terminal($Terminal, [string] $Pattern) {
    $watch = [Diagnostics.Stopwatch]::StartNew()
    while ($true) {
        $text = $Terminal.Shown.ToString($Terminal.Seen, $Terminal.Shown.Length - $Terminal.Seen)
        $match = [regex]::Match($text, $Pattern)
        if ($match.Success) {
            $Terminal.Seen += $match.Index + $match.Length
            return $text.Substring(0, $match.Index + $match.Length)
        }
        if (-not $Terminal.Reading) { $Terminal.Reading = $Terminal.Process.StandardOutput.ReadAsync($Terminal.Buffer, 0, $Terminal.Buffer.Length) }
        $rest = 60000 - $watch.ElapsedMilliseconds
        if ($rest -le 0 -or -not $Terminal.Reading.Wait([int] $rest)) { throw "The terminal does not show '$Pattern', but: $text" }
        if ($Terminal.Reading.Result -eq 0) { throw "The terminal has ended without '$Pattern': $text" }
        $null = $Terminal.Shown.Append($Terminal.Buffer, 0, $Terminal.Reading.Result)
        $Terminal.Reading = $null
    }
}

# What the shell has kept on disk of what was typed, after it has ended.
function Get-TerminalHistory($Terminal) {
    Send-Terminal $Terminal "exit`r"
    if (-not $Terminal.Process.WaitForExit(60000)) { throw 'The shell does not end.' }
    Get-ChildItem $Terminal.Home -Recurse -File -Force -Filter *history* | Get-Content -Raw
}

function Stop-Terminal {
    foreach ($terminal in $script:terminals) {
        if (-not $terminal.Process.HasExited) { $terminal.Process.Kill($true) }
        $terminal.Process.Dispose()
    }
    $script:terminals.Clear()
}
