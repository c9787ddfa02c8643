# Windows PowerShell runs on .NET Framework and takes the netstandard2.0 build; every later PowerShell takes the net8.0 one.
$framework = if ($PSVersionTable.PSEdition -eq 'Core') { 'net8.0' } else { 'netstandard2.0' }
$assembly = [IO.Path]::Combine($PSScriptRoot, 'bin', $framework, 'PSSocketTools.dll')
if (-not [IO.File]::Exists($assembly)) {
    throw "PSSocketTools is not built yet: $assembly is missing. Run 'dotnet build' in the repository's root, then import the module again."
}

Microsoft.PowerShell.Core\Import-Module -Name $assembly -ErrorAction Stop
