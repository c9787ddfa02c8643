# Windows PowerShell runs on .NET Framework and takes the netstandard2.0 build; every later PowerShell takes the net8.0 one.
$framework = if ($PSEdition -eq 'Core') { 'net8.0' } else { 'netstandard2.0' }
$assembly = "$PSScriptRoot/bin/$framework/PSSocketTools.dll"

# A process keeps the assemblies it has loaded, and no other build of theirs fits beside them. One operator tells whether there is one:
# a loop over all of them in script takes a good part of the import.
if ([AppDomain]::CurrentDomain.GetAssemblies() -like 'PSSocketTools,*') {
    foreach ($loaded in [AppDomain]::CurrentDomain.GetAssemblies()) {
        if ($loaded.GetName().Name -eq 'PSSocketTools' -and $loaded.Location -ne $assembly -and [IO.File]::Exists($assembly) -and (
                -not [IO.File]::Exists($loaded.Location) -or
                (Microsoft.PowerShell.Utility\Get-FileHash $loaded.Location).Hash -ne (Microsoft.PowerShell.Utility\Get-FileHash $assembly).Hash)) {
            Microsoft.PowerShell.Utility\Import-LocalizedData messages -FileName PSSocketTools.Loader.psd1
            throw $messages.AnotherLoaded -f $loaded.GetName().Version.ToString(3), $loaded.Location
        }
    }
}

try {
    Microsoft.PowerShell.Core\Import-Module -Name $assembly -ErrorAction Stop
}
catch [System.IO.FileNotFoundException] {
    if ([IO.File]::Exists($assembly)) { throw }
    Microsoft.PowerShell.Utility\Import-LocalizedData messages -FileName PSSocketTools.Loader.psd1
    throw $messages.NotBuilt -f $assembly
}

# Views name types of the assembly, and come after it.
Microsoft.PowerShell.Core\Import-Module -Name "$PSScriptRoot/PSSocketTools.Views.psd1" -ErrorAction Stop
