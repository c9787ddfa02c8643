BeforeAll {
    $manifestPath = "$PSScriptRoot/../../PSSocketTools.psd1"
    $manifest = Import-PowerShellDataFile $manifestPath
    Import-Module $manifestPath -Force
    $module = Get-Module PSSocketTools
}

Describe 'PSSocketTools' {
    Context 'the manifest' {
        It 'is valid' {
            (Test-ModuleManifest $manifestPath -ErrorAction Stop).Name | Should -Be 'PSSocketTools'
        }

        It 'is for both editions, from Windows PowerShell 5.1 on' {
            $manifest.PowerShellVersion | Should -Be '5.1'
            $manifest.CompatiblePSEditions | Should -Be 'Desktop', 'Core'
        }

        It 'lists its <_> one by one' -ForEach 'CmdletsToExport', 'FunctionsToExport', 'VariablesToExport', 'AliasesToExport' {
            $manifest.ContainsKey($_) | Should -BeTrue
            $manifest[$_] | Where-Object { $_ -match '[*?]' } | Should -BeNullOrEmpty
        }
    }

    Context 'the module' {
        It 'has the version the manifest says' {
            $module.Version | Should -Be $manifest.ModuleVersion
        }

        It 'loads the build for this edition' {
            $framework = if ($PSEdition -eq 'Core') { 'net8.0' } else { 'netstandard2.0' }
            $loaded = @([AppDomain]::CurrentDomain.GetAssemblies() | Where-Object { $_.GetName().Name -in 'PSSocketTools', 'PSSocketTools.Core' })
            $loaded | Should -Not -BeNullOrEmpty
            foreach ($assembly in $loaded) {
                Split-Path (Split-Path $assembly.Location) -Leaf | Should -Be $framework
            }
        }

        It 'brings no assembly but its own' {
            $folder = Join-Path $module.ModuleBase 'module/bin'
            Get-ChildItem $folder -Recurse -Filter *.dll | Where-Object Name -notlike 'PSSocketTools*' | Should -BeNullOrEmpty
        }

        It 'has scripts that Windows PowerShell reads as they are: ASCII, or marked as UTF-8' {
            $scripts = Get-ChildItem $module.ModuleBase -Recurse -Include *.ps1, *.psm1, *.psd1 | Where-Object FullName -notmatch '[\\/](bin|obj)[\\/]'
            $misread = foreach ($script in $scripts) {
                $bytes = [IO.File]::ReadAllBytes($script.FullName)
                $marked = $bytes.Length -ge 3 -and $bytes[0] -eq 0xEF -and $bytes[1] -eq 0xBB -and $bytes[2] -eq 0xBF
                if (-not $marked -and ($bytes | Where-Object { $_ -ge 0x80 } | Select-Object -First 1)) { $script.FullName }
            }
            $misread | Should -BeNullOrEmpty
        }

        It 'adds only approved verbs' {
            $approved = (Get-Verb).Verb
            Get-Command -Module PSSocketTools | Where-Object Verb -notin $approved | Should -BeNullOrEmpty
        }
    }

    Context 'where another build of it is loaded' {
        BeforeAll {
            . "$PSScriptRoot/SamePowerShell.ps1"
            $root = (Resolve-Path "$PSScriptRoot/../..").Path
            $other = Join-Path $TestDrive 'other/PSSocketTools'
            $null = New-Item $other -ItemType Directory
            Copy-Item "$root/PSSocketTools.psd1", "$root/module" $other -Recurse
            # Other bytes of the same name are another build, whatever their version.
            Get-ChildItem "$other/module/bin" -Recurse -Filter PSSocketTools.dll | ForEach-Object {
                [IO.File]::AppendAllText($_.FullName, 'other')
            }
        }

        It 'is one error in <Culture> that says to start a new PowerShell, and what is loaded goes on' -ForEach @(
            @{ Culture = 'en-US'; Said = 'This PowerShell has PSSocketTools * Start a new PowerShell*' }
            @{ Culture = 'pt-BR'; Said = 'Este PowerShell * Inicie um novo PowerShell*' }
        ) {
            $script = "[Threading.Thread]::CurrentThread.CurrentUICulture = '$Culture'; Import-Module '$manifestPath'; `$Error.Clear(); " +
                "try { Import-Module '$other/PSSocketTools.psd1' } catch { `$_.Exception.Message }; `$Error.Count; " +
                "Import-Module '$manifestPath' -Force; (Start-EchoServer | Out-String).Trim(); `$Error.Count"
            $lines = @(& $pwsh @pwshArguments -NoProfile -ExecutionPolicy Bypass -Command $script)
            $lines[0] | Should -BeLike $Said
            $lines[1] | Should -Be 1
            $lines[2] | Should -BeLike '*Id Name*Proto*'
            $lines[-1] | Should -Be 1
        }
    }

    Context 'before it is built' {
        BeforeAll {
            # Without the manifest: its types and formats are loaded already.
            Get-ChildItem "$PSScriptRoot/../../module" -Exclude bin | Copy-Item -Destination $TestDrive -Recurse
        }

        It 'says in <Culture> what to run' -ForEach @{ Culture = 'en-US'; Said = '*not built yet*' }, @{ Culture = 'pt-BR'; Said = '*ainda*' }, @{ Culture = 'nl-NL'; Said = '*not built yet*' } {
            $before = [cultureinfo]::CurrentUICulture
            [cultureinfo]::CurrentUICulture = $Culture
            try { { Import-Module "$TestDrive/PSSocketTools.psm1" } | Should -Throw "$Said*dotnet build*" }
            finally { [cultureinfo]::CurrentUICulture = $before }
        }
    }
}
