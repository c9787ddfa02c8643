<#
.SYNOPSIS
Runs the lines that come in, each a JSON string, and answers each with a line of JSON.
#>
$ErrorActionPreference = 'Stop'
Import-Module "$PSScriptRoot/../PSSocketTools.psd1"
while ($null -ne ($line = [Console]::In.ReadLine())) {
    $reply = try { @{ Value = . ([scriptblock]::Create((ConvertFrom-Json $line))) } } catch { @{ Error = "$_" } }
    [Console]::Out.WriteLine((ConvertTo-Json $reply -Compress -Depth 3))
}
