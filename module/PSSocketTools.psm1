# Windows PowerShell runs on .NET Framework and takes the netstandard2.0 build; every later PowerShell takes the net8.0 one.
$framework = if ($PSEdition -eq 'Core') { 'net8.0' } else { 'netstandard2.0' }
$assembly = "$PSScriptRoot/bin/$framework/PSSocketTools.dll"
try {
    Microsoft.PowerShell.Core\Import-Module -Name $assembly -ErrorAction Stop
}
catch [System.IO.FileNotFoundException] {
    if ([IO.File]::Exists($assembly)) { throw }
    Microsoft.PowerShell.Utility\Import-LocalizedData messages -FileName PSSocketTools.Loader.psd1
    throw $messages.NotBuilt -f $assembly
}
