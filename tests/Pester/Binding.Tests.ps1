BeforeDiscovery {
    Import-Module "$PSScriptRoot/../../PSSocketTools.psd1" -Force
    $ports = @(Get-Command -Module PSSocketTools | Where-Object { $_.Parameters.ContainsKey('Port') } | ForEach-Object {
            @{ Name = $_.Name; Several = $_.Parameters.Port.ParameterType.IsArray }
        })
}

BeforeAll {
    Import-Module "$PSScriptRoot/../../PSSocketTools.psd1" -Force
    . "$PSScriptRoot/English.ps1"
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

    It 'is a client certificate, or its PEM or PFX file' -Tag Core {
        $made = New-EchoCertificate -PemPath (Join-Path $TestDrive 'client.pem') -PfxPath (Join-Path $TestDrive 'client.pfx')
        foreach ($given in $made, (Join-Path $TestDrive 'client.pem'), (Get-Item (Join-Path $TestDrive 'client.pem')), (Join-Path $TestDrive 'client.pfx')) {
            $bound = Get-Bound Connect-EchoServer ClientCertificate $given
            $bound.Thumbprint | Should -Be $made.Thumbprint
            $bound.HasPrivateKey | Should -BeTrue
        }
        { Connect-EchoServer 5050 -ClientCertificate (Join-Path $TestDrive 'missing.pem') } |
            Should -Throw "*Could not find file*missing.pem*" -ErrorId 'ParameterArgumentTransformationError,*'
        $null = New-EchoCertificate -PfxPath (Join-Path $TestDrive 'locked.pfx') -PfxPassword (ConvertTo-SecureString 'x' -AsPlainText -Force)
        { Connect-EchoServer 5050 -ClientCertificate (Join-Path $TestDrive 'locked.pfx') } | Should -Throw '*Get-PfxCertificate opens*'
        { Connect-EchoServer 5050 -ClientCertificate '' } | Should -Throw '*the path is empty*'
    }

    It 'says of <Line> what to write: <Says>' -ForEach @(
        @{ Line = 'Start-EchoServer 70000'; Says = 'Ports go from 1 to 65535, and 0 lets the system pick' }
        @{ Line = 'Start-EchoServer -1'; Says = 'Ports go from 1 to 65535, and 0 lets the system pick' }
        @{ Line = 'Send-SocketMessage hi localhost 70000'; Says = '70000 is not a port. Ports go from 1 to 65535.' }
        @{ Line = 'Enter-EchoSession localhost 0'; Says = '0 is not a port. Ports go from 1 to 65535.' }
        @{ Line = 'Measure-EchoServer localhost 70000'; Says = '70000 is not a port. Ports go from 1 to 65535.' }
        @{ Line = 'Connect-EchoServer localhost 5050 -SourcePort 70000'; Says = '70000 is not a port. Ports go from 1 to 65535.' }
        @{ Line = 'Connect-EchoServer 5050 localhost'; Says = 'The computer stands before its port' }
        @{ Line = 'Enter-EchoSession 5050 localhost'; Says = 'The computer stands before its port' }
        @{ Line = 'Measure-EchoServer 5050 localhost'; Says = 'The computer stands before its port' }
        @{ Line = 'Send-SocketMessage localhost 5050 hi'; Says = 'of Send-SocketMessage the message stands before both' }
        @{ Line = 'Send-SocketMessage hi -Session ana'; Says = "'ana' is no session.*-Session (Get-EchoSession ana)" }
        @{ Line = 'Enter-EchoSession -Session ana'; Says = "'ana' is no session.*-Session (Get-EchoSession ana)" }
        @{ Line = "Receive-SocketMessage 'a b'"; Says = "'a b' is no session.*-Session (Get-EchoSession 'a b')" }
        @{ Line = 'Connect-EchoServer -Server lab'; Says = "'lab' is no server.*-Server (Get-EchoServer lab)" }
        @{ Line = 'Measure-EchoServer -Server lab'; Says = "'lab' is no server.*-Server (Get-EchoServer lab)" }
        @{ Line = 'Send-SocketMessage hi -Server lab'; Says = "'lab' is no server.*-Server (Get-EchoServer lab)" }
    ) {
        $failure = { & ([scriptblock]::Create($Line)) } | Should -Throw -ErrorId 'ParameterArgumentTransformationError,*' -PassThru
        $failure.Exception.Message | Should -BeLike "*$($Says -replace '\.\*', '*')*"
    }

    It 'says of messages down the pipeline beside one that is written what to write: <Line>' -ForEach @(
        @{ Line = "'hi' | Send-SocketMessage localhost 5062"; Says = 'Send-SocketMessage -ComputerName localhost -Port 5062' }
        @{ Line = "'hi' | Send-SocketMessage 5062"; Says = 'Send-SocketMessage -Port 5062' }
        @{ Line = "42, @{ Message = 'hi' } | Send-SocketMessage 5062"; Says = 'Send-SocketMessage -Port 5062' }
        @{ Line = "'hi' | Send-SocketMessage text -Port 5062"; Says = 'Leave one of them out' }
        @{ Line = "'hi' | Send-SocketMessage text"; Says = 'Leave one of them out' }
    ) {
        $failed = @(try { & ([scriptblock]::Create($Line)) 2>&1 } catch { $_ })
        $failed[0].FullyQualifiedErrorId | Should -BeExactly 'InvalidOption,PSSocketTools.Commands.SendSocketMessageCommand'
        $failed[0].Exception.Message | Should -BeLike "*$Says*"
    }

    It 'is still a session, a server or a connection that comes down the pipeline beside a message' {
        $server = Start-EchoServer
        try {
            $one = $server | Connect-EchoServer
            $two = $server | Connect-EchoServer
            @($one, $two | Send-SocketMessage hi | ForEach-Object Response) | Should -BeExactly 'hi', 'hi'
            @(, @($one, $two) | Send-SocketMessage hi | ForEach-Object Response) | Should -BeExactly 'hi', 'hi'
            @($server, $server | Send-SocketMessage hi | ForEach-Object Response) | Should -BeExactly 'hi', 'hi'
            $server | Get-EchoConnection | Send-SocketMessage unasked
            (Receive-SocketMessage $one, $two).Response | Should -BeExactly 'unasked', 'unasked'
        }
        finally {
            $one, $two | Disconnect-EchoServer
            $server | Stop-EchoServer
        }
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
