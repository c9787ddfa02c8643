# Servers that know nothing of this module, as clients meet them: slow, sloppy, silent and wrong.
BeforeDiscovery {
    $certificates = @(
        @{ What = 'has expired'; Name = 'localhost'; From = -3; To = -1; Id = 'TlsFailed' }
        @{ What = 'nobody trusts'; Name = 'localhost'; From = -1; To = 1; Id = 'TlsFailed' }
        @{ What = 'is for another name'; Name = 'elsewhere.example'; From = -1; To = 1; Id = 'TlsFailed' }
    )
}

BeforeAll {
    Import-Module "$PSScriptRoot/../../PSSocketTools.psd1" -Force
    . "$PSScriptRoot/BareServer.ps1"
}

Describe 'A client of a bare server' {
    AfterEach {
        Get-EchoSession | Disconnect-EchoServer -Reset
        Get-EchoServer | Stop-EchoServer -Force
        Stop-BareServer
    }

    It 'assembles a response that comes byte by byte' {
        $server = Start-BareServer { $null = Receive; foreach ($b in $utf8.GetBytes("ol$([char] 0xE1)`n")) { Send ([byte[]] $b) }; Wait-Peer }
        (Connect-EchoServer -Port $server.Port | Send-SocketMessage 'oi').Response | Should -BeExactly "ol$([char] 0xE1)"
    }

    It 'separates two responses in one segment, each to its message' {
        $server = Start-BareServer { $null = Receive; Send "first`nsecond`n"; Wait-Peer }
        $session = Connect-EchoServer -Port $server.Port
        ('a', 'b' | Send-SocketMessage -Session $session -Window 2).Response | Should -Be 'first', 'second'
    }

    It 'returns half a response as incomplete when the server closes after it' {
        $server = Start-BareServer { $null = Receive; Send 'half' }
        $message = Connect-EchoServer -Port $server.Port | Send-SocketMessage 'oi'
        $message.Response | Should -BeExactly 'half'
        $message.Complete | Should -BeFalse
    }

    It 'has an error for half a response with a length prefix' {
        $server = Start-BareServer { $null = Receive; Send ([byte[]] (0, 0, 0, 9, 0x61)) }
        $session = Connect-EchoServer -Port $server.Port -Framing LengthPrefix
        $session | Send-SocketMessage 'oi' -ErrorVariable failed -ErrorAction SilentlyContinue
        $failed[0].FullyQualifiedErrorId | Should -Be 'InvalidMessage,PSSocketTools.Commands.SendSocketMessageCommand'
        $session.State | Should -Be 'Faulted'
    }

    It 'distinguishes a reset from a FIN' {
        $server = Start-BareServer { $null = Receive; $Socket.LingerState = [Net.Sockets.LingerOption]::new($true, 0); $Socket.Close() }
        $session = Connect-EchoServer -Port $server.Port
        $session | Send-SocketMessage 'oi' -ErrorVariable failed -ErrorAction SilentlyContinue
        $failed[0].FullyQualifiedErrorId | Should -Be 'ConnectionReset,PSSocketTools.Commands.SendSocketMessageCommand'
        $session.Reason | Should -Be 'Reset'
    }

    It 'faults the session when no response comes in time' {
        $server = Start-BareServer { Wait-Peer }
        $session = Connect-EchoServer -Port $server.Port
        $session | Send-SocketMessage 'oi' -ResponseTimeoutSec 0.2 -ErrorVariable failed -ErrorAction SilentlyContinue
        $failed[0].CategoryInfo.Category | Should -Be 'OperationTimeout'
        $session.State | Should -Be 'Faulted'
    }

    It 'never takes for a response what came before the request' {
        $server = Start-BareServer { Send "greeting`n"; $null = Receive; Send "answer`n"; Wait-Peer }
        $session = Connect-EchoServer -Port $server.Port
        (Receive-SocketMessage $session).Response | Should -BeExactly 'greeting'
        ($session | Send-SocketMessage 'oi').Response | Should -BeExactly 'answer'
    }

    It 'refuses 100 MB without a line end at the limit, and buffers little of it' {
        $server = Start-BareServer { $null = Receive; $piece = [byte[]]::new(1048576); 1..100 | ForEach-Object { Send $piece } }
        $session = Connect-EchoServer -Port $server.Port -MaxMessageBytes 1048576
        [GC]::Collect()
        $before = [GC]::GetTotalMemory($true)
        $session | Send-SocketMessage 'oi' -ErrorVariable failed -ErrorAction SilentlyContinue
        $failed[0].FullyQualifiedErrorId | Should -Be 'MessageTooLarge,PSSocketTools.Commands.SendSocketMessageCommand'
        [GC]::GetTotalMemory($true) - $before | Should -BeLessThan 64MB
    }

    It 'shows U+FFFD for what is not valid text, and returns it unchanged as bytes' {
        $server = Start-BareServer { $null = Receive; Send ([byte[]] (0x61, 0xFF, 0x62, 0x0A)); $null = Receive; Send ([byte[]] (0x61, 0xFF, 0x62, 0x0A)); Wait-Peer }
        $session = Connect-EchoServer -Port $server.Port
        ($session | Send-SocketMessage 'oi').Response | Should -BeExactly "a$([char] 0xFFFD)b"
        ($session | Send-SocketMessage 'oi' -AsBytes).Response | Should -Be 0x61, 0xFF, 0x62
    }

    It 'rejects a certificate that <What>' -Tag Core -ForEach $certificates {
        $key = [Security.Cryptography.RSA]::Create(2048)
        $request = [Security.Cryptography.X509Certificates.CertificateRequest]::new("CN=$Name", $key, 'SHA256', [Security.Cryptography.RSASignaturePadding]::Pkcs1)
        $names = [Security.Cryptography.X509Certificates.SubjectAlternativeNameBuilder]::new()
        $names.AddDnsName($Name)
        $request.CertificateExtensions.Add($names.Build())
        $certificate = $request.CreateSelfSigned([DateTimeOffset]::UtcNow.AddDays($From), [DateTimeOffset]::UtcNow.AddDays($To))
        $server = Start-EchoServer -Certificate $certificate
        Connect-EchoServer localhost $server.Port -UseTls -ErrorVariable failed -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $failed[0].FullyQualifiedErrorId | Should -Be "$Id,PSSocketTools.Commands.ConnectEchoServerCommand"
        # By its thumbprint it is taken, whatever it says of itself.
        (Connect-EchoServer localhost $server.Port -UseTls -CertificateThumbprint $certificate.Thumbprint | Send-SocketMessage 'oi').Response | Should -BeExactly 'oi'
    }
}
