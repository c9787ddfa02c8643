BeforeDiscovery {
    Import-Module "$PSScriptRoot/../../PSSocketTools.psd1" -Force
    $cmdlets = @(Get-Command -Module PSSocketTools | ForEach-Object { @{ Name = $_.Name } })
    $errors = @([enum]::GetNames([PSSocketTools.SocketToolsError]) | ForEach-Object { @{ Id = $_ } })
}

BeforeAll {
    Import-Module "$PSScriptRoot/../../PSSocketTools.psd1" -Force

    function Get-OwnParameter([string] $Name) {
        (Get-Command $Name).Parameters.Values | Where-Object Name -notin ([System.Management.Automation.PSCmdlet]::CommonParameters)
    }

    # What a name means wherever it occurs: the type it has.
    $types = @{
        Address               = [string]
        Count                 = [int], [long]
        Delimiter             = [PSSocketTools.DelimiterArgument]
        Encoding              = [PSSocketTools.EncodingArgument]
        Force                 = [switch]
        Framing               = [PSSocketTools.MessageFraming]
        Id                    = [int[]]
        IdleGapMilliseconds   = [int]
        LineEnding            = [PSSocketTools.LineEnding]
        MaxMessageBytes       = [int]
        PassThru              = [switch]
        Quiet                 = [switch]
        ResponseTimeoutSec    = [double]
        SkipCertificateCheck  = [switch]
        SocketPath            = [string]
        ThrottleLimit         = [int]
        TimeoutSec            = [double], [Nullable[double]]
        UseTls                = [switch]
        Wait                  = [switch]
        WaitSec               = [double]
        Window                = [int]
    }

    # Names of others' habit, and the one that stands for them here.
    $instead = @{
        Host = 'ComputerName'; HostName = 'ComputerName'; Cn = 'ComputerName'
        Timeout = 'TimeoutSec'; TimeoutSeconds = 'TimeoutSec'; Tls = 'UseTls'; Ssl = 'UseTls'
    }

    # The verbs of cmdlets that change something.
    $changing = 'Add', 'Start', 'Stop', 'Disconnect', 'Remove', 'Set', 'Clear', 'New', 'Restart', 'Reset'
}

Describe 'The conventions' {
    Context '<Name>' -ForEach $cmdlets {
        BeforeAll {
            $command = Get-Command $Name
            $parameters = @(Get-OwnParameter $Name)
            $attribute = $command.ImplementingType.GetCustomAttributes([System.Management.Automation.CmdletAttribute], $false)[0]
        }

        It 'has an approved verb' {
            $command.Verb | Should -BeIn (Get-Verb).Verb
        }

        It 'has a noun in the singular' {
            $command.Noun | Should -Not -Match '[^su]s$'
            $command.Noun | Should -CMatch '^([A-Z][a-z]+)+$'
        }

        It 'has parameters in Pascal case, and in the singular' {
            foreach ($parameter in $parameters) {
                $parameter.Name | Should -CMatch '^(IPv[46]|[A-Z][A-Za-z]+)$'
                # A unit stands in the plural.
                if ($parameter.ParameterType.IsArray) { $parameter.Name -replace 'Milliseconds$' | Should -Not -Match '[^su]s$' }
            }
        }

        It 'has parameters whose names mean the same everywhere' {
            foreach ($parameter in $parameters) {
                $instead[$parameter.Name] | Should -BeNullOrEmpty -Because "$($parameter.Name) has another name here"
                if ($types.ContainsKey($parameter.Name)) { $parameter.ParameterType | Should -BeIn $types[$parameter.Name] -Because $parameter.Name }
                if ($parameter.Name -match 'Sec$') {
                    $parameter.ParameterType | Should -BeIn ([double], [Nullable[double]]) -Because "fractions of a second are fine for $($parameter.Name)"
                }
            }
        }

        It 'keeps a number within a range' {
            foreach ($parameter in $parameters) {
                $type = [Nullable]::GetUnderlyingType($parameter.ParameterType)
                if (-not $type) { $type = $parameter.ParameterType }
                if ($type -in [int], [long], [double]) {
                    @($parameter.Attributes | Where-Object { $_ -is [ValidateRange] }).Count | Should -Be 1 -Because $parameter.Name
                }
            }
        }

        It 'takes live objects down the pipeline by value, and no number or name of them' {
            foreach ($parameter in $parameters) {
                foreach ($set in $parameter.ParameterSets.Values) {
                    if ($parameter.Name -in 'Id', 'Name') {
                        $set.ValueFromPipeline -or $set.ValueFromPipelineByPropertyName | Should -BeFalse -Because $parameter.Name
                    }
                }
            }
            $live = @($parameters | Where-Object Name -in 'Server', 'Session')
            # A message comes down the pipeline where one is sent: the server is named then.
            if ($live -and $parameters.Name -notcontains 'Message' -and $command.Verb -ne 'Enter') {
                foreach ($parameter in $live) {
                    @($parameter.ParameterSets.Values | Where-Object ValueFromPipeline) | Should -Not -BeNullOrEmpty -Because $parameter.Name
                }
            }
        }

        It 'asks before it changes something' {
            $attribute.SupportsShouldProcess | Should -Be ($command.Verb -in $changing)
        }

        It 'says what it gives out' {
            if ($command.Verb -notin 'Disconnect', 'Enter') { $command.OutputType | Should -Not -BeNullOrEmpty }
            foreach ($type in $command.OutputType) { $type.Type | Should -Not -BeNullOrEmpty }
        }

        It 'names its default parameter set, where it has several' {
            if ($command.ParameterSets.Count -gt 1) { $command.DefaultParameterSet | Should -BeIn $command.ParameterSets.Name }
        }

        It 'is listed in the manifest' {
            (Get-Module PSSocketTools).ExportedCmdlets.Keys | Should -Contain $Name
        }

        It 'has help' {
            $help = Get-Help $Name
            $help.Synopsis | Should -Not -Match '\[-|<CommonParameters>'
            $help.Synopsis.Trim() | Should -Match '\.$'
        }
    }

    It 'documents the error <Id>' -ForEach $errors {
        if (-not $documented) {
            $script:documented = Get-Help about_PSSocketTools
            $script:notes = Get-Command -Module PSSocketTools | ForEach-Object { (Get-Help $_.Name -Full).alertSet.alert.Text }
        }
        $documented | Should -MatchExactly "\b$Id\b"
        "$notes" | Should -MatchExactly "\b$($Id):"
    }

    It 'tells only errors that exist' {
        $known = [enum]::GetNames([PSSocketTools.SocketToolsError])
        foreach ($command in Get-Command -Module PSSocketTools) {
            foreach ($note in (Get-Help $command.Name -Full).alertSet.alert.Text -split '\n') {
                if ($note -cmatch '^([A-Z][a-z]+([A-Z][a-z]+)+):') { $Matches[1] | Should -BeIn $known -Because $command.Name }
            }
        }
    }

    It 'leaves sockets to the engine: the cmdlets'' assembly refers to none' -Tag Core {
        $cmdlets = (Get-Command Start-EchoServer).ImplementingType.Assembly
        $cmdlets.GetReferencedAssemblies().Name | Should -Contain 'PSSocketTools.Core'
        $cmdlets.GetReferencedAssemblies().Name | Should -Not -Contain 'System.Net.Sockets'
    }
}
