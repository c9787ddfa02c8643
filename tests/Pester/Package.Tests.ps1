Describe 'The package' -Tag Core {
    BeforeAll {
        $root = Resolve-Path "$PSScriptRoot/../.."
        $version = (Import-PowerShellDataFile "$root/PSSocketTools.psd1").ModuleVersion
        $first = Join-Path $TestDrive 'first'
        $said = dotnet run --project "$root/tools/Package" -- $first 2>&1
        if ($LASTEXITCODE) { throw $said }
        $folder = Join-Path $first "PSSocketTools/$version"
        $package = Join-Path $first "PSSocketTools.$version.nupkg"
        Add-Type -AssemblyName System.IO.Compression.FileSystem
        $zip = [IO.Compression.ZipFile]::OpenRead($package)
        try { $entries = $zip.Entries.FullName }
        finally { $zip.Dispose() }
    }

    It 'holds the manifest, the module folder and both builds, and nothing else' {
        $files = Get-ChildItem $folder -Recurse -File | ForEach-Object { [IO.Path]::GetRelativePath($folder, $_.FullName).Replace('\', '/') }
        $own = $files | Where-Object { $_ -notmatch '^module/bin/' }
        $own | Sort-Object | Should -Be 'module/PSSocketTools.Format.ps1xml', 'module/PSSocketTools.psm1', 'module/PSSocketTools.Types.ps1xml', 'PSSocketTools.psd1'
        foreach ($framework in 'net8.0', 'netstandard2.0') {
            $built = $files -match "^module/bin/$([regex]::Escape($framework))/" -replace '^module/bin/[^/]+/'
            $built -match '\.dll$' | Sort-Object | Should -Be 'PSSocketTools.Core.dll', 'PSSocketTools.dll', 'pt-BR/PSSocketTools.Core.resources.dll', 'pt-BR/PSSocketTools.resources.dll'
            $built -notmatch '\.dll$' | Should -Match '^(en-US|pt-BR)/(PSSocketTools\.dll-Help\.xml|about_\w+\.help\.txt)$'
        }
        $entries | Where-Object { $_ -notin '_rels/.rels', '[Content_Types].xml', 'PSSocketTools.nuspec' } | Sort-Object | Should -Be ($files | Sort-Object)
    }

    It 'keeps the symbols apart' {
        $zip = [IO.Compression.ZipFile]::OpenRead((Join-Path $first "PSSocketTools.$version.symbols.zip"))
        try { $zip.Entries.FullName | Should -Match '\.pdb$' }
        finally { $zip.Dispose() }
    }

    It 'tells the gallery its version and its commands' {
        $zip = [IO.Compression.ZipFile]::OpenRead($package)
        try {
            $reader = [IO.StreamReader]::new($zip.GetEntry('PSSocketTools.nuspec').Open())
            $nuspec = [xml] $reader.ReadToEnd()
            $reader.Dispose()
        }
        finally { $zip.Dispose() }
        $nuspec.package.metadata.version | Should -Be $version
        $tags = -split $nuspec.package.metadata.tags
        $tags | Should -Contain 'PSModule'
        (Import-PowerShellDataFile "$root/PSSocketTools.psd1").CmdletsToExport | ForEach-Object { $tags | Should -Contain "PSCmdlet_$_" }
    }

    It 'is the same, byte for byte, when it is made again' {
        $second = Join-Path $TestDrive 'second'
        $said = dotnet run --project "$root/tools/Package" -- $second 2>&1
        $LASTEXITCODE | Should -Be 0 -Because "$said"
        (Get-FileHash (Join-Path $second "PSSocketTools.$version.nupkg")).Hash | Should -Be (Get-FileHash $package).Hash
    }

    It 'is imported by name in a clean PowerShell, and works' {
        $path = $env:PSModulePath
        try {
            $env:PSModulePath = $first + [IO.Path]::PathSeparator + $path
            $said = pwsh -NoProfile -NonInteractive -Command '
                $answer = Start-EchoServer | Connect-EchoServer | Send-SocketMessage ola
                $module = Get-Module PSSocketTools
                "$($answer.Response)|$($module.Version)|$($module.ModuleBase)|$((Get-Help Start-EchoServer).Synopsis.Length -gt 20)"'
        }
        finally {
            $env:PSModulePath = $path
        }
        $said | Should -Be "ola|$version|$folder|True"
    }
}
