BeforeAll {
    Import-Module "$PSScriptRoot/../../PSSocketTools.psd1" -Force
    . "$PSScriptRoot/BareServer.ps1"
    . "$PSScriptRoot/Beside.ps1"
    . "$PSScriptRoot/SessionAssertions.ps1"
    $manifest = (Resolve-Path "$PSScriptRoot/../../PSSocketTools.psd1").Path
}

Describe 'Receive-SocketMessage' {
    AfterEach {
        Clear-Beside
        Get-EchoSession | Disconnect-EchoServer -Reset
        Get-EchoServer | Stop-EchoServer -Force
        Stop-BareServer
    }

    It 'receives unsolicited messages' {
        $server = Start-BareServer { Send "bem-vindo`nlinha 2`nlinha 3`n"; Wait-Peer }
        $session = Connect-EchoServer -Port $server.Port
        $greeting = $session | Receive-SocketMessage
        $greeting.Response | Should -Be 'bem-vindo'
        $greeting.Message | Should -BeNullOrEmpty
        $greeting.RoundTripMilliseconds | Should -Be $null
        ($session | Receive-SocketMessage -All).Response | Should -Be 'linha 2', 'linha 3'
        $session | Receive-SocketMessage -All | Should -BeNullOrEmpty
    }

    It 'gives bytes with -AsBytes' {
        $server = Start-BareServer { Send ([byte[]](65, 255, 10)); Wait-Peer }
        $message = Connect-EchoServer -Port $server.Port | Receive-SocketMessage -AsBytes
        , $message.Response | Should -BeOfType byte[]
        $message.Response | Should -Be 65, 255
    }

    It 'says that nothing came, and leaves the session open' {
        $session = Start-EchoServer | Connect-EchoServer
        Receive-SocketMessage $session -TimeoutSec 0.05 -ErrorVariable failed -ErrorAction SilentlyContinue
        Assert-Error $failed WaitTimeout OperationTimeout
        ($session | Send-SocketMessage 'oi').Response | Should -Be 'oi'
    }

    It 'ends at once on Ctrl+C, and leaves the session usable' {
        $session = Start-EchoServer | Connect-EchoServer
        $waiting = Start-Beside {
            $Queue.Add('waiting')
            Receive-SocketMessage $Values.Session -TimeoutSec 0
        } @{ Session = $session }
        $null = Receive-Beside $waiting
        Stop-Beside $waiting | Should -BeLessThan ([timespan]'0:0:5')
        ($session | Send-SocketMessage 'oi').Response | Should -Be 'oi'
    }
}
