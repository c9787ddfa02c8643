BeforeDiscovery {
    Import-Module "$PSScriptRoot/../../PSSocketTools.psd1" -Force
    $ports = @(Get-Command -Module PSSocketTools | Where-Object { $_.Parameters.ContainsKey('Port') } | ForEach-Object {
            @{ Name = $_.Name; Several = $_.Parameters.Port.ParameterType.IsArray }
        })
}

BeforeAll {
    Import-Module "$PSScriptRoot/../../PSSocketTools.psd1" -Force
    . "$PSScriptRoot/SilentPort.ps1"

    # What the binder makes of an argument: through a proxy's attributes nothing is run.
    function Get-Bound([string] $Command, [string] $Parameter, $Value) {
        $metadata = (Get-Command $Command).Parameters[$Parameter]
        $bound = $Value
        foreach ($attribute in $metadata.Attributes | Where-Object { $_ -is [System.Management.Automation.ArgumentTransformationAttribute] }) {
            $bound = $attribute.Transform($ExecutionContext, $bound)
        }
        , [System.Management.Automation.LanguagePrimitives]::ConvertTo($bound, $metadata.ParameterType)
    }
}

Describe 'What a parameter takes' {
    AfterEach {
        Get-EchoSession | Disconnect-EchoServer -Reset
        Get-EchoServer | Stop-EchoServer -Force
    }

    Context 'as a port of <Name>' -ForEach $ports {
        It 'is a number in decimal, with white space or without' {
            (Get-Bound $Name Port 80) -join ',' | Should -BeExactly '80'
            (Get-Bound $Name Port ' 80 ') -join ',' | Should -BeExactly '80'
            (Get-Bound $Name Port 80.0) -join ',' | Should -BeExactly '80'
        }

        It 'is no number that only PowerShell reads, nor nothing: <_>' -ForEach '0x50', '1kb', '', ' ', '80.5', '1e3', $true, 80.5 {
            { Get-Bound $Name Port $_ } | Should -Throw
        }

        It 'is a range or a service where several make sense' {
            if ($Several) {
                (Get-Bound $Name Port '8000-8002', 'https', 8001) -join ',' | Should -BeExactly '8000-8002,443'
            }
            else {
                { Get-Bound $Name Port '8000-8002' } | Should -Throw
                { Get-Bound $Name Port https } | Should -Throw
            }
        }
    }

    It 'has no white space around a name' {
        $server = Start-EchoServer -Address ' 127.0.0.1 ' -AllowFrom ' 127.0.0.0/8 '
        (Connect-EchoServer ' localhost ' " $($server.Port) " | Send-SocketMessage um).Response | Should -BeExactly 'um'
        (Send-SocketMessage dois ' 127.0.0.1 ' $server.Port).Response | Should -BeExactly 'dois'
        (Measure-EchoServer ' 127.0.0.1' $server.Port -Count 1).Errors | Should -Be 0
        (Test-PortAvailability $server.Port -ComputerName " 127.0.0.1`t").Status | Should -Be 'Open'
        (Test-PortAvailability $server.Port -Address ' 127.0.0.1 ').Status | Should -Be 'InUse'
        (Find-AvailablePort -Address ' localhost ').Status | Should -Be 'Available'
    }

    It 'tests a port once that is named twice' {
        @(Test-PortAvailability 8000, '7999-8001', 8000).Port | Should -Be 8000, 7999, 8001
    }

    Context 'as a delimiter' {
        It 'is text, or bytes as numbers: <Value> is <Bytes>' -ForEach @(
            @{ Value = '|'; Bytes = '7C' }
            @{ Value = "`0"; Bytes = '00' }
            @{ Value = '0'; Bytes = '30' }
            @{ Value = 0; Bytes = '00' }
            @{ Value = 0x1E; Bytes = '1E' }
            @{ Value = [char] 3; Bytes = '03' }
            @{ Value = [byte] 255; Bytes = 'FF' }
            @{ Value = 0x0D, 0x0A; Bytes = '0D 0A' }
            @{ Value = [byte[]] (1, 2); Bytes = '01 02' }
        ) {
            $delimiter = (Get-Bound Start-EchoServer Delimiter $Value).ToDelimiter([Text.Encoding]::UTF8)
            ($delimiter.GetBytes() | ForEach-Object { '{0:X2}' -f $_ }) -join ' ' | Should -BeExactly $Bytes
        }

        It 'is no other thing, and the error says what to write: <_>' -ForEach 256, (-1), 1.5, @('a', 'b'), $true {
            { Start-EchoServer -Delimiter $_ } | Should -Throw '*0x0D, 0x0A*'
        }
    }

    Context 'in a mock or a proxy function, which keep the type alone' {
        It '<Name> -<Parameter> <Value>' -ForEach @(
            @{ Name = 'Test-PortAvailability'; Parameter = 'Port'; Value = 80 }
            @{ Name = 'Test-PortAvailability'; Parameter = 'Port'; Value = 80, '8000-8002', 'https' }
            @{ Name = 'Find-AvailablePort'; Parameter = 'Port'; Value = '8000..8100' }
            @{ Name = 'Connect-EchoServer'; Parameter = 'Port'; Value = 'http' }
            @{ Name = 'Stop-EchoServer'; Parameter = 'Port'; Value = '7007-7009' }
            @{ Name = 'Connect-EchoServer'; Parameter = 'Encoding'; Value = 'utf-8' }
            @{ Name = 'Start-EchoServer'; Parameter = 'Encoding'; Value = 1200 }
            @{ Name = 'Start-EchoServer'; Parameter = 'Encoding'; Value = [Text.Encoding]::ASCII }
            @{ Name = 'Start-EchoServer'; Parameter = 'Delimiter'; Value = '|' }
            @{ Name = 'Connect-EchoServer'; Parameter = 'Delimiter'; Value = [byte[]] (1, 2) }
            @{ Name = 'Connect-EchoServer'; Parameter = 'Delimiter'; Value = 0x0D, 0x0A }
            @{ Name = 'Send-SocketMessage'; Parameter = 'Delimiter'; Value = 3 }
            @{ Name = 'Start-EchoServer'; Parameter = 'ResponseDelayMilliseconds'; Value = '100-500' }
            @{ Name = 'Start-EchoServer'; Parameter = 'ResponseDelayMilliseconds'; Value = 100 }
        ) {
            $type = (Get-Command $Name).Parameters[$Parameter].ParameterType
            $converted = [System.Management.Automation.LanguagePrimitives]::ConvertTo($Value, $type)
            "$converted" | Should -BeExactly "$(Get-Bound $Name $Parameter $Value)"
        }

        It 'binds what the cmdlets take' {
            Mock Test-PortAvailability { 'mocked' }
            Mock Start-EchoServer { 'mocked' }
            Test-PortAvailability https, 8000..8002 -ComputerName one, two | Should -Be 'mocked'
            Start-EchoServer 7007 -Encoding latin1 -ResponseDelayMilliseconds '100-500' | Should -Be 'mocked'
        }
    }
}
