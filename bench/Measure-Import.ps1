<#
.SYNOPSIS
Measures Import-Module in a fresh pwsh, beside a binary module with a manifest, a loader, and one cmdlet that does nothing.
.EXAMPLE
pwsh bench/Measure-Import.ps1 -Rounds 9
#>
[CmdletBinding()]
param(
    # How many fresh processes each is imported in.
    [ValidateRange(1, 100)] [int] $Rounds = 5
)

$ErrorActionPreference = 'Stop'
$ours = (Resolve-Path "$PSScriptRoot/../PSSocketTools.psd1").Path
$folder = Join-Path ([IO.Path]::GetTempPath()) ([guid]::NewGuid())
$pwsh, [string[]] $leading = & "$PSScriptRoot/ThisPowerShell.ps1"
try {
    $null = New-Item -ItemType Directory $folder
    Add-Type -OutputAssembly "$folder/Empty.dll" -TypeDefinition @'
using System.Management.Automation;
[Cmdlet(VerbsCommon.Get, "Nothing")]
public sealed class GetNothingCommand : PSCmdlet { }
'@
    Set-Content "$folder/Empty.psm1" 'Microsoft.PowerShell.Core\Import-Module -Name "$PSScriptRoot/Empty.dll" -ErrorAction Stop'
    Set-Content "$folder/Empty.psd1" @'
@{
    RootModule        = 'Empty.psm1'
    ModuleVersion     = '1.0.0'
    GUID              = '0d6f3a0e-5f0d-4d0c-8a55-1f4c7b6f9a11'
    PowerShellVersion = '5.1'
    CmdletsToExport   = @('Get-Nothing')
    FunctionsToExport = @()
    VariablesToExport = @()
    AliasesToExport   = @()
}
'@
    $modules = [ordered]@{ 'An empty module' = "$folder/Empty.psd1"; 'PSSocketTools' = $ours }
    $times = @{ 'An empty module' = @(); 'PSSocketTools' = @() }
    # Of two in a row the second counts: the first has the caches filled with what the other module left out.
    foreach ($round in 1..$Rounds) {
        foreach ($name in $modules.Keys) {
            $command = "`$clock = [Diagnostics.Stopwatch]::StartNew(); Import-Module '$($modules[$name])'; [IO.File]::WriteAllText('$folder/time', `$clock.Elapsed.TotalMilliseconds.ToString([cultureinfo]::InvariantCulture))"
            $time = 1..2 | ForEach-Object {
                # By a file: what a console shows is not only what a command gives out.
                $null = & $pwsh @leading -NoLogo -NoProfile -NonInteractive -Command $command
                [double]::Parse([IO.File]::ReadAllText("$folder/time"), [cultureinfo]::InvariantCulture)
                [IO.File]::Delete("$folder/time")
            }
            $times[$name] += $time[1]
        }
    }
    $base = $null
    foreach ($name in $modules.Keys) {
        $sorted = @($times[$name] | Sort-Object)
        $median = $sorted[[math]::Floor(($sorted.Count - 1) / 2)]
        if ($null -eq $base) { $base = $median }
        [pscustomobject]@{
            Module      = $name
            'Median ms' = [math]::Round($median, 1)
            'More ms'   = [math]::Round($median - $base, 1)
            'Range ms'  = '{0:0.0} to {1:0.0}' -f $sorted[0], $sorted[-1]
        }
    }
}
finally {
    Remove-Item $folder -Recurse -Force -ErrorAction Ignore
}
