BeforeAll {
    Import-Module "$PSScriptRoot/../../PSSocketTools.psd1" -Force
    . "$PSScriptRoot/English.ps1"
}

Describe 'Which server a command speaks with' {
    BeforeAll {
        $server = Start-EchoServer -Address 127.0.0.1 -Name meant
        $session = $server | Connect-EchoServer
    }

    AfterAll {
        Get-EchoSession | Disconnect-EchoServer -Reset
        $server | Stop-EchoServer -Force
    }

    It 'is asked for by one error, not by a prompt: <_>' -ForEach @(
        'Send-SocketMessage hi', '"a", "b" | Send-SocketMessage', 'Send-SocketMessage hi -UseTls', 'Enter-EchoSession', 'Measure-EchoServer'
    ) {
        $failure = { Invoke-Expression $_ -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidOption,*' -PassThru
        $failure.Exception.Message | Should -BeLike '*-Session, -Server or -Port*'
        $failure.TargetObject | Should -Be 'Port'
    }

    It 'is asked for by Connect-EchoServer' {
        { Connect-EchoServer } | Should -Throw -ErrorId 'InvalidOption,*' -ExpectedMessage '*-Port*-Server or -SocketPath*'
    }

    It 'is no error where nothing comes down the pipeline' {
        @() | Send-SocketMessage | Should -BeNullOrEmpty
        @() | Send-SocketMessage 'hi' | Should -BeNullOrEmpty
        @() | Receive-SocketMessage | Should -BeNullOrEmpty
    }

    It 'is a port of this machine where a number stands alone' {
        (Connect-EchoServer $server.Port | Send-SocketMessage 'one').Response | Should -Be 'one'
        (Connect-EchoServer "$($server.Port)" | Send-SocketMessage 'two').Response | Should -Be 'two'
        (Send-SocketMessage 'three' $server.Port).Response | Should -Be 'three'
        (Measure-EchoServer $server.Port -Count 1).Errors | Should -Be 0
        @(Connect-EchoServer $server.Port, $server.Port).Port | Should -Be $server.Port, $server.Port
    }

    It 'is the port that Start-EchoServer takes for the same number' {
        $port = (Find-AvailablePort).Port
        $other = Start-EchoServer $port
        (Connect-EchoServer $port).Port | Should -Be $other.Port
        $other | Stop-EchoServer -Force
    }

    It 'has a port: <_>' -ForEach 'Connect-EchoServer web', 'Send-SocketMessage hi web', 'Enter-EchoSession web', 'Measure-EchoServer web', 'Connect-EchoServer 7007, web' {
        { Invoke-Expression $_ -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidOption,*' -ExpectedMessage '*-ComputerName web -Port*'
    }

    It 'has its port apart: <_>' -ForEach 'Connect-EchoServer localhost:6101', 'Send-SocketMessage hi localhost:6101', 'Measure-EchoServer localhost:6101' {
        { Invoke-Expression $_ -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidOption,*' -ExpectedMessage '*: localhost 6101, or -ComputerName localhost -Port 6101.'
    }

    It 'has its port apart from an IPv6 address too' {
        { Connect-EchoServer '[::1]:6101' -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidOption,*' -ExpectedMessage '*: ::1 6101, or*'
    }

    It 'has no port beyond 65535: <_>' -ForEach 'Connect-EchoServer 70000', 'Send-SocketMessage hi 70000' {
        { Invoke-Expression $_ } | Should -Throw -ErrorId 'InvalidOption,*' -ExpectedMessage '*70000*'
    }

    It 'is the object in its place' {
        (Connect-EchoServer $server | Send-SocketMessage 'one').Response | Should -Be 'one'
        (Send-SocketMessage 'two' $server).Response | Should -Be 'two'
        (Send-SocketMessage 'three' $session).Response | Should -Be 'three'
        (Measure-EchoServer $server -Count 1).Errors | Should -Be 0
        (Measure-EchoServer $session -Count 1).Errors | Should -Be 0
    }

    It 'is still a session or a server down the pipeline' {
        ($session | Send-SocketMessage 'one').Response | Should -Be 'one'
        ($server | Send-SocketMessage 'two').Response | Should -Be 'two'
        ('three' | Send-SocketMessage -Session $session).Response | Should -Be 'three'
        ([pscustomobject] @{ ComputerName = '127.0.0.1'; Port = $server.Port } | Connect-EchoServer).Port | Should -Be $server.Port
    }

    It 'is no address that Start-EchoServer would listen on: that is -Address' {
        { Start-EchoServer localhost 5051 } | Should -Throw -ExpectedMessage '*Start-EchoServer 7007 -Address localhost*'
        { Start-EchoServer '7007x' } | Should -Throw -ExpectedMessage "*'7007x' is not a port*decimal, such as 7007."
    }
}

Describe 'What else a command can''t do without' {
    It 'is asked for by one error: <Line>' -ForEach @(
        @{ Line = 'Receive-SocketMessage'; Says = '*-Session*Get-EchoSession*' }
        @{ Line = 'Receive-SocketMessage -All'; Says = '*-Session*Get-EchoSession*' }
        @{ Line = 'Test-PortAvailability'; Says = '*Test-PortAvailability 7007*' }
        @{ Line = 'Test-PortAvailability -Quiet'; Says = '*Test-PortAvailability 7007*' }
        @{ Line = 'Disconnect-EchoServer'; Says = '*-Session, -Id or -Name*' }
        @{ Line = 'Stop-EchoServer'; Says = '*-Server, -Id, -Name or -Port*' }
    ) {
        { Invoke-Expression $Line } | Should -Throw -ErrorId 'InvalidOption,*' -ExpectedMessage $Says
    }
}
