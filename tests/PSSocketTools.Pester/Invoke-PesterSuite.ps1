# Runs Pester once over the files in this one PowerShell, and writes what became of each test to a file of JSON.
# A file, since whatever a test or a native program prints to the console must not be mistaken for a result.
param(
    [Parameter(Mandatory)] [string] $ResultFile,
    # The test files' full names, with | between them.
    [Parameter(Mandatory)] [string] $FileList,
    # The manifest of the Pester that came with the build.
    [Parameter(Mandatory)] [string] $PesterManifest,
    # 1: that Pester. 0: the newest of this PowerShell's own, and that one only where there is none.
    [Parameter(Mandatory)] [string] $PesterRequired
)

# Preferences stay as they are: the tests see this script's, and must run as they do by hand.

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

# What is no test but must be told: a file that gave none, a setup or teardown that failed.
function Get-Failure([string] $Name, [string] $File, [int] $Line, $Records) {
    @{
        isTest = $false; name = $Name; file = $File; line = $Line; outcome = 'Failed'; durationMilliseconds = 0
        message = Get-ErrorText $Records; stack = Get-ErrorStack $Records
    }
}

function Get-Result($Run) {
    $told = [Collections.Generic.List[object]]::new()
    foreach ($test in $Run.Tests) {
        if ($test.Result -eq 'NotRun') { continue }
        $records = @($test.ErrorRecord)
        # A test without an error of its own failed with the setup of a block around it.
        for ($block = $test.Block; $test.Result -eq 'Failed' -and $records.Count -eq 0 -and $block; $block = $block.Parent) {
            $records = @($block.ErrorRecord)
            if ($records.Count -gt 0) { $told.Add($block) }
        }
        @{
            isTest = $true; name = $test.ExpandedPath; file = $test.ScriptBlock.File; line = $test.StartLine
            outcome = "$($test.Result)"; durationMilliseconds = $test.Duration.TotalMilliseconds
            message = if ($records.Count -gt 0) { Get-ErrorText $records }
            stack = if ($records.Count -gt 0) { Get-ErrorStack $records }
        }
    }

    # A teardown that failed after its tests.
    foreach ($block in $Run.FailedBlocks) {
        if (@($block.ErrorRecord).Count -gt 0 -and -not $told.Contains($block)) {
            Get-Failure "$($block.ExpandedPath).(setup or teardown)" $block.BlockContainer.Item $block.StartLine $block.ErrorRecord
        }
    }
    $withTests = @($Run.Tests | ForEach-Object { $_.ScriptBlock.File } | Sort-Object -Unique)
    foreach ($container in $Run.Containers) {
        $records = @($container.ErrorRecord)
        if ($records.Count -eq 0 -and "$($container.Item)" -notin $withTests) {
            $records = @('The file has no test.')
        }
        if ($records.Count -gt 0) {
            Get-Failure "$([IO.Path]::GetFileName($container.Item)).(the file)" $container.Item 1 $records
        }
    }
}

$own = if ($PesterRequired -ne '1') { Get-Module Pester -ListAvailable | Where-Object Version -ge '5.5' | Sort-Object Version | Select-Object -Last 1 }
Import-Module $(if ($own) { $own.Path } else { $PesterManifest }) -ErrorAction Stop
Write-Host "PowerShell $($PSVersionTable.PSVersion), Pester $((Get-Module Pester).Version)"

# A test tagged with a system or an edition is for that one alone; elsewhere it is left out, not skipped.
$core = $PSVersionTable.PSEdition -eq 'Core'
$system = if (-not $core -or $IsWindows) { 'Windows' } elseif ($IsMacOS) { 'MacOS' } else { 'Linux' }
$here = @($system; if ($system -ne 'Windows') { 'Unix' }; if ($core) { 'Core' } else { 'Desktop' })

$configuration = New-PesterConfiguration
$configuration.Run.Path = $FileList.Split('|')
$configuration.Run.PassThru = $true
$configuration.Filter.ExcludeTag = @('Windows', 'Linux', 'MacOS', 'Unix', 'Core', 'Desktop' | Where-Object { $_ -notin $here })
$configuration.Output.Verbosity = 'Detailed'
$configuration.Output.CIFormat = 'None'
$configuration.Output.RenderMode = 'Plaintext'
$configuration.TestRegistry.Enabled = $false
$run = Invoke-Pester -Configuration $configuration

$results = @(Get-Result $run)
[IO.File]::WriteAllText($ResultFile, (ConvertTo-Json $results -Depth 3 -Compress), [Text.UTF8Encoding]::new($false))
# What is left open does not hold up the end: the results are written.
exit 0
