# What README.md shows is run: each powershell block in a runspace of its own, and each line that replaces a hand-written server.
# The ports on that page may be taken on a machine that runs tests, so that each stands for a free one here.
BeforeDiscovery {
    $readme = [IO.File]::ReadAllText("$PSScriptRoot/../../README.md")
    $heading = ''
    $number = 0
    $blocks = foreach ($part in [regex]::Matches($readme, '(?ms)^##+ (?<heading>[^\r\n]+)|^```powershell *\r?\n(?<code>.*?)^```')) {
        if ($part.Groups['heading'].Success) {
            $heading = $part.Groups['heading'].Value
            $number = 0
        }
        else {
            $number++
            $code = $part.Groups['code'].Value
            @{ Title = "$heading, block $number"; Code = $code; IsSuite = $code -match '(?m)^Describe ' }
        }
    }
    $servers = foreach ($row in [regex]::Matches($readme, '(?m)^\|.*\| `(Start-EchoServer [^`]+)` \|')) {
        @{ Code = $row.Groups[1].Value }
    }
    $unattended = [regex]::Matches($readme, '(?m)^```powershell no-run').Count
}

BeforeAll {
    $manifest = (Resolve-Path "$PSScriptRoot/../../PSSocketTools.psd1").Path
    Import-Module $manifest -Force

    function ConvertTo-FreePort([string] $Code) {
        $examples = @([regex]::Matches($Code, '\b(5050|8080|8888|9999|65432)\b').Value | Sort-Object -Unique)
        if ($examples) {
            $free = @(Find-AvailablePort -Count $examples.Count)
            for ($i = 0; $i -lt $examples.Count; $i++) { $Code = $Code -replace "\b$($examples[$i])\b", $free[$i].Port }
        }
        $Code
    }

    function Invoke-Apart([string] $Code, [string[]] $Module) {
        $state = [initialsessionstate]::CreateDefault()
        # On Windows, Windows PowerShell's own policy counts for the module's files too.
        if ($null -ne $state.PSObject.Properties['ExecutionPolicy'] -and $env:OS -eq 'Windows_NT') { $state.ExecutionPolicy = 'Bypass' }
        $state.ImportPSModule($Module)
        $shell = [powershell]::Create($state)
        try {
            $null = $shell.AddScript($Code)
            $output = $shell.Invoke()
            $shell.Streams.Error | Should -BeNullOrEmpty
            $output
        }
        finally {
            $shell.Runspace.Dispose()
            $shell.Dispose()
        }
    }
}

Describe 'README.md' {
    BeforeEach {
        $before = @(Get-EchoServer | ForEach-Object Id)
    }
    AfterEach {
        Get-EchoServer | Where-Object Id -notin $before | Stop-EchoServer -Force
        Get-EchoSession | Where-Object State -ne Open | Disconnect-EchoServer
    }

    It 'has few blocks that can not run unattended' -ForEach @{ Unattended = $unattended } {
        $unattended | Should -BeLessOrEqual 3
    }

    It 'runs "<Title>"' -ForEach @($blocks | Where-Object { -not $_.IsSuite }) {
        Invoke-Apart (ConvertTo-FreePort $Code) $manifest | Should -Not -BeNullOrEmpty
    }

    It 'passes the suite "<Title>"' -ForEach @($blocks | Where-Object { $_.IsSuite }) {
        $file = Join-Path $TestDrive 'Example.Tests.ps1'
        [IO.File]::WriteAllText($file, $Code, [Text.UTF8Encoding]::new($true))
        $result = Invoke-Apart "Invoke-Pester -Path '$file' -Output None -PassThru" $manifest, (Get-Module Pester).Path
        $result.PassedCount | Should -BeGreaterThan 0
        $result.FailedCount | Should -Be 0
    }

    It 'starts <Code>' -ForEach $servers {
        # The address must not be one that others reach, and -Wait would not come back.
        $local = (ConvertTo-FreePort $Code) -replace '0\.0\.0\.0', '127.0.0.1' -replace ' -Wait$'
        $server = Invoke-Apart $local $manifest
        $server.State | Should -Be 'Listening'
    }
}
