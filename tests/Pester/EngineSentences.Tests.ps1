# The engine's sentences name what the engine has; users of the cmdlets read parameters and cmdlets in them.
BeforeDiscovery {
    # What users read, in each language, with {0} where a value goes.
    $expected = [IO.File]::ReadAllText("$PSScriptRoot/EngineSentences.json") | ConvertFrom-Json
    $shown = foreach ($sentence in $expected.PSObject.Properties) {
        foreach ($text in $sentence.Value.PSObject.Properties) {
            @{ Name = $sentence.Name; Culture = $text.Name; Text = $text.Value }
        }
    }
}

BeforeAll {
    Import-Module "$PSScriptRoot/../../PSSocketTools.psd1" -Force
    $root = (Resolve-Path "$PSScriptRoot/../..").Path
    $get = [PSSocketTools.EchoServer].Assembly.GetType('PSSocketTools.Net.Messages').GetMethod('Get', [type[]] [string])

    function Get-Sentence([string] $Name, [string] $Culture) {
        $before = [Threading.Thread]::CurrentThread.CurrentUICulture
        [Threading.Thread]::CurrentThread.CurrentUICulture = $Culture
        try { $get.Invoke($null, @($Name)) } finally { [Threading.Thread]::CurrentThread.CurrentUICulture = $before }
    }
}

Describe 'A sentence of the engine' {
    It 'reads as users write it: <Name> in <Culture>' -ForEach $shown {
        Get-Sentence $Name $Culture | Should -BeExactly $Text
    }

    It 'names parameters and cmdlets that there are, in <_>' -ForEach 'en-US', 'pt-BR' {
        $commands = Get-Command -Module PSSocketTools
        # Windows PowerShell's own, where ours can't.
        $cmdlets = @($commands.Name) + 'New-SelfSignedCertificate'
        $parameters = $commands.Parameters.Values.Name
        $names = ([xml] [IO.File]::ReadAllText("$root/src/PSSocketTools.Core/Net/Messages.resx")).root.data.name
        $names.Count | Should -BeGreaterThan 50
        foreach ($name in $names) {
            $text = Get-Sentence $name $_
            foreach ($match in [regex]::Matches($text, '(?<!\w)-([A-Z]\w*)')) { $match.Groups[1].Value | Should -BeIn $parameters -Because $text }
            foreach ($match in [regex]::Matches($text, '\b[A-Z][a-z]+-[A-Z]\w+')) { $match.Value | Should -BeIn $cmdlets -Because $text }
            $text | Should -Not -Match '(?<!\{)\{[A-Z]\w*[.}]'
        }
    }
}
