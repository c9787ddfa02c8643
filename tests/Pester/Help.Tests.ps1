BeforeDiscovery {
    # A block that is a test file, and the one that runs such files, which are in its folder tests.
    function Test-Suite($Example) { $Example.Code -match '(?m)^Describe ' }
    function Test-Runner($Example) { $Example.Code -match 'Invoke-Pester' }

    # Reads the powershell blocks of a page, each with the text block that follows it: what it gives out.
    function Read-Example([string] $Path) {
        $heading = ''
        $block = $null
        $example = $null
        foreach ($line in [IO.File]::ReadAllLines($Path)) {
            if ($null -ne $block) {
                if ($line -eq '```') {
                    $text = $block -join "`n"
                    if ($kind -eq 'text') {
                        if ($example) { $example.Output = $text; $example; $example = $null }
                    }
                    elseif ($kind -match '^(powershell|python)\b') {
                        if ($example) { $example }
                        $example = @{ Title = $heading; Code = $text; Kind = $kind; Output = $null }
                    }
                    $block = $null
                }
                else { $block += $line }
            }
            elseif ($line -match '^```(.*)$') { $kind = $Matches[1]; $block = @() }
            elseif ($line -match '^#+ (.*)$') {
                if ($example) { $example; $example = $null }
                $heading = $Matches[1]
            }
        }
        if ($example) { $example }
    }

    # Programs that some steps need, and that not every machine has. One in a container may trace no process.
    $onUnix = $PSEdition -eq 'Core' -and -not $IsWindows
    $programs = @{
        python = $onUnix -and (Get-Command python3 -CommandType Application -ErrorAction Ignore)
        strace = $onUnix -and (Get-Command strace -CommandType Application -ErrorAction Ignore) -and -not (strace -qq -e trace=none true 2>&1)
    }

    # Those of them that are run here.
    function Read-Run([string] $Path) {
        Read-Example $Path | Where-Object {
            $kind = $_.Kind
            $kind -notmatch 'no-run' -and ($PSEdition -eq 'Core' -or $kind -notmatch 'ps7') -and
                -not ($programs.Keys | Where-Object { $kind -match "\b$_\b" -and -not $programs[$_] })
        }
    }

    $docs = (Resolve-Path "$PSScriptRoot/../../docs").Path
    $cmdlets = (Import-PowerShellDataFile "$PSScriptRoot/../../PSSocketTools.psd1").CmdletsToExport
    $seen = @{}
    $cultures = foreach ($folder in Get-ChildItem $docs -Directory | Where-Object Name -match '^[a-z]{2}-[A-Z]{2}$' | Sort-Object Name) {
        @{
            Culture  = $folder.Name
            Cmdlets  = @($cmdlets | ForEach-Object { @{ Name = $_; Culture = $folder.Name; Folder = $folder.FullName } })
            Topics   = @(Get-ChildItem $folder.FullName -Filter about_*.md | ForEach-Object { @{ Topic = $_.BaseName; Culture = $folder.Name } })
            # Code that another culture has word for word was run there.
            Examples = @(
                foreach ($page in Get-ChildItem $folder.FullName -Filter *-*.md) {
                    foreach ($example in Read-Example $page.FullName) {
                        $key = $example.Code + "`0" + $example.Output
                        if ($example.Kind -notmatch 'no-run' -and ($PSEdition -eq 'Core' -or $example.Kind -notmatch 'ps7') -and -not $seen[$key]) {
                            $seen[$key] = $true
                            @{ Page = $page.BaseName; Title = $example.Title; Steps = @($example) }
                        }
                    }
                }
                foreach ($page in Get-ChildItem $folder.FullName -Filter about_*.md) {
                    $steps = @(Read-Run $page.FullName | Where-Object { -not (Test-Suite $_) -and -not (Test-Runner $_) })
                    if ($steps) { @{ Page = $page.BaseName; Title = 'what is to be typed'; Steps = $steps } }
                }
            )
            Suites   = @(
                foreach ($page in Get-ChildItem $folder.FullName -Filter about_*.md) {
                    $steps = @(Read-Run $page.FullName)
                    $suites = @($steps | Where-Object { Test-Suite $_ })
                    if ($suites) { @{ Page = $page.BaseName; Culture = $folder.Name; Suites = $suites; Runner = $steps | Where-Object { Test-Runner $_ } | Select-Object -First 1 } }
                }
            )
        }
    }
}

