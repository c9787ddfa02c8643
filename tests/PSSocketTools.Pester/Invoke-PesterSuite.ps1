# Runs Pester files in this one PowerShell and tells, as lines of JSON through a named pipe, what became of each test.
# A pipe, since whatever a test or a native program prints to the console must not be mistaken for a result.
param(
    [Parameter(Mandatory)] [string] $PipeName,
    # The test files' full names, with | between them.
    [Parameter(Mandatory)] [string] $FileList
)

# Preferences stay as they are: the tests see this script's, and must run as they do by hand.
$pipe = [IO.Pipes.NamedPipeClientStream]::new('.', $PipeName, [IO.Pipes.PipeDirection]::Out)
$pipe.Connect(30000)
$writer = [IO.StreamWriter]::new($pipe, [Text.UTF8Encoding]::new($false))
$writer.AutoFlush = $true

function Send([string] $Kind, [hashtable] $Fields = @{}) {
    $Fields['kind'] = $Kind
    $writer.WriteLine((ConvertTo-Json $Fields -Compress))
}

function Get-ErrorText($Records) {
    (@($Records) | ForEach-Object {
            if ($_.PSObject.Properties['DisplayErrorMessage'] -and $_.DisplayErrorMessage) { $_.DisplayErrorMessage } else { "$_" }
        }) -join "`n`n"
}

function Get-ErrorStack($Records) {
    (@($Records) | ForEach-Object {
            if ($_.PSObject.Properties['DisplayStackTrace'] -and $_.DisplayStackTrace) { $_.DisplayStackTrace } else { "$($_.ScriptStackTrace)" }
        }) -join "`n`n"
}

# What stands for a file, or for a block's setup or teardown, among the results.
function Send-Failure([string] $Path, [string] $Name, $Records, [int] $Line) {
    Send 'failure' @{
        file = $Path; line = $Line; name = $Name
        message = Get-ErrorText $Records; stack = Get-ErrorStack $Records
    }
}

function Invoke-File([string] $Path) {
    $configuration = New-PesterConfiguration
    $configuration.Run.Path = $Path
    $configuration.Run.PassThru = $true
    $configuration.Filter.ExcludeTag = $excludeTag
    $configuration.Output.Verbosity = 'Detailed'
    $configuration.Output.CIFormat = 'None'
    $configuration.Output.RenderMode = 'Plaintext'
    $configuration.TestRegistry.Enabled = $false
    $run = Invoke-Pester -Configuration $configuration
    if (-not $run -or ($run.Result -ne 'Failed' -and @($run.Tests).Count -eq 0)) {
        throw "Pester found no test in the file. Does it call 'exit'?"
    }

    $told = [Collections.Generic.List[object]]::new()
    foreach ($test in $run.Tests) {
        if ($test.Result -eq 'NotRun') { continue }
        $records = @($test.ErrorRecord)
        # A test without an error of its own failed with the setup of a block around it.
        for ($block = $test.Block; $test.Result -eq 'Failed' -and $records.Count -eq 0 -and $block; $block = $block.Parent) {
            $records = @($block.ErrorRecord)
            if ($records.Count -gt 0) { $told.Add($block) }
        }
        # A test whose setup failed was never executed.
        $started = if ($test.ExecutedAt) { $test.ExecutedAt } else { [DateTime]::Now }
        $fields = @{
            file = $Path; line = $test.StartLine; name = $test.ExpandedPath; result = "$($test.Result)"
            duration = $test.Duration.TotalMilliseconds; started = $started.ToUniversalTime().ToString('o')
        }
        if ($records.Count -gt 0) {
            $fields.message = Get-ErrorText $records
            $fields.stack = Get-ErrorStack $records
        }
        Send 'test' $fields
    }

    # A teardown that failed after its tests, and a file that gave no tests at all.
    foreach ($block in $run.FailedBlocks) {
        if (@($block.ErrorRecord).Count -gt 0 -and -not $told.Contains($block)) {
            Send-Failure $Path "$($block.ExpandedPath).(setup or teardown)" $block.ErrorRecord $block.StartLine
        }
    }
    foreach ($container in $run.FailedContainers) {
        if (@($container.ErrorRecord).Count -gt 0) {
            Send-Failure $Path "$([IO.Path]::GetFileName($Path)).(the file)" $container.ErrorRecord 1
        }
    }
}

try {
    if ($PSVersionTable.PSEdition -eq 'Core' -and $PSVersionTable.PSVersion -lt [version] '7.4') {
        Send 'unfit' @{ reason = "PowerShell $($PSVersionTable.PSVersion) is too old. Get 7.4 or later from https://aka.ms/powershell." }
        return
    }
    $minimum = [version] '5.5.0'
    if (-not (Get-Module Pester -ListAvailable | Where-Object Version -ge $minimum)) {
        Send 'unfit' @{ reason = "This PowerShell $($PSVersionTable.PSVersion) has no Pester $minimum or later. Get it there with 'Install-Module Pester -Scope CurrentUser -Force -SkipPublisherCheck'." }
        return
    }
    Import-Module Pester -MinimumVersion $minimum -ErrorAction Stop

    # A test tagged with a system or an edition is for that one alone; elsewhere it is left out, not skipped.
    $core = $PSVersionTable.PSEdition -eq 'Core'
    $system = if (-not $core -or $IsWindows) { 'Windows' } elseif ($IsMacOS) { 'MacOS' } else { 'Linux' }
    $here = @($system; if ($system -ne 'Windows') { 'Unix' }; if ($core) { 'Core' } else { 'Desktop' })
    $excludeTag = @('Windows', 'Linux', 'MacOS', 'Unix', 'Core', 'Desktop' | Where-Object { $_ -notin $here })

    foreach ($path in $FileList.Split('|')) {
        Send 'file' @{ file = $path }
        try {
            Invoke-File $path
        }
        catch {
            Send-Failure $path "$([IO.Path]::GetFileName($path)).(the file)" $_ 1
        }
    }
    Send 'end'
}
finally {
    $writer.Dispose()
}
