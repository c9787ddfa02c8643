BeforeAll {
    Import-Module "$PSScriptRoot/../../PSSocketTools.psd1" -Force
    . "$PSScriptRoot/BareServer.ps1"
    . "$PSScriptRoot/Beside.ps1"
    . "$PSScriptRoot/SessionAssertions.ps1"
    $manifest = (Resolve-Path "$PSScriptRoot/../../PSSocketTools.psd1").Path
}

Describe 'Enter-EchoSession' {
    AfterEach {
        Clear-Beside
        Get-EchoSession | Disconnect-EchoServer -Reset
        Get-EchoServer | Stop-EchoServer -Force
        Stop-BareServer
    }

    It 'converses with redirected input' {
        $server = Start-EchoServer -Greeting 'bem-vindo' -ExitCommand sair -Farewell 'tchau'
        $pwsh = (Get-Process -Id $PID).Path
        $said = 'oi', '', 'sair', 'never sent' |
            & $pwsh -NoProfile -Command "Import-Module '$manifest'; Enter-EchoSession -Port $($server.Port) -SendExitCommand; 'over'"
        $said -join '|' | Should -Match 'oi  \(.+ ms\).*tchau  \(.+ ms\)\|over$'
        $said -join '|' | Should -Match 'bem-vindo'
        $server.MessagesReceived | Should -Be 2
    }

    It 'says of a server that has stopped that it has' {
        $server = Start-EchoServer
        $server | Stop-EchoServer
        $failure = { Enter-EchoSession -Server $server } | Should -Throw -PassThru
        Assert-Error @($failure) ServerStopped InvalidOperation
        $failure.TargetObject | Should -Be $server
    }

    It 'leaves a session it was given open' {
        $server = Start-EchoServer
        $pwsh = (Get-Process -Id $PID).Path
        $said = 'oi', 'exit' |
            & $pwsh -NoProfile -Command "Import-Module '$manifest'; `$s = Connect-EchoServer -Port $($server.Port); `$s | Enter-EchoSession; `$s.State"
        $said[-1] | Should -Be 'Open'
    }
}