BeforeAll {
    Import-Module "$PSScriptRoot/../../PSSocketTools.psd1" -Force
    . "$PSScriptRoot/SamePowerShell.ps1"
    $manifest = (Resolve-Path "$PSScriptRoot/../../PSSocketTools.psd1").Path
    $project = (Import-PowerShellDataFile $manifest).PrivateData.PSData.ProjectUri

    function New-Shell {
        $state = [initialsessionstate]::CreateDefault()
        # On Windows, Windows PowerShell's own policy counts for the module's files too.
        if ($env:OS -eq 'Windows_NT') { $state.ExecutionPolicy = 'Bypass' }
        $state.ImportPSModule($manifest)
        [powershell]::Create($state)
    }

    # The help system reads a file once a session: a session for each culture.
    $shells = @{}
    function Get-HelpIn([string] $Culture, [string] $Name) {
        if (-not $shells[$Culture]) { $shells[$Culture] = New-Shell }
        $shells[$Culture].Commands.Clear()
        $null = $shells[$Culture].AddScript('[Threading.Thread]::CurrentThread.CurrentUICulture = $args[0]; Get-Help $args[1] -Full')
        $null = $shells[$Culture].AddArgument($Culture).AddArgument($Name)
        $shells[$Culture].Invoke()
    }

    function Get-Parameter([string] $Name) {
        $common = [System.Management.Automation.PSCmdlet]::CommonParameters
        (Get-Command $Name).Parameters.Values | Where-Object Name -notin $common |
            Where-Object { @($_.Attributes | Where-Object { $_ -is [Parameter] -and -not $_.DontShow }) }
    }

    # What the sources say of a parameter: its cmdlet's own page, or the one of the base class that has it.
    function Get-ParameterSource([string] $Folder, [string] $Name, [string] $Parameter) {
        $owner = (Get-Command $Name).ImplementingType.GetProperty($Parameter).DeclaringType.Name
        foreach ($path in "$Folder/$Name.md", "$Folder/shared/$owner.md") {
            if ((Test-Path $path) -and [IO.File]::ReadAllText($path) -match "(?ms)^### -$Parameter\r?\n(.*?)(?=^#|\z)") { return $Matches[1] }
        }
    }

    function ConvertTo-Word($Value) {
        if ($Value -is [PSSocketTools.EncodingArgument] -or $Value -is [PSSocketTools.DelayRange]) { "$Value" }
        elseif ($Value -is [IFormattable]) { $Value.ToString($null, [cultureinfo]::InvariantCulture) }
        else { $Value -join ', ' }
    }

    function Get-Text($Paragraph) {
        ($Paragraph | ForEach-Object { $_.Text }) -join "`n"
    }

    # Runs the steps one after another in a session of their own, and gives out each one's output as a prompt would show it.
    # Their files are in a folder of their own, and their ports are free ones: the page's may be taken on a machine that runs tests.
    function Invoke-Example([object[]] $Steps) {
        $folder = (New-Item (Join-Path $TestDrive ([guid]::NewGuid())) -ItemType Directory).FullName
        $ports = @{}
        $written = @([regex]::Matches("$($Steps.Code)", '\b505\d\b').Value | Sort-Object -Unique)
        if ($written) {
            $free = @(Find-AvailablePort -Count $written.Count)
            for ($i = 0; $i -lt $written.Count; $i++) { $ports[$written[$i]] = "$($free[$i].Port)" }
        }

        $shell = New-WindowShell $folder
        $busy = $null
        try {
            foreach ($step in $Steps) {
                foreach ($port in $ports.Keys) {
                    $step.Code = $step.Code -replace "\b$port\b", $ports[$port]
                    if ($step.Output) { $step.Output = $step.Output -replace "\b$port\b", $ports[$port] }
                }

                # A window is busy to the end of its chapter.
                if ($busy -and $step.Title -ne $busy.Step.Title) { Stop-Window $busy; $busy = $null }
                if ($step.Kind -match '^python') {
                    $name = [regex]::Match($step.Code, '^# (\S+)').Groups[1].Value
                    [IO.File]::WriteAllText("$folder/$name", $step.Code)
                    ''
                }
                elseif ($step.Kind -match '\btyped\b') { Invoke-Conversation $step }
                elseif ($step.Kind -match '\bbeside\b') {
                    $busy = Start-Window $step $folder @($ports.Values)
                    $busy
                }
                else { Invoke-Step $shell $step }
            }
        }
        finally {
            if ($busy) { Stop-Window $busy }
            $shell.Runspace.Dispose()
            $shell.Dispose()
            Get-EchoSession | Disconnect-EchoServer
            Get-EchoServer | Stop-EchoServer -Force
        }
    }

    # The shell of one window of a page.
    function New-WindowShell([string] $Folder) {
        $shell = New-Shell
        $null = $shell.AddScript('if ($PSStyle) { $PSStyle.OutputRendering = "PlainText" }; Set-Location $args[0]; $env:PYTHONUNBUFFERED = 1').AddArgument($Folder).Invoke()
        $shell.Commands.Clear()
        $shell
    }

    function Invoke-Step($Shell, $Step) {
        $code = $Step.Code
        # A program that starts a PowerShell starts one like this.
        if ($Step.Kind -match '\bstrace\b') { $code = $code -replace '\bpwsh\b', $pwshCommand }
        $Shell.Commands.Clear()
        $null = $Shell.AddScript($code, $false).AddCommand('Out-String').AddParameter('Width', 80)
        $run = $Shell.BeginInvoke()
        if (-not $run.AsyncWaitHandle.WaitOne(60000)) {
            $Shell.Stop()
            throw "It did not end in a minute: $code"
        }
        -join $Shell.EndInvoke($run)
        if ($Shell.Streams.Error.Count) { throw $Shell.Streams.Error[0] }
    }

    # Runs a step that keeps its window busy, a server in the foreground, beside the page's other steps. It runs when one of the ports is held.
    function Start-Window($Step, [string] $Folder, [int[]] $Ports) {
        $before = @(Get-PortHolder $Ports -ErrorAction Ignore).Count
        $window = @{
            Step = $Step; Shell = New-WindowShell $Folder; Nothing = [Management.Automation.PSDataCollection[psobject]]::new()
            Output = [Management.Automation.PSDataCollection[psobject]]::new(); Objects = [Collections.Generic.List[object]]::new()
        }
        $window.Nothing.Complete()
        $window.Run = $window.Shell.AddScript($Step.Code, $false).BeginInvoke($window.Nothing, $window.Output)
        $watch = [Diagnostics.Stopwatch]::StartNew()
        while (@(Get-PortHolder $Ports -ErrorAction Ignore).Count -le $before -and -not $window.Run.AsyncWaitHandle.WaitOne(50)) {
            if ($watch.Elapsed.TotalSeconds -gt 30) { throw "Nothing listens: $($Step.Code)" }
        }
        [pscustomobject] $window
    }

    # Ends it as Ctrl+C does, when it has come to its end or shows what the page says.
    function Stop-Window($Window) {
        $watch = [Diagnostics.Stopwatch]::StartNew()
        do { $shown = Show-Window $Window }
        until (-not $Window.Step.Output -or (Test-Output $shown $Window.Step) -or $watch.Elapsed.TotalSeconds -gt 20 -or $Window.Run.AsyncWaitHandle.WaitOne(100))
        $Window.Shell.Stop()
        $null = Show-Window $Window
        $failed = $Window.Shell.Streams.Error | Select-Object -First 1
        $Window.Shell.Runspace.Dispose()
        $Window.Shell.Dispose()
        if ($failed) { throw $failed }
    }

    function Show-Window($Window) {
        $Window.Objects.AddRange($Window.Output.ReadAll())
        $Window.Objects | Out-String -Width 80
    }

    # What a step's output is like, as a regular expression for its lines.
    function Get-OutputPattern($Step) {
        "(?s)^$(@(Get-Line $Step.Output | ForEach-Object { [regex]::Escape($_) -replace '\\\.\\\.\\\.', '.*' }) -join "`n")$"
    }

    function Test-Output([string] $Output, $Step) {
        ((Get-Line $Output) -join "`n") -match (Get-OutputPattern $Step)
    }

    # Runs a conversation in a PowerShell of its own: what its output shows after a prompt is typed.
    function Invoke-Conversation($Step) {
        $typed = [regex]::Matches($Step.Output, '(?m)^\[.*?\]: (.+)$') | ForEach-Object { $_.Groups[1].Value }
        $script = Join-Path $TestDrive 'Conversation.ps1'
        [IO.File]::WriteAllText($script, "[Threading.Thread]::CurrentThread.CurrentUICulture = '$Culture'; `$ErrorActionPreference = 'Stop'; Import-Module '$manifest'`n$($Step.Code)")
        $output = $typed | & $pwsh @pwshArguments -NoProfile -ExecutionPolicy Bypass -File $script 2>&1
        $LASTEXITCODE | Should -Be 0 -Because ($output -join "`n")
        $output -join "`n"
    }

    # Runs test files in a PowerShell of their own that finds the module by its name, as a user's does.
    function Invoke-Suite([object[]] $Suites, $Runner, [string] $Folder) {
        $modules = Join-Path $TestDrive 'Modules'
        if (-not (Test-Path $modules)) {
            $null = New-Item "$modules/PSSocketTools" -ItemType Directory
            Copy-Item "$PSScriptRoot/../../PSSocketTools.psd1", "$PSScriptRoot/../../module" "$modules/PSSocketTools" -Recurse
            Copy-Item (Get-Module Pester).ModuleBase "$modules/Pester" -Recurse
        }

        $null = New-Item "$Folder/tests" -ItemType Directory
        for ($i = 0; $i -lt $Suites.Count; $i++) { [IO.File]::WriteAllText("$Folder/tests/$i.Tests.ps1", $Suites[$i].Code, [Text.UTF8Encoding]::new($true)) }
        $run = if ($Runner) { $Runner.Code } else { '$results = Get-ChildItem tests/*.Tests.ps1 | ForEach-Object { Invoke-Pester $_.FullName -Output None -PassThru }' }
        [IO.File]::WriteAllText("$Folder/Run.ps1", @"
`$env:PSModulePath = '$modules' + [IO.Path]::PathSeparator + `$env:PSModulePath
Set-Location '$Folder'
$run
'--'
foreach (`$result in `$results) {
    "`$(`$result.PassedCount -gt 0 -and `$result.Result -eq 'Passed')"
    `$result.Tests + `$result.Containers | ForEach-Object { `$_.ErrorRecord } | ForEach-Object { "`$_" }
}
"@, [Text.UTF8Encoding]::new($true))
        & $pwsh @pwshArguments -NoProfile -ExecutionPolicy Bypass -File "$Folder/Run.ps1" 2>&1
    }

    function Get-Line([string] $Text) {
        @($Text -split '\r?\n' | ForEach-Object { $_.Trim() -replace ' +', ' ' } | Where-Object { $_ })
    }
}

AfterAll {
    foreach ($shell in $shells.Values) {
        $shell.Runspace.Dispose()
        $shell.Dispose()
    }
}

Describe 'Help in <Culture>' -ForEach $cultures {
    Context '<Name>' -ForEach $Cmdlets {
        BeforeAll {
            $help = Get-HelpIn $Culture $Name
            $texts = @{}
            foreach ($parameter in @($help.parameters.parameter)) { $texts[$parameter.name] = $parameter }
        }

        It 'has a synopsis and a description' {
            $help.Synopsis | Should -Not -BeNullOrEmpty
            $help.Synopsis | Should -Not -Match '\[-|<CommonParameters>'
            Get-Text $help.description | Should -Not -BeNullOrEmpty
        }

        It 'describes every parameter, and no other' {
            $texts.Keys | Sort-Object | Should -Be (Get-Parameter $Name | ForEach-Object Name | Sort-Object)
            foreach ($parameter in $texts.Values) { Get-Text $parameter.description | Should -Not -BeNullOrEmpty -Because $parameter.name }
        }

        It 'has at least three examples, each with what it shows' {
            $examples = @($help.examples.example)
            $examples.Count | Should -BeGreaterOrEqual 3
            foreach ($example in $examples) {
                $example.code | Should -Not -BeNullOrEmpty
                Get-Text $example.remarks | Should -Not -BeNullOrEmpty
            }
        }

        It 'tells inputs, outputs, errors and links' {
            $help.inputTypes.inputType.type.name | Should -Not -BeNullOrEmpty
            $help.returnValues.returnValue.type.name | Should -Not -BeNullOrEmpty
            Get-Text $help.alertSet.alert | Should -Not -BeNullOrEmpty
            @($help.relatedLinks.navigationLink).Count | Should -BeGreaterThan 1
            $help.relatedLinks.navigationLink.linkText | Should -Not -BeNullOrEmpty
        }

        It 'opens its own page with -Online' {
            # What Get-Help opens: the first link that has an address, else the cmdlet's HelpUri.
            $link = @($help.relatedLinks.navigationLink)[0]
            $link.uri | Should -Be "$project/blob/main/docs/$Culture/$Name.md"
            "$Folder/$Name.md" | Should -Exist
            (Get-Command $Name).HelpUri | Should -Be "$project/blob/main/docs/en-US/$Name.md"
        }

        It 'has no placeholder' {
            $help | Out-String | Should -Not -Match '\{\{ | \}\}'
        }

        It 'names the types that the cmdlet gives out' {
            $told = @($help.returnValues.returnValue.type.name)
            foreach ($type in (Get-Command $Name).OutputType.Name) { $told | Should -Contain $type }
        }

        It 'tells the ranges as they are' {
            foreach ($parameter in Get-Parameter $Name) {
                $range = $parameter.Attributes | Where-Object { $_ -is [ValidateRange] }
                if ($range) {
                    $told = @(Get-Line (Get-Text $texts[$parameter.Name].description))[-1]
                    $limits = @([regex]::Matches(($told -replace '\(.*?\)'), '\d[\d.]*') | ForEach-Object { [double] $_.Value })
                    $limits | Should -Be ([double] $range.MinRange), ([double] $range.MaxRange) -Because $parameter.Name
                }
            }
        }

        It 'tells the defaults as they are' {
            $fresh = (Get-Command $Name).ImplementingType.GetConstructor(@()).Invoke(@())
            foreach ($parameter in Get-Parameter $Name | Where-Object { -not $_.SwitchParameter }) {
                if (-not @($parameter.ParameterSets.Values | Where-Object { -not $_.IsMandatory })) { continue }
                $told = $texts[$parameter.Name].defaultValue
                $actual = $fresh.($parameter.Name)
                $given = $parameter.Attributes | Where-Object { $_ -is [PSDefaultValue] }
                if ($given) {
                    ConvertTo-Word $actual | Should -Be (ConvertTo-Word $given.Value) -Because $parameter.Name
                    $told | Should -Match "^$([regex]::Escape((ConvertTo-Word $actual)))(?=$|; | \()" -Because $parameter.Name
                }
                else {
                    $told | Should -Not -BeNullOrEmpty -Because $parameter.Name
                    @($actual | Where-Object { $null -ne $_ -and 0 -ne $_ -and "$_" -notin '', '0' }) | Should -BeNullOrEmpty -Because "the default of $($parameter.Name) is in plain words"
                }

                # What a page says of a default goes with it, or in its place.
                if ((Get-ParameterSource $Folder $Name $parameter.Name) -match '(?s)\n\r?\n- [^:]+: ([^\r\n]+)\s*$') {
                    $told | Should -Match "$([regex]::Escape($Matches[1]))$" -Because $parameter.Name
                }
            }
        }
    }

    It '<Topic> is found, and fits 80 columns' -ForEach $Topics {
        $text = [string] (Get-HelpIn $Culture $Topic)
        $text | Should -Match "^$Topic\b"
        $text | Should -Not -Match '\{\{ | \}\}'
        @($text -split '\r?\n' | Where-Object Length -gt 80) | Should -BeNullOrEmpty
    }

    It '<Page> shows what happens: <Title>' -ForEach $Examples {
        $outputs = @(Invoke-Example $Steps)
        for ($i = 0; $i -lt $Steps.Count; $i++) {
            if ($null -ne $Steps[$i].Output) {
                $output = if ($outputs[$i] -is [string]) { $outputs[$i] } else { Show-Window $outputs[$i] }
                (Get-Line $output) -join "`n" | Should -Match (Get-OutputPattern $Steps[$i]) -Because $Steps[$i].Code
            }
        }
    }

    It '<Page> has tests that pass' -ForEach $Suites {
        $output = @(Invoke-Suite $Suites $Runner (Join-Path $TestDrive $Culture))
        $end = [array]::IndexOf($output, '--')
        $output[($end + 1)..$output.Count] | Should -Be (@('True') * $Suites.Count) -Because ($output -join "`n")
        if ($Runner) { $output[0..($end - 1)] -join "`n" | Should -Be $Runner.Output }
    }
}

Describe 'Help' {
    It 'is English where there is no translation' {
        (Get-HelpIn 'ja-JP' 'Start-EchoServer').Synopsis | Should -Be (Get-HelpIn 'en-US' 'Start-EchoServer').Synopsis
    }

    It 'is another in another culture' -ForEach @(
        if (Test-Path "$docs/pt-BR") { @{ Culture = 'pt-BR' } }
    ) {
        (Get-HelpIn $Culture 'Start-EchoServer').Synopsis | Should -Not -Be (Get-HelpIn 'en-US' 'Start-EchoServer').Synopsis
        [string] (Get-HelpIn $Culture 'about_PSSocketTools') | Should -Not -Be ([string] (Get-HelpIn 'en-US' 'about_PSSocketTools'))
    }
}

Describe 'The build of the help' {
    BeforeAll {
        $root = (Resolve-Path "$PSScriptRoot/../..").Path
        $builder = Get-ChildItem "$root/tools/HelpBuilder/bin" -Filter HelpBuilder.dll -Recurse | Sort-Object LastWriteTime | Select-Object -Last 1
        $assembly = (Get-Module PSSocketTools).NestedModules + (Get-Module PSSocketTools) | ForEach-Object { $_.ImplementingAssembly.Location } |
            Where-Object { $_ -like '*PSSocketTools.dll' } | Select-Object -First 1

        function Copy-Page {
            $folder = Join-Path $TestDrive ([guid]::NewGuid())
            $null = New-Item $folder -ItemType Directory
            Copy-Item "$root/docs" "$folder/docs" -Recurse
            $folder
        }

        # What the build says of the pages in a folder.
        function Build-Help([string] $Folder, [string[]] $Switch) {
            @(dotnet $builder.FullName "$Folder/docs" $assembly ([psobject].Assembly.Location) "$Folder/out" @Switch) -join "`n"
        }

        # What the build says of a page with a line more at the end of -Backlog's text.
        function Build-HelpWith([string] $Line) {
            $folder = Copy-Page
            $page = "$folder/docs/en-US/Start-EchoServer.md"
            $text = [IO.File]::ReadAllText($page)
            [IO.File]::WriteAllText($page, ($text -replace '(?ms)(^### -Backlog\r?\n.*?)(?=^#)', "`$1$Line`n`n"))
            Build-Help $folder
        }
    }

    # Without a dotnet on PATH, as beside an installed PowerShell, there is nothing to build with.
    if (Get-Command dotnet -ErrorAction Ignore) {
        It 'takes the pages as they are' {
            Build-HelpWith '' | Should -BeNullOrEmpty
        }

        It 'fails where a page carries what the assembly says: <_>' -ForEach @(
            '- Default: `512`', '- Range: `1` to `65535`', "- Default: on some systems less`n- Range: 1 to 65535"
        ) {
            Build-HelpWith $_ | Should -Match 'Start-EchoServer\.md\(\d+\): error HELP: .*-Backlog are the assembly'
        }

        It 'takes words that go beside a default, once the page''s table has them' {
            Build-HelpWith '- Default: on some systems less' | Should -Match '^\S+Start-EchoServer\.md\(\d+\): error HELP: What the build writes below this heading[^\n]*$'
        }
    }

    It 'fails where <What> is not what the cmdlets are, and writes it when it is told to' -ForEach @(
        @{ What = 'a table of parameters'; Page = 'en-US/Start-EchoServer.md'; Old = '`int` | 512 |'; New = '`int` | 128 |' }
        @{ What = 'a syntax'; Page = 'pt-BR/Find-AvailablePort.md'; Old = '[-Random]'; New = '[-Chance]' }
        @{ What = 'the line of a shared page'; Page = 'en-US/shared/ShouldProcess.md'; Old = '[Start-EchoServer]'; New = '[Begin-EchoServer]' }
        @{ What = 'an index'; Page = 'pt-BR/README.md'; Old = ': Inicia um servidor'; New = ': Abre um servidor' }
    ) {
        $folder = Copy-Page
        $file = "$folder/docs/$Page"
        $text = [IO.File]::ReadAllText($file)
        $text.Contains($Old) | Should -BeTrue
        [IO.File]::WriteAllText($file, $text.Replace($Old, $New))
        Build-Help $folder | Should -Match "$([regex]::Escape((Split-Path $Page -Leaf)))\(\d+\): error HELP: .*WritePages"
        Build-Help $folder '--write-pages' | Should -BeNullOrEmpty
        [IO.File]::ReadAllText($file) | Should -Be $text
    }

    It 'fails where an index lacks a page, or tells of one twice' {
        $folder = Copy-Page
        $file = "$folder/docs/en-US/README.md"
        [IO.File]::WriteAllText($file, ([IO.File]::ReadAllText($file) -replace '\[Stop-EchoServer\]\(Stop-EchoServer.md\)', '[Get-EchoServer](Get-EchoServer.md)'))
        $said = Build-Help $folder
        $said | Should -Match 'README\.md\(\d+\): error HELP: There is no such page, or it is told of twice: - \[Get-EchoServer\]'
        $said | Should -Match 'README\.md\(\d+\): error HELP: A page is not told of: - \[Stop-EchoServer\]'
    }
}

# Each page as a website of sources shows it: what is linked to must be there, down to the heading.
Describe 'On the web, <Path>' -ForEach @(
    $top = (Resolve-Path "$PSScriptRoot/../..").Path
    foreach ($file in @(Get-Item "$top/README.md", "$top/CONTRIBUTING.md") + @(Get-ChildItem "$top/docs" -Filter *.md -Recurse)) {
        if ([IO.File]::ReadAllText($file.FullName) -notmatch '\]\((?![a-z]+:)') { continue }
        @{ Path = $file.FullName.Substring($top.Length + 1).Replace('\', '/'); File = $file }
    }
) {
    BeforeAll {
        function Get-Prose([string] $Path) { [IO.File]::ReadAllText($Path) -replace '(?ms)^```.*?^```' }

        # The anchors of a page's headings: small letters, no punctuation but hyphens, and those for spaces.
        function Get-Anchor([string] $Path) {
            foreach ($heading in [regex]::Matches((Get-Prose $Path), '(?m)^#+ ([^\r\n]+)')) {
                $heading.Groups[1].Value.ToLowerInvariant() -replace '[^\w\- ]' -replace ' ', '-'
            }
        }
    }

    It 'has links that lead somewhere' {
        $links = [regex]::Matches(((Get-Prose $File.FullName) -replace '(`+).+?\1', '`'), '\]\(([^)\s]+)\)') | ForEach-Object { $_.Groups[1].Value } |
            Where-Object { $_ -notmatch '^[a-z]+:' } | Sort-Object -Unique
        $links | Should -Not -BeNullOrEmpty
        foreach ($link in $links) {
            $page, $anchor = $link -split '#', 2
            $target = if ($page) { Join-Path $File.DirectoryName $page } else { $File.FullName }
            $target | Should -Exist
            if ($anchor) { Get-Anchor $target | Should -Contain $anchor -Because $link }
        }
    }
}
