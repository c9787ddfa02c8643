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

# The errors of a test: its own, or those of the nearest block around it whose setup failed.
function Get-TestError($Test) {
    if (@($Test.ErrorRecord).Count -gt 0) { return $Test.ErrorRecord }
    for ($block = $Test.Block; $block; $block = $block.Parent) {
        if (@($block.ErrorRecord).Count -gt 0) { return $block.ErrorRecord }
    }
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

    $blamed = @{}
    foreach ($test in $run.Tests) {
        if ($test.Result -eq 'NotRun') { continue }
        $records = @(Get-TestError $test)
        if ($test.Result -eq 'Failed') {
            for ($block = $test.Block; $block; $block = $block.Parent) { $blamed[[Runtime.CompilerServices.RuntimeHelpers]::GetHashCode($block)] = $true }
        }
        Send 'test' @{
            file = $Path; line = $test.StartLine; name = $test.ExpandedPath; result = "$($test.Result)"
            duration = $test.Duration.TotalMilliseconds; started = ([DateTime] $test.ExecutedAt).ToUniversalTime().ToString('o')
            message = Get-ErrorText $records; stack = Get-ErrorStack $records
        }
    }

    # A teardown that failed after its tests passed, and a file that gave no tests at all.
    foreach ($block in $run.FailedBlocks) {
        if (@($block.ErrorRecord).Count -gt 0 -and -not $blamed[[Runtime.CompilerServices.RuntimeHelpers]::GetHashCode($block)]) {
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
        Send 'unfit' @{ reason = "PowerShell $($PSVersionTable.PSVersion) is too old; 7.4 or later is needed." }
        return
    }
    $minimum = [version] '5.5.0'
    if (-not (Get-Module Pester -ListAvailable | Where-Object Version -ge $minimum)) {
        Send 'unfit' @{ reason = "This PowerShell $($PSVersionTable.PSVersion) has no Pester $minimum or later; get it with: Install-Module Pester -Scope CurrentUser -Force -SkipPublisherCheck" }
        return
    }
    Import-Module Pester -MinimumVersion $minimum -ErrorAction Stop

    # A test tagged with a system or an edition is for that one alone; elsewhere it is left out, not skipped.
    $core = $PSVersionTable.PSEdition -eq 'Core'
    $system = if (-not $core -or $IsWindows) { 'Windows' } elseif ($IsMacOS) { 'MacOS' } else { 'Linux' }
    $here = @($system; if ($system -ne 'Windows') { 'Unix' }; if ($core) { 'Core' } else { 'Desktop' })
    $excludeTag = @('Windows', 'Linux', 'MacOS', 'Unix', 'Core', 'Desktop' | Where-Object { $_ -notin $here })

    Send 'hello' @{ version = "$($PSVersionTable.PSVersion)" }
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
