<#
.SYNOPSIS
Gives the command that starts another PowerShell like this one, as an array: the program, and the arguments that come first.
.DESCRIPTION
Where PowerShell is an installation of its own that is its executable. The .NET tool runs in a process of dotnet, whose first argument is its assembly.
#>
[Environment]::ProcessPath
if ((Split-Path -LeafBase ([Environment]::ProcessPath)) -eq 'dotnet') { [Environment]::GetCommandLineArgs()[0] }
