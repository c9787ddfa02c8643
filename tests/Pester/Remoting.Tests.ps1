BeforeAll {
    Import-Module "$PSScriptRoot/../../PSSocketTools.psd1" -Force
    $manifest = (Resolve-Path "$PSScriptRoot/../../PSSocketTools.psd1").Path
}

Describe 'Beyond one machine' {
    # A job's process stands for another computer: objects cross to it and back as they do over SSH or WinRM.
    It 'keeps the data of every object over the hop' {
        $job = Start-Job {
            Import-Module $using:manifest
            $server = Start-EchoServer
            $session = $server | Connect-EchoServer
            $message = $session | Send-SocketMessage 'oi'
            $port = Test-PortAvailability -ComputerName localhost -Port $server.Port
            $measurement = Measure-EchoServer -Server $server -Count 10
            $session, $message, $port, $measurement, $server
            $server | Stop-EchoServer -Force
        }
        try {
            $session, $message, $port, $measurement, $server = $job | Receive-Job -Wait -ErrorAction Stop
        }
        finally {
            $job | Remove-Job -Force
        }
        $server.PSObject.TypeNames[0] | Should -Be 'Deserialized.PSSocketTools.EchoServer'
        $session.State | Should -BeExactly 'Open'
        $session.Protocol | Should -BeExactly 'Tcp'
        $message.Response | Should -BeExactly 'oi'
        $message.RoundTripTime | Should -BeOfType timespan
        $message.Timestamp.UtcDateTime | Should -BeOfType datetime
        $port | Where-Object Status -EQ 'Open' | Should -Not -BeNullOrEmpty
        $port.Port | Should -Be $server.Port
        $port.Latency | Should -BeOfType double
        $measurement.Messages | Should -Be 10
    }

    It 'merges what several machines found, by machine' {
        $server = Start-EchoServer
        $jobs = 'web1', 'web2', 'web3' | ForEach-Object {
            Start-Job -Name $_ {
                Import-Module $using:manifest
                Test-PortAvailability -ComputerName localhost -Port ($using:server).Port |
                    Select-Object *, @{ n = 'From'; e = { $using:_ } }
            }
        }
        try {
            $found = $jobs | Receive-Job -Wait -ErrorAction Stop
        }
        finally {
            $jobs | Remove-Job -Force
            $server | Stop-EchoServer
        }
        $byMachine = $found | Group-Object From
        $byMachine.Name | Sort-Object | Should -Be 'web1', 'web2', 'web3'
        $byMachine.Group.Status | Should -Be 'Open', 'Open', 'Open'
    }
}
