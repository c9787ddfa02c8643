BeforeAll {
    Import-Module "$PSScriptRoot/../../PSSocketTools.psd1" -Force
    . "$PSScriptRoot/English.ps1"
    . "$PSScriptRoot/Beside.ps1"

    # So many clients of a server, in the order of connecting.
    function Connect-Client($Server, [int] $Count = 1) {
        1..$Count | ForEach-Object { $Server | Connect-EchoServer }
        $null = $Server | Wait-EchoServer -Kind Connected -Count $Count
    }

    $before = $env:PSSOCKETTOOLS_TRANSPORT
}

AfterAll { $env:PSSOCKETTOOLS_TRANSPORT = $before }

Describe 'The connections of a server over <_>' -ForEach $(if ($IsLinux) { 'Epoll', 'Async' } else { 'Async' }) {
    BeforeAll { $env:PSSOCKETTOOLS_TRANSPORT = $_ }

    BeforeEach {
        $server = Start-EchoServer -Address 127.0.0.1 -Name room -Framing Line
        $server.Transport | Should -Be $_
    }

    AfterEach {
        Clear-Beside
        Get-EchoSession | Disconnect-EchoServer -Reset
        Get-EchoServer | Stop-EchoServer -Force
    }

    It 'are listed with what came and went, and are live' {
        $first, $second = Connect-Client $server 2
        $null = 'one', 'two' | Send-SocketMessage -Session $second
        $null = $server | Wait-EchoServer -Kind ResponseSent -Count 2
        $connections = @($server | Get-EchoConnection)
        $connections.ConnectionId | Should -Be 1, 2
        $connections.RemotePort | Should -Be ($first, $second).ForEach({ [int] $_.LocalEndPoint.Split(':')[-1] })
        $connections[1].MessagesReceived | Should -Be 2
        $connections[1].BytesReceived | Should -Be 8
        $connections[1].BytesSent | Should -Be 8
        $connections.State | Should -Be 'Open', 'Open'
        $connections.ServerId | Should -Be $server.Id, $server.Id
        $connections.ConnectedAt | ForEach-Object { $_ | Should -BeOfType DateTime }
        $connections[0].IdleMilliseconds | Should -BeOfType double

        $second | Disconnect-EchoServer
        $null = $server | Wait-EchoServer -Kind Disconnected
        (Get-EchoConnection).ConnectionId | Should -Be 1
        $connections[1].State | Should -Be 'Closed'
        $connections[1].IdleMilliseconds | Should -BeNullOrEmpty
        ($server | Get-EchoConnection) | Should -Be $connections[0]
    }

    It 'are found by server, number and address' {
        $other = Start-EchoServer -Address 127.0.0.1 -Name other
        $null = Connect-Client $server 3
        $null = Connect-Client $other
        @(Get-EchoConnection).Count | Should -Be 4
        @(Get-EchoConnection -Name ro*).Count | Should -Be 3
        @(Get-EchoConnection -Id $other.Id).ServerId | Should -Be $other.Id
        @(Get-EchoConnection $server -ConnectionId 1, 3).ConnectionId | Should -Be 1, 3
        @($server, $other | Get-EchoConnection -ConnectionId 1).ServerId | Should -Be $server.Id, $other.Id
        @(Get-EchoConnection -RemoteAddress 127.0.0.1).Count | Should -Be 4
        @(Get-EchoConnection -RemoteAddress 192.0.2.0/24, 10.0.0.1).Count | Should -Be 0
    }

    It 'that are not there are an error' {
        $null = Connect-Client $server
        $found = Get-EchoConnection $server -ConnectionId 1, 9 -ErrorVariable failed -ErrorAction SilentlyContinue
        $found.ConnectionId | Should -Be 1
        $failed[0].FullyQualifiedErrorId | Should -BeLike 'NotFound,*'
        "$failed" | Should -BeLike '*room*9*'
        { Get-EchoConnection -RemoteAddress 'nowhere at all' } | Should -Throw -ErrorId 'InvalidOption,*'
    }

    It 'are not had over UDP, which is told where it is asked' {
        $udp = Start-EchoServer -Protocol Udp -Name datagrams
        { $udp | Get-EchoConnection -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidOption,*' -ExpectedMessage '*datagrams*Udp*'
        Get-EchoConnection -ErrorAction Stop | Should -BeNullOrEmpty
    }

    It 'take messages unasked, as text, numbers, bytes, files and objects' {
        $session = Connect-Client $server
        Set-Content "$TestDrive/said.txt" 'from a file' -NoNewline
        $sent = 'text', 42, [byte[]] (65, 66), (Get-Item "$TestDrive/said.txt"), [pscustomobject] @{ Message = 'row' } |
            Send-SocketMessage -Connection (Get-EchoConnection $server)
        $sent | Should -BeNullOrEmpty
        (Receive-SocketMessage $session -Count 5).Response | Should -Be 'text', '42', 'AB', 'from a file', 'row'
        (Get-EchoServerEvent $server -Kind ResponseSent).Message | Should -Be 'text', '42', 'AB', 'from a file', 'row'
    }

    It 'take messages down the pipeline, and by position, in the server''s framing and encoding' {
        $prefixed = Start-EchoServer -Framing LengthPrefix -Encoding latin1
        $session = Connect-Client $prefixed
        $prefixed | Get-EchoConnection | Send-SocketMessage "a`nb é", ''
        Send-SocketMessage 'third' (Get-EchoConnection $prefixed)
        $received = @(Receive-SocketMessage $session -Count 3)
        $received.Response | Should -Be "a`nb é", '', 'third'
        $received[0].BytesReceived | Should -Be 9
    }

    It 'that have ended, or that the framing does not suit, are one error each, and the next is sent to' {
        $sessions = Connect-Client $server 3
        $connections = @(Get-EchoConnection $server)
        $connections[0] | Disconnect-EchoConnection
        $connections | Send-SocketMessage 'hello' -ErrorVariable failed -ErrorAction SilentlyContinue
        @($failed).Count | Should -Be 1
        $failed[0].FullyQualifiedErrorId | Should -BeLike 'ConnectionEnded,*'
        $failed[0].CategoryInfo.Category | Should -Be 'ConnectionError'
        $failed[0].TargetObject | Should -Be $connections[0]
        $sessions[1, 2] | Receive-SocketMessage | ForEach-Object { $_.Response | Should -Be 'hello' }
        { $connections[1] | Send-SocketMessage "a`nb" -ErrorAction Stop } | Should -Throw -ErrorId 'MessageNotCarried,*'
        { $connections[1] | Send-SocketMessage 'x' -Window 2 } | Should -Throw -ErrorId 'InvalidOption,*' -ExpectedMessage '*-Window*-Connection*'
        { $connections[1], 'x' | Send-SocketMessage -Session $sessions[1] -ErrorAction Stop } | Should -Throw -ErrorId 'MessageNotCarried,*'
    }

    It 'take messages from several runspaces at once, each whole and in its order' {
        $session = Connect-Client $server
        $connection = Get-EchoConnection $server
        $beside = 1..3 | ForEach-Object {
            Start-Beside { 1..100 | ForEach-Object { "$($Values.Name) $_" } | Send-SocketMessage -Connection $Values.Connection } @{ Name = $_; Connection = $connection }
        }
        $received = (Receive-SocketMessage $session -Count 300).Response
        $beside | ForEach-Object { $null = Wait-Beside $_ }
        foreach ($name in 1..3) { @($received) -like "$name *" | Should -Be (1..100 | ForEach-Object { "$name $_" }) }
    }

    It 'end in order, after what was sent, and the server goes on' {
        $first, $second = Connect-Client $server 2
        $connection = Get-EchoConnection $server -ConnectionId 1
        $connection | Send-SocketMessage 'bye'
        $connection | Disconnect-EchoConnection | Should -BeNullOrEmpty
        (Receive-SocketMessage $first).Response | Should -Be 'bye'
        { Receive-SocketMessage $first -ErrorAction Stop } | Should -Throw -ExpectedMessage '*closed*'
        ($server | Wait-EchoServer -Kind Disconnected).Reason | Should -Be 'ServerClosed'
        ('still' | Send-SocketMessage -Session $second).Response | Should -Be 'still'
        $connection | Disconnect-EchoConnection -ErrorAction Stop
    }

    It 'end by a reset' {
        $session = Connect-Client $server
        Disconnect-EchoConnection (Get-EchoConnection $server) -Reset
        { Receive-SocketMessage $session -ErrorAction Stop } | Should -Throw -ErrorId 'ConnectionReset,*'
        ($server | Wait-EchoServer -Kind Disconnected).Reason | Should -Be 'ServerClosed'
    }

    It 'stay with -WhatIf' {
        $null = Connect-Client $server
        Get-EchoConnection | Disconnect-EchoConnection -WhatIf
        Get-EchoConnection | Disconnect-EchoConnection -Reset -WhatIf
        @(Get-EchoConnection).Count | Should -Be 1
    }

    It 'of a Unix socket have no address' -Tag Core {
        $path = Join-Path ([IO.Path]::GetTempPath()) "pst-$([guid]::NewGuid().ToString('N').Substring(0, 8))"
        $unix = Start-EchoServer -SocketPath $path
        $session = Connect-Client $unix
        $connection = $unix | Get-EchoConnection
        $connection.RemoteAddress | Should -BeNullOrEmpty
        $connection.RemotePort | Should -BeNullOrEmpty
        $connection | Send-SocketMessage 'hi'
        (Receive-SocketMessage $session).Response | Should -Be 'hi'
    }
}

Describe 'The connections of a TLS server' -Tag Core {
    AfterEach {
        Get-EchoSession | Disconnect-EchoServer -Reset
        Get-EchoServer | Stop-EchoServer -Force
    }

    It 'tell the protocol, take messages and end in order' {
        $env:PSSOCKETTOOLS_TRANSPORT = $before
        $server = Start-EchoServer -SelfSigned
        $session = Connect-Client $server
        $connection = $server | Get-EchoConnection
        $connection.IsEncrypted | Should -BeTrue
        $connection.TlsProtocol | Should -Be $session.TlsProtocol
        $connection | Send-SocketMessage 'hi'
        $connection | Disconnect-EchoConnection
        (Receive-SocketMessage $session).Response | Should -Be 'hi'
        { Receive-SocketMessage $session -ErrorAction Stop } | Should -Throw -ExpectedMessage '*closed*'
    }
}
