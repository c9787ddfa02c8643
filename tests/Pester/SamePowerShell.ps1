# How a test starts another PowerShell like the one it runs in: & $pwsh @pwshArguments -NoProfile ...
# One installed as a program of its own is started by that; the .NET tool runs in a process of dotnet, whose first argument is PowerShell's assembly.
$pwsh = (Get-Process -Id $PID).Path
$pwshArguments = @(if ([IO.Path]::GetFileNameWithoutExtension($pwsh) -eq 'dotnet') { [Environment]::GetCommandLineArgs()[0] })

# The same as text: for a shell's command line, and for what stands first in ProcessStartInfo.Arguments.
$pwshCommand = (@($pwsh) + $pwshArguments | ForEach-Object { "'$_'" }) -join ' '
$pwshPrefix = -join ($pwshArguments | ForEach-Object { "`"$_`" " })
