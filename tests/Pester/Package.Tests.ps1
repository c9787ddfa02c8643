Describe 'The package' {
    BeforeAll {
        . "$PSScriptRoot/SamePowerShell.ps1"
        $root = (Resolve-Path "$PSScriptRoot/../..").Path
        $manifest = Import-PowerShellDataFile "$root/PSSocketTools.psd1"
        $version = $manifest.ModuleVersion

        function New-Package {
            param([string] $Path)
            # A build node that stays for the next build would hold the output open, and be waited for here.
            $kept = $env:MSBUILDDISABLENODEREUSE
            $env:MSBUILDDISABLENODEREUSE = '1'
            try { $said = & dotnet run --project "$root/tools/Package" -- $Path 2>&1 }
            finally { $env:MSBUILDDISABLENODEREUSE = $kept }
            if ($LASTEXITCODE) { throw "The package was not made:`n$($said -join "`n")" }
        }

        function Get-PackedFile {
            param([string] $Path)
            $zip = [IO.Compression.ZipFile]::OpenRead($Path)
            try { $zip.Entries.FullName }
            finally { $zip.Dispose() }
        }

        function Read-PackedFile {
            param([string] $Path, [string] $Name)
            $zip = [IO.Compression.ZipFile]::OpenRead($Path)
            try {
                $reader = [IO.StreamReader]::new($zip.GetEntry($Name).Open())
                $reader.ReadToEnd()
                $reader.Dispose()
            }
            finally { $zip.Dispose() }
        }

        Add-Type -AssemblyName System.IO.Compression.FileSystem
        # Others have the repository's own build loaded: it must stay as it is.
        $built = Get-ChildItem "$root/module/bin" -Recurse -File | ForEach-Object { '{0} {1:o}' -f $_.FullName, $_.LastWriteTimeUtc }
        $output = Join-Path $TestDrive 'one'
        New-Package $output
        $folder = Join-Path $output "PSSocketTools/$version"
        $package = Join-Path $output "PSSocketTools.$version.nupkg"
        $symbols = Join-Path $output "PSSocketTools.$version.symbols.zip"
        $expected = @(
            'PSSocketTools.psd1'
            'module/PSSocketTools.Format.ps1xml', 'module/PSSocketTools.Types.ps1xml', 'module/PSSocketTools.Views.psd1', 'module/PSSocketTools.psm1'
            'module/PSSocketTools.Loader.psd1', 'module/pt-BR/PSSocketTools.Loader.psd1'
            foreach ($framework in 'net8.0', 'netstandard2.0') {
                "module/bin/$framework/PSSocketTools.dll", "module/bin/$framework/PSSocketTools.Core.dll"
                foreach ($culture in 'en-US', 'pt-BR') {
                    "module/bin/$framework/$culture/PSSocketTools.dll-Help.xml"
                    foreach ($topic in Get-ChildItem "$root/docs/$culture" -Filter about_*.md) { "module/bin/$framework/$culture/$($topic.BaseName).help.txt" }
                }
                "module/bin/$framework/pt-BR/PSSocketTools.resources.dll", "module/bin/$framework/pt-BR/PSSocketTools.Core.resources.dll"
            }
        ) | Sort-Object
    }

    It 'is a folder of the manifest, module/ and both builds, and nothing else' {
        $files = Get-ChildItem $folder -Recurse -File | ForEach-Object { $_.FullName.Substring($folder.Length + 1).Replace('\', '/') } | Sort-Object
        $files | Should -Be $expected
    }

    It 'is a nupkg of the same files' {
        Get-PackedFile $package | Where-Object { $_ -notin '_rels/.rels', '[Content_Types].xml', 'PSSocketTools.nuspec' } | Sort-Object | Should -Be $expected
    }

    It 'has the symbols of both builds apart' {
        Get-PackedFile $symbols | Sort-Object | Should -Be @(
            foreach ($framework in 'net8.0', 'netstandard2.0') { "module/bin/$framework/PSSocketTools.Core.pdb", "module/bin/$framework/PSSocketTools.pdb" }
        )
    }

    It 'says of the module what the manifest says, and names every cmdlet to the gallery' {
        $metadata = ([xml] (Read-PackedFile $package 'PSSocketTools.nuspec')).package.metadata
        $metadata.id | Should -Be 'PSSocketTools'
        $metadata.version | Should -Be $version
        $metadata.authors | Should -Be $manifest.Author
        $metadata.description | Should -Be $manifest.Description
        $metadata.projectUrl | Should -Be $manifest.PrivateData.PSData.ProjectUri
        $metadata.licenseUrl | Should -Be $manifest.PrivateData.PSData.LicenseUri
        $tags = -split $metadata.tags
        foreach ($tag in @($manifest.PrivateData.PSData.Tags; 'PSModule'; 'PSIncludes_Cmdlet'; $manifest.CmdletsToExport -replace '^', 'PSCmdlet_')) {
            $tags | Should -Contain $tag
        }
    }

    It 'has assemblies of the manifest''s version' {
        foreach ($assembly in Get-ChildItem $folder -Recurse -Filter *.dll) {
            [Reflection.AssemblyName]::GetAssemblyName($assembly.FullName).Version | Should -Be ([version] "$version.0") -Because $assembly.FullName
        }
    }

    It 'is byte for byte the same when it is made again' {
        $again = Join-Path $TestDrive 'two'
        New-Package $again
        foreach ($file in $package, $symbols) {
            (Get-FileHash (Join-Path $again (Split-Path $file -Leaf))).Hash | Should -Be (Get-FileHash $file).Hash -Because $file
        }
    }

    It 'leaves the repository''s own build alone' {
        Get-ChildItem "$root/module/bin" -Recurse -File | ForEach-Object { '{0} {1:o}' -f $_.FullName, $_.LastWriteTimeUtc } | Should -Be $built
    }

    It 'is found on PSModulePath by a clean pwsh, echoes, and has its help in <Culture>' -ForEach @(
        @{ Culture = 'en-US'; Synopsis = 'Starts an echo server*' }
        @{ Culture = 'pt-BR'; Synopsis = '*servidor*' }
    ) {
        $script = Join-Path $TestDrive 'smoke.ps1'
        Set-Content $script @'
            param($Folder, $Culture)
            $ErrorActionPreference = 'Stop'
            [cultureinfo]::CurrentUICulture = $Culture
            $env:PSModulePath = $Folder, (Join-Path $PSHOME 'Modules') -join [IO.Path]::PathSeparator
            Import-Module PSSocketTools
            $answer = 'hello' | Send-SocketMessage -Session (Start-EchoServer -Transform Upper | Connect-EchoServer)
            $piped = Start-EchoServer | Connect-EchoServer | Send-SocketMessage 'piped'
            $help = Get-Help Start-EchoServer
            [ordered]@{
                Base     = (Get-Module PSSocketTools).ModuleBase
                Commands = @((Get-Command -Module PSSocketTools).Name)
                Answers  = $answer.Response, $piped.Response
                Synopsis = $help.Synopsis
                Examples = @($help.examples.example).Count
            } | ConvertTo-Json
'@
        $said = & $pwsh @pwshArguments -NoProfile -NonInteractive -ExecutionPolicy Bypass -File $script $output $Culture 2>&1
        $LASTEXITCODE | Should -Be 0 -Because "$said"
        $seen = $said | Out-String | ConvertFrom-Json
        $seen.Base | Should -Be $folder
        $seen.Commands | Sort-Object | Should -Be $manifest.CmdletsToExport
        $seen.Answers | Should -Be 'HELLO', 'piped'
        $seen.Examples | Should -BeGreaterOrEqual 3
        $seen.Synopsis | Should -BeLike $Synopsis
    }

    # On Unix alone, since the folders of a user follow HOME there, and nothing may be installed into those of whoever runs this.
    Context 'installed as users do' -Tag Unix {
        BeforeAll {
            $next = "$(([version] $version).Major).$(([version] $version).Minor + 1).0"

            # A folder as the repository, with the package as it is published.
            $repository = (New-Item -ItemType Directory (Join-Path $TestDrive 'repository')).FullName
            Copy-Item $package $repository

            # The module's next version, as its folder is published.
            $successor = Join-Path $TestDrive 'next/PSSocketTools'
            $null = New-Item -ItemType Directory (Split-Path $successor)
            Copy-Item $folder $successor -Recurse
            (Get-Content "$successor/PSSocketTools.psd1" -Raw) -replace "(ModuleVersion\s*=\s*)'.*?'", "`$1'$next'" | Set-Content "$successor/PSSocketTools.psd1"

            # Runs code in a clean PowerShell of a user whose home is empty but for what the steps before this one left.
            $userHome = (New-Item -ItemType Directory (Join-Path $TestDrive 'home')).FullName
            $modules = Join-Path $userHome '.local/share/powershell/Modules'
            function Invoke-User([string] $Code) {
                $script = Join-Path $TestDrive 'user.ps1'
                Set-Content $script "`$ErrorActionPreference = 'Stop'`n`$ProgressPreference = 'SilentlyContinue'`n$Code"
                $names = 'HOME', 'PSModulePath', 'XDG_DATA_HOME', 'XDG_CONFIG_HOME', 'XDG_CACHE_HOME'
                $kept = Get-Item ($names | ForEach-Object { "env:$_" }) -ErrorAction Ignore
                try {
                    # Removed, not emptied: an empty XDG_CONFIG_HOME would be the current folder.
                    $kept | ForEach-Object { Remove-Item "env:$($_.Name)" }
                    $env:HOME = $userHome
                    # In a home without .config, NuGet puts its settings into the current folder.
                    Push-Location $userHome
                    $said = & $pwsh @pwshArguments -NoProfile -NonInteractive -File $script 2>&1
                    if ($LASTEXITCODE) { throw "$($said -join "`n")" }
                    $said
                }
                finally {
                    Pop-Location
                    Remove-Item env:HOME
                    $kept | ForEach-Object { Set-Item "env:$($_.Name)" $_.Value }
                }
            }
        }

        It 'is found in a folder that is a repository, and installed' {
            Invoke-User "
                Unregister-PSResourceRepository PSGallery
                Register-PSResourceRepository local -Uri '$repository' -Trusted
                Publish-PSResource -Path '$successor' -Repository local
                Install-PSResource PSSocketTools -Version $version -Repository local
                (Find-PSResource PSSocketTools -Version * -Repository local).Version | ForEach-Object ToString" | Should -Be $next, $version
            Get-ChildItem "$modules/PSSocketTools" -Name | Should -Be $version
        }

        It 'is imported by name in a clean process, and does its job' {
            $said = Invoke-User '
                ("hello" | Send-SocketMessage -Session (Start-EchoServer -Transform Upper | Connect-EchoServer)).Response
                (Get-Module PSSocketTools).Version.ToString()
                (Get-Help Start-EchoServer).Synopsis'
            $said[0, 1] | Should -Be 'HELLO', $version
            $said[2] | Should -Not -BeNullOrEmpty
        }

        It 'is updated to the next version beside the first, which stays to be asked for' {
            Invoke-User 'Update-PSResource PSSocketTools -Repository local'
            Get-ChildItem "$modules/PSSocketTools" -Name | Sort-Object | Should -Be $version, $next
            Invoke-User '$null = Find-AvailablePort; (Get-Module PSSocketTools).Version.ToString()' | Should -Be $next
            Invoke-User "Import-Module PSSocketTools -RequiredVersion $version; (Get-Module PSSocketTools).Version.ToString()" | Should -Be $version
        }

        It 'is uninstalled, and leaves nothing' {
            Invoke-User 'Uninstall-PSResource PSSocketTools -Version *; Get-Module PSSocketTools -ListAvailable' | Should -BeNullOrEmpty
            Get-ChildItem $modules -Recurse -File | Should -BeNullOrEmpty
        }
    }
}
