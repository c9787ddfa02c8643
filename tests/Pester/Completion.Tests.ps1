BeforeDiscovery {
    $servers = @(
        @{ Line = 'Get-EchoServer -Id '; Offers = '$server.Id'; Tooltip = '$server.EndPoint' }
        @{ Line = 'Stop-EchoServer -Name compl'; Offers = '$server.Name'; Tooltip = '$server.EndPoint' }
        @{ Line = 'Get-EchoServer -Port '; Offers = '$server.Port'; Tooltip = '$server.Name' }
        @{ Line = 'Connect-EchoServer localhost '; Offers = '$server.Port'; Tooltip = '$server.Name' }
        @{ Line = 'Send-SocketMessage x -Port '; Offers = '$server.Port'; Tooltip = '$server.Name' }
        @{ Line = 'Enter-EchoSession -Port '; Offers = '$server.Port'; Tooltip = '$server.Name' }
        @{ Line = 'Measure-EchoServer -Port '; Offers = '$server.Port'; Tooltip = '$server.Name' }
        @{ Line = 'Get-EchoSession -Id '; Offers = '$session.Id'; Tooltip = '$session.RemoteEndPoint' }
        @{ Line = 'Disconnect-EchoServer -Name compl'; Offers = '$session.Name'; Tooltip = '$session.RemoteEndPoint' }
        @{ Line = 'Start-EchoServer -Encoding lat'; Offers = "'latin1'"; Tooltip = "'latin1'" }
        @{ Line = 'Connect-EchoServer -Encoding utf-'; Offers = "'utf-8'"; Tooltip = "'Unicode'" }
        @{ Line = 'Start-EchoServer -Address lo'; Offers = "'localhost'"; Tooltip = "'127.0.0.1'" }
        @{ Line = 'Test-PortAvailability -Address 127'; Offers = "'127.0.0.1'"; Tooltip = "''" }
        @{ Line = 'Find-AvailablePort -Address A'; Offers = "'Any'"; Tooltip = "'0.0.0.0'" }
        @{ Line = 'Test-PortAvailability -Port https'; Offers = "'https'"; Tooltip = "'443'" }
        @{ Line = 'Start-EchoServer -Framing L'; Offers = "'LengthPrefix'"; Tooltip = "'LengthPrefix'" }
    )
}

BeforeAll {
    Import-Module "$PSScriptRoot/../../PSSocketTools.psd1" -Force
    $server = Start-EchoServer -Name completed-server
    $session = $server | Connect-EchoServer -Name completed-session
}

AfterAll {
    $session | Disconnect-EchoServer
    $server | Stop-EchoServer
}

Describe 'Completion' {
    It 'offers for <Line> what there is' -ForEach $servers {
        $wanted = [string] (Invoke-Expression $Offers)
        $match = (TabExpansion2 $Line).CompletionMatches | Where-Object CompletionText -EQ $wanted
        $match | Should -Not -BeNullOrEmpty
        $match.ToolTip | Should -Match ([regex]::Escape((Invoke-Expression $Tooltip)))
    }

    It 'quotes a name that needs it' {
        $odd = Start-EchoServer -Name "it's odd"
        try {
            (TabExpansion2 'Get-EchoServer -Name it').CompletionMatches.CompletionText | Should -Be "'it''s odd'"
        }
        finally {
            $odd | Stop-EchoServer
        }
    }

    It 'offers the thumbprint of a server that runs' -Tag Core {
        $tls = Start-EchoServer -SelfSigned
        try {
            (TabExpansion2 'Connect-EchoServer -CertificateThumbprint ').CompletionMatches.CompletionText | Should -Contain $tls.CertificateThumbprint
        }
        finally {
            $tls | Stop-EchoServer
        }
    }
}
