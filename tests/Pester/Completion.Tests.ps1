BeforeAll {
    Import-Module "$PSScriptRoot/../../PSSocketTools.psd1" -Force

    # What Tab offers at the end of a line.
    function Get-Completion {
        param([string] $Line)
        (TabExpansion2 $Line $Line.Length).CompletionMatches
    }
}

Describe 'Completion' {
    Context 'of what runs' {
        BeforeAll {
            $one = Start-EchoServer -Address 127.0.0.1 -Name 'one'
            $two = Start-EchoServer -Address 127.0.0.1 -Name 'number two'
            $session = $one | Connect-EchoServer -Name 'talk'
            $null = $one | Wait-EchoServer Connected
        }

        AfterAll {
            $session | Disconnect-EchoServer
            $one, $two | Stop-EchoServer -Force
        }

        It 'offers servers by number to <_> -Id, and says which each is' -ForEach 'Get-EchoServer', 'Stop-EchoServer', 'Get-EchoServerEvent' {
            $offers = Get-Completion "$_ -Id "
            $offers.CompletionText | Should -Be $one.Id, $two.Id
            $offers[0].ToolTip | Should -Match "one.*$([regex]::Escape($one.EndPoint)).*Listening"
        }

        It 'offers servers by name to <_> -Name, quoted where a name needs it' -ForEach 'Get-EchoServer', 'Stop-EchoServer', 'Get-EchoServerEvent' {
            $offers = Get-Completion "$_ -Name "
            $offers.CompletionText | Should -Be 'one', "'number two'"
            $offers[1].ListItemText | Should -Be 'number two'
            $offers[1].ToolTip | Should -Match "$([regex]::Escape($two.EndPoint)).*Listening"
        }

        It 'offers a name with brackets so that it finds that one alone' {
            $odd = Start-EchoServer -Address 127.0.0.1 -Name 'a[b'
            $offer = (Get-Completion 'Get-EchoServer -Name a').CompletionText
            (Invoke-Expression "Get-EchoServer -Name $offer").Id | Should -Be $odd.Id
            $odd | Stop-EchoServer
        }

        It 'goes on from what is typed' {
            (Get-Completion 'Get-EchoServer -Name o').CompletionText | Should -Be 'one'
            (Get-Completion "Get-EchoServer -Name 'num").CompletionText | Should -Be "'number two'"
            (Get-Completion 'Get-EchoServer -Name one, n').CompletionText | Should -Be "'number two'"
        }

        It 'offers servers to <_> by name' -ForEach 'Stop-EchoServer', 'Get-EchoServer', 'Get-EchoServerEvent', 'Wait-EchoServer', 'Get-EchoConnection', 'Add-EchoServerFault', 'Get-EchoServerFault', 'Remove-EchoServerFault' {
            $offers = Get-Completion "$_ "
            $offers.CompletionText | Should -Be 'one', "'number two'"
            $offers[1].ToolTip | Should -Match "$([regex]::Escape($two.EndPoint)).*Listening"
            @(Get-Completion "$_ num").CompletionText | Should -Be "'number two'"
        }

        It 'offers servers of one name by number' {
            $again = Start-EchoServer -Address 127.0.0.1 -Name 'one'
            @(Get-Completion 'Stop-EchoServer ').CompletionText | Should -Be $one.Id, $again.Id, "'number two'"
            $again | Stop-EchoServer
        }

        It 'offers servers to <_>, by name, where the object is wanted' -ForEach 'Send-SocketMessage hello -Server', 'Connect-EchoServer -Server' {
            $offers = Get-Completion "$_ "
            $offers.ListItemText | Should -Be 'one', 'number two'
            (Invoke-Expression $offers[1].CompletionText).Id | Should -Be $two.Id
            $offers[1].ToolTip | Should -Match "$([regex]::Escape($two.EndPoint)).*Listening"
            @(Get-Completion "$_ num").ListItemText | Should -Be 'number two'
        }

        It 'offers sessions to <_> by name' -ForEach 'Get-EchoSession', 'Disconnect-EchoServer' {
            (Get-Completion "$_ ").CompletionText | Should -Be 'talk'
        }

        It 'offers sessions to <_>, by name, where the object is wanted' -ForEach 'Send-SocketMessage hello -Session' {
            $offer = @(Get-Completion "$_ ")
            $offer.ListItemText | Should -Be 'talk'
            (Invoke-Expression $offer[0].CompletionText).Id | Should -Be $session.Id
        }

        It 'offers the kinds of events to <_>' -ForEach 'Wait-EchoServer $one', '$one | Wait-EchoServer', 'Get-EchoServerEvent one', '$one | Get-EchoServerEvent' {
            (Get-Completion "$_ Conn").CompletionText | Should -Be 'Connected'
        }

        It 'offers the servers'' ports to <_> -Port' -ForEach @(
            'Connect-EchoServer', 'Send-SocketMessage hello', 'Enter-EchoSession', 'Measure-EchoServer', 'Get-EchoServer', 'Stop-EchoServer'
        ) {
            $offers = Get-Completion "$_ -Port "
            $offers.CompletionText | Sort-Object | Should -Be ($one.Port, $two.Port | Sort-Object)
            ($offers | Where-Object CompletionText -eq $two.Port).ToolTip | Should -BeLike '*number two*Tcp*Listening*'
        }

        It 'offers the servers'' ports to Connect-EchoServer by position' {
            (Get-Completion 'Connect-EchoServer localhost ').CompletionText | Should -Contain "$($one.Port)"
        }

        It 'offers the clients of servers to <_>' -ForEach 'Disconnect-EchoConnection', 'Send-SocketMessage hello -Connection' {
            $offer = @(Get-Completion "$_ ")
            $offer.ListItemText | Should -Be "one #1 ($($session.LocalEndPoint))"
            (Invoke-Expression $offer[0].CompletionText).RemotePort | Should -Be $session.LocalEndPoint.Split(':')[-1]
            $offer[0].ToolTip | Should -BeLike '*Open'
        }

        It 'offers the numbers of connections' {
            $offer = @(Get-Completion 'Get-EchoConnection -ConnectionId ')
            $offer.CompletionText | Should -Be '1'
            $offer[0].ToolTip | Should -BeLike 'one #1*Open'
        }

        It 'offers the numbers of faults to <_> -Id' -ForEach 'Get-EchoServerFault', 'Remove-EchoServerFault' {
            $fault = Add-EchoServerFault one -Delay 100-500 -PassThru
            $offer = @(Get-Completion "$_ -Id ")
            $fault | Remove-EchoServerFault
            $offer.CompletionText | Should -Be $fault.Id
            $offer[0].ToolTip | Should -BeLike 'one, Delay 100-500*At Response*'
        }

        It 'offers faults where they are wanted' {
            $fault = Add-EchoServerFault one -Reset -PassThru
            $offer = @(Get-Completion 'Remove-EchoServerFault -Fault ')
            Invoke-Expression $offer[0].CompletionText | Should -Be $fault
            $fault | Remove-EchoServerFault
            $offer.ListItemText | Should -Be "$fault"
        }

        It 'offers sessions by number to <_> -Id' -ForEach 'Get-EchoSession', 'Disconnect-EchoServer' {
            $offers = @(Get-Completion "$_ -Id ")
            $offers.CompletionText | Should -Be $session.Id
            $offers[0].ToolTip | Should -Match "talk.*$([regex]::Escape($session.RemoteEndPoint)).*Open"
        }

        It 'offers sessions by name to <_> -Name' -ForEach 'Get-EchoSession', 'Disconnect-EchoServer' {
            $offers = @(Get-Completion "$_ -Name ")
            $offers.CompletionText | Should -Be 'talk'
            $offers[0].ToolTip | Should -Match "$([regex]::Escape($session.RemoteEndPoint)).*Open"
        }
    }

    Context 'of what holds ports' {
        BeforeAll { $held = Start-EchoServer -Address 127.0.0.1 }

        AfterAll { $held | Stop-EchoServer -Force }

        It 'offers ports that are held to Get-PortHolder, and who holds each' {
            $offer = Get-Completion 'Get-PortHolder ' | Where-Object CompletionText -eq $held.Port
            $offer.ToolTip | Should -BeLike "*127.0.0.1:$($held.Port)*($PID)*"
            (Get-Completion "Get-PortHolder -Port $($held.Port)").CompletionText | Should -Be $held.Port
        }

        It 'offers processes that hold ports to Get-PortHolder, by name and by number' {
            $offer = Get-Completion 'Get-PortHolder -ProcessName ' | Where-Object CompletionText -eq (Get-Process -Id $PID).ProcessName
            $offer.ToolTip | Should -BeLike "*Tcp $($held.Port)*"
            $offer = Get-Completion 'Get-PortHolder -ProcessId ' | Where-Object CompletionText -eq $PID
            $offer.ToolTip | Should -BeLike "*Tcp $($held.Port)*"
        }

        It 'offers states to Get-PortHolder' {
            $offers = (Get-Completion 'Get-PortHolder -State ').CompletionText
            $offers | Should -Contain 'Established'
            $offers | Should -Contain 'All'
        }
    }

    Context 'of what the machine has' {
        It 'offers this machine''s addresses to <_> -Address' -ForEach 'Start-EchoServer', 'Test-PortAvailability 80', 'Find-AvailablePort', 'Get-PortHolder' {
            $offers = Get-Completion "$_ -Address "
            $offers.CompletionText | Should -Contain 'localhost'
            $offers.CompletionText | Should -Contain 'Any'
            $loopback = $offers | Where-Object CompletionText -eq '127.0.0.1'
            $loopback.ToolTip | Should -Not -BeNullOrEmpty
            $loopback.ToolTip | Should -Not -Be '127.0.0.1'
        }

        It 'offers this machine''s addresses, and no names, to <_> -SourceAddress' -ForEach @(
            'Connect-EchoServer localhost 7', 'Send-SocketMessage hello', 'Enter-EchoSession', 'Measure-EchoServer'
        ) {
            $offers = Get-Completion "$_ -SourceAddress "
            $offers.CompletionText | Should -Contain '127.0.0.1'
            $offers.CompletionText | Should -Not -Contain 'localhost'
        }

        It 'offers the versions of TLS to <_> -TlsProtocol, one after the other' -ForEach @(
            'Connect-EchoServer localhost 7', 'Send-SocketMessage hello', 'Enter-EchoSession', 'Measure-EchoServer'
        ) {
            (Get-Completion "$_ -TlsProtocol ").CompletionText | Should -Be 'Tls12', 'Tls13'
            (Get-Completion "$_ -TlsProtocol Tls12,").CompletionText | Should -Contain 'Tls13'
        }

        It 'offers the names of services to <_> -Port, with their numbers' -ForEach 'Test-PortAvailability', 'Find-AvailablePort' {
            $offers = @(Get-Completion "$_ -Port https")
            ($offers | Where-Object ListItemText -like 'https (443)').ToolTip | Should -Be '443'
        }

        It 'offers encodings to <_> -Encoding' -ForEach @(
            'Start-EchoServer', 'Connect-EchoServer localhost 7', 'Send-SocketMessage hello', 'Enter-EchoSession', 'Measure-EchoServer'
        ) {
            $offers = Get-Completion "$_ -Encoding "
            $offers[0].CompletionText | Should -Be 'utf8'
            $offers.CompletionText | Should -Contain 'iso-8859-1'
            $offers | Where-Object { -not $_.ToolTip } | Should -BeNullOrEmpty
        }

        It 'offers framings, line endings and delimiters to <_>' -ForEach @(
            'Start-EchoServer', 'Connect-EchoServer localhost 7', 'Send-SocketMessage hello', 'Enter-EchoSession', 'Measure-EchoServer'
        ) {
            (Get-Completion "$_ -Framing ").CompletionText | Should -Be Auto, Delimiter, LengthPrefix, Line, None
            (Get-Completion "$_ -LineEnding ").CompletionText | Sort-Object | Should -Be CrLf, Lf
            $offers = Get-Completion "$_ -Delimiter "
            $offers.ToolTip | Should -Contain 'NUL'
            (Get-Completion "$_ -Delimiter 0x0").ToolTip | Should -Be 'ETX'
            foreach ($offer in $offers) {
                $delimiter = [Management.Automation.LanguagePrimitives]::ConvertTo((Invoke-Expression $offer.CompletionText), [PSSocketTools.DelimiterArgument])
                $delimiter.ToDelimiter([Text.Encoding]::UTF8).Length | Should -BeGreaterThan 0
            }
        }

        It 'offers the thumbprints of servers that run to <_> -CertificateThumbprint' -Tag Core -ForEach @(
            'Connect-EchoServer localhost 7', 'Send-SocketMessage hello', 'Enter-EchoSession', 'Measure-EchoServer'
        ) {
            $server = Start-EchoServer -Address 127.0.0.1 -SelfSigned -Name sealed
            try {
                $offer = Get-Completion "$_ -CertificateThumbprint " | Where-Object CompletionText -eq $server.CertificateThumbprint
                $offer | Should -HaveCount 1
                $offer.ToolTip | Should -BeLike '*sealed*'
            }
            finally { $server | Stop-EchoServer -Force }
        }
    }
}
