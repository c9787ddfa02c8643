# What the help's tests for every culture can't tell: that pt-BR says what en-US says, in other words, and that
# everything a user reads follows the UI culture of a PowerShell of its own.
BeforeDiscovery {
    $docs = (Resolve-Path "$PSScriptRoot/../../docs").Path
    $pages = @(
        foreach ($page in Get-ChildItem "$docs/en-US" -Filter *.md -Recurse) {
            @{ Page = $page.FullName.Substring("$docs/en-US/".Length).Replace('\', '/') }
        }
    )
    $cmdlets = @((Import-PowerShellDataFile "$PSScriptRoot/../../PSSocketTools.psd1").CmdletsToExport | ForEach-Object { @{ Name = $_ } })
}

BeforeAll {
    $root = (Resolve-Path "$PSScriptRoot/../..").Path
    $manifest = "$root/PSSocketTools.psd1"
    Import-Module $manifest -Force
    . "$PSScriptRoot/SamePowerShell.ps1"

    # A session keeps the help it has read, whatever the culture then: each culture has one of its own.
    $shells = @{}
    function Get-HelpIn([string] $Culture, [string] $Name) {
        if (-not $shells[$Culture]) {
            $state = [initialsessionstate]::CreateDefault()
            # On Windows, Windows PowerShell's own policy counts for the module's files too.
            if ($null -ne $state.PSObject.Properties['ExecutionPolicy'] -and $env:OS -eq 'Windows_NT') { $state.ExecutionPolicy = 'Bypass' }
            $state.ImportPSModule([string[]] $manifest)
            $shells[$Culture] = [powershell]::Create($state)
        }
        $shell = $shells[$Culture]
        $shell.Commands.Clear()
        $null = $shell.AddScript('[Threading.Thread]::CurrentThread.CurrentUICulture = $args[0]; Get-Help $args[1] -Full')
        $shell.AddArgument($Culture).AddArgument($Name).Invoke()
    }

    function Get-Text($Paragraph) {
        (@($Paragraph | ForEach-Object { $_.Text }) -join "`n").Trim()
    }

    # What a page is made of, whatever its language: its headings' levels and names that stay, its blocks of code and their kinds.
    function Get-Shape([string] $Path) {
        $isCode = $false
        foreach ($line in [IO.File]::ReadAllLines($Path)) {
            if ($line -match '^```') {
                $isCode = -not $isCode
                if ($isCode) { $line }
            }
            elseif (-not $isCode -and $line -match '^(#+) (.*)$') {
                $level = $Matches[1]
                $heading = $Matches[2]
                if ($heading -cmatch '^(-\w+|None|\w+-\w+|about_\w+|(System|PSSocketTools)\.[\w.]+)$') { "$level $heading" } else { $level }
            }
            elseif (-not $isCode -and $line -match '^- ') { '-' }
        }
    }

    # Runs code in a PowerShell that speaks a language, and gives out its lines.
    function Invoke-In([string] $Culture, [string] $Code) {
        $script = Join-Path $TestDrive 'Child.ps1'
        # PowerShell takes its UI culture from the environment on Unix only, so the child is told in words too.
        [IO.File]::WriteAllText($script, @"
`$ErrorActionPreference = 'Continue'
[Threading.Thread]::CurrentThread.CurrentUICulture = '$Culture'
Import-Module '$manifest'
$Code
"@)
        $before = $env:LANG
        $env:LANG = $Culture.Replace('-', '_') + '.UTF-8'
        try { & $pwsh @pwshArguments -NoProfile -ExecutionPolicy Bypass -File $script }
        finally { $env:LANG = $before }
    }
}

AfterAll {
    foreach ($shell in $shells.Values) {
        $shell.Runspace.Dispose()
        $shell.Dispose()
    }
}

Describe 'Help in Portuguese' {
    It 'has <Page>, made as the English one is' -ForEach $pages {
        "$root/docs/pt-BR/$Page" | Should -Exist
        Get-Shape "$root/docs/pt-BR/$Page" | Should -Be (Get-Shape "$root/docs/en-US/$Page")
    }

    It 'has no page that the English lacks' {
        foreach ($page in Get-ChildItem "$root/docs/pt-BR" -Filter *.md -Recurse) {
            $page.FullName.Replace('pt-BR', 'en-US') | Should -Exist
        }
    }

    Context '<Name>' -ForEach $cmdlets {
        BeforeAll {
            $english = Get-HelpIn 'en-US' $Name
            $portuguese = Get-HelpIn 'pt-BR' $Name
        }

        It 'has a synopsis, a description and notes in other words' {
            $portuguese.Synopsis | Should -Not -BeNullOrEmpty
            $portuguese.Synopsis | Should -Not -Be $english.Synopsis
            Get-Text $portuguese.description | Should -Not -Be (Get-Text $english.description)
            Get-Text $portuguese.alertSet.alert | Should -Not -Be (Get-Text $english.alertSet.alert)
        }

        It 'describes the same parameters, each in other words' {
            $texts = @{}
            foreach ($parameter in @($english.parameters.parameter)) { $texts[$parameter.name] = Get-Text $parameter.description }
            @($portuguese.parameters.parameter.name | Sort-Object) | Should -Be @($texts.Keys | Sort-Object)
            foreach ($parameter in @($portuguese.parameters.parameter)) {
                $text = Get-Text $parameter.description
                $text | Should -Not -BeNullOrEmpty -Because $parameter.name
                $text | Should -Not -Be $texts[$parameter.name] -Because $parameter.name
            }
        }

        It 'has the same examples, titled and explained in other words' {
            $examples = @($portuguese.examples.example)
            $originals = @($english.examples.example)
            $examples.Count | Should -Be $originals.Count
            for ($i = 0; $i -lt $examples.Count; $i++) {
                $examples[$i].title | Should -Not -Be $originals[$i].title
                Get-Text $examples[$i].remarks | Should -Not -Be (Get-Text $originals[$i].remarks)
                # The code is the same but for the words in it.
                $commands, $originalCommands = foreach ($code in $examples[$i].code, $originals[$i].code) {
                    , @([regex]::Matches($code, '\b[A-Z][a-z]+-[A-Z]\w+|(?<= )-[A-Z]\w+').Value)
                }
                $commands | Should -Be $originalCommands -Because $originals[$i].title
            }
        }

        It 'names the same types and links' {
            $portuguese.inputTypes.inputType.type.name | Should -Be $english.inputTypes.inputType.type.name
            $portuguese.returnValues.returnValue.type.name | Should -Be $english.returnValues.returnValue.type.name
            # The first is the page on the web, which each language has its own words for.
            $links, $originals = foreach ($help in $portuguese, $english) { , @($help.relatedLinks.navigationLink.linkText) }
            $links[1..$links.Count] | Should -Be $originals[1..$originals.Count]
            $links[0] | Should -Not -Be $originals[0]
        }
    }
}

Describe 'Messages in <Culture>' -ForEach @(
    @{ Culture = 'pt-BR'; InUse = ' est. em uso por '; What = 'Parar o servidor de eco'; Warning = 'pode ser alcan.ado de outras m.quinas' }
    @{ Culture = 'en-US'; InUse = ' is in use by '; What = 'Stop the echo server'; Warning = 'can be reached from other machines' }
) {
    BeforeAll {
        $said = @(Invoke-In $Culture @'
$server = Start-EchoServer -Address 127.0.0.1
try { Start-EchoServer $server.Port -Address 127.0.0.1 -ErrorAction Stop } catch { 'engine: ' + $_.Exception.Message; 'id: ' + $_.FullyQualifiedErrorId }
try { Stop-EchoServer -Id 987654 -ErrorAction Stop } catch { 'module: ' + $_.Exception.Message }
Start-EchoServer -Address 0.0.0.0 -AllowFrom 127.0.0.1 -WarningVariable warnings -WarningAction SilentlyContinue | Out-Null
'warning: ' + $warnings
'help: ' + (Get-Help Start-EchoServer).Synopsis
'topic: ' + @([string] (Get-Help about_PSSocketTools_Course) -split '\r?\n')[2]
$server | Stop-EchoServer -WhatIf
Get-EchoServer | Stop-EchoServer -Force
'@)
    }

    It 'tells errors of the engine, with the same id' {
        $said -match '^engine: ' | Should -Match $InUse
        $said -match '^id: ' | Should -Be 'id: PortInUse,PSSocketTools.Commands.StartEchoServerCommand'
    }

    It 'tells errors and warnings of the cmdlets' {
        $said -match '^module: ' | Should -Match $(if ($Culture -eq 'pt-BR') { '^module: Nenhum servidor de eco' } else { '^module: No echo server' })
        $said -match '^warning: ' | Should -Match $Warning
    }

    It 'tells what would be done' {
        ($said -match [regex]::Escape($What)).Count | Should -Be 1
    }

    It 'tells the help' {
        $said -match '^help: ' | Should -Match $(if ($Culture -eq 'pt-BR') { '^help: Inicia um servidor de eco' } else { '^help: Starts an echo server' })
        $said -match '^topic: ' | Should -Match $(if ($Culture -eq 'pt-BR') { '^topic: DESCRI..O CURTA' } else { '^topic: SHORT DESCRIPTION' })
    }
}
