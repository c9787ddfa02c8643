<#
.SYNOPSIS
Runs the lines that come in by a named pipe, each a JSON string, and answers each with a line of JSON.
#>
param([Parameter(Mandatory)] [string] $Pipe, [string] $Module = "$PSScriptRoot/../PSSocketTools.psd1")

$ErrorActionPreference = 'Stop'
$stream = [IO.Pipes.NamedPipeClientStream]::new('.', $Pipe, [IO.Pipes.PipeDirection]::InOut, [IO.Pipes.PipeOptions]::CurrentUserOnly)
$stream.Connect(60000)
$reader = [IO.StreamReader]::new($stream)
$writer = [IO.StreamWriter]::new($stream)
$writer.AutoFlush = $true
Import-Module $Module
while ($null -ne ($line = $reader.ReadLine())) {
    $reply = try { @{ Value = . ([scriptblock]::Create((ConvertFrom-Json $line))) } } catch { @{ Error = "$_" } }
    $writer.WriteLine((ConvertTo-Json $reply -Compress -Depth 3))
}
