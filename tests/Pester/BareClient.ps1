# A client as hand-written ones are: it sends bare UTF-8 bytes without a line end and reads with recv(1024).
# Dot-source it in BeforeAll. Nothing here waits for longer than ten seconds, so that a wrong server is a failure, not a hang.

$script:bareSockets = [Collections.Generic.List[Net.Sockets.Socket]]::new()

# All of 127.0.0.0/8 is this machine (RFC 1122, section 3.2.1.3), but for macOS: on an address of its own a server meets no
# client of another test, be it a port scan's. To be splatted: Start-EchoServer @at.
$script:at = @{ Address = '127.0.0.1' }
if ($PSEdition -ne 'Core' -or -not $IsMacOS) {
    $script:at.Address = '127.{0}.{1}.{2}' -f (Get-Random -Minimum 64 -Maximum 255), (Get-Random -Maximum 256), (Get-Random -Minimum 1 -Maximum 255)
}
$script:utf8 = [Text.UTF8Encoding]::new($false)

function Get-BareAddress($Server) {
    [Net.IPAddress]::Parse($(if ($Server.ComputerName -eq 'localhost') { '127.0.0.1' } else { $Server.ComputerName }))
}

function Connect-Bare {
    param([Parameter(Mandatory)] $Server, [Net.IPAddress] $Address = (Get-BareAddress $Server))
    $socket = [Net.Sockets.Socket]::new($Address.AddressFamily, 'Stream', 'Tcp')
    $socket.ReceiveTimeout = 10000
    $socket.SendTimeout = 10000
    $script:bareSockets.Add($socket)
    $socket.Connect($Address, $Server.Port)
    $socket
}

function Send-Bare {
    param([Parameter(Mandatory)] [Net.Sockets.Socket] $Socket, [Parameter(Mandatory)] [object] $Content)
    [byte[]] $bytes = if ($Content -is [string]) { $script:utf8.GetBytes($Content) } else { $Content }
    $sent = 0
    while ($sent -lt $bytes.Length) {
        $sent += $Socket.Send($bytes, $sent, $bytes.Length - $sent, 'None')
    }
}

# What one recv(1024) returns; an empty string when the peer has closed.
function Receive-Bare {
    param([Parameter(Mandatory)] [Net.Sockets.Socket] $Socket)
    $buffer = [byte[]]::new(1024)
    $script:utf8.GetString($buffer, 0, $Socket.Receive($buffer))
}

# As many bytes as asked for, however they come.
function Receive-BareExactly {
    param([Parameter(Mandatory)] [Net.Sockets.Socket] $Socket, [Parameter(Mandatory)] [int] $Count)
    $buffer = [byte[]]::new($Count)
    $got = 0
    while ($got -lt $Count) {
        $n = $Socket.Receive($buffer, $got, $Count - $got, 'None')
        if ($n -eq 0) { throw "The peer closed after $got of $Count bytes." }
        $got += $n
    }
    , $buffer
}

# All there is until the peer closes, as bytes.
function Read-BareBytes {
    param([Parameter(Mandatory)] [Net.Sockets.Socket] $Socket)
    $all = [IO.MemoryStream]::new()
    $buffer = [byte[]]::new(65536)
    while (($n = $Socket.Receive($buffer)) -gt 0) { $all.Write($buffer, 0, $n) }
    , $all.ToArray()
}

# All there is until the peer closes, as text.
function Read-Bare {
    param([Parameter(Mandatory)] [Net.Sockets.Socket] $Socket)
    $script:utf8.GetString((Read-BareBytes $Socket))
}

# send(); recv(1024), the whole of most clients.
function Invoke-Bare {
    param([Parameter(Mandatory)] [Net.Sockets.Socket] $Socket, [Parameter(Mandatory)] [object] $Content)
    Send-Bare $Socket $Content
    Receive-Bare $Socket
}

# shutdown(SHUT_WR): the peer reads the end of the input and may still answer.
function Close-BareOutput {
    param([Parameter(Mandatory)] [Net.Sockets.Socket] $Socket)
    $Socket.Shutdown('Send')
}

# close(), with or without having read.
function Close-Bare {
    param([Parameter(Mandatory)] [Net.Sockets.Socket] $Socket)
    $Socket.Dispose()
}

# RST in place of FIN.
function Reset-Bare {
    param([Parameter(Mandatory)] [Net.Sockets.Socket] $Socket)
    $Socket.LingerState = [Net.Sockets.LingerOption]::new($true, 0)
    $Socket.Dispose()
}

# Connects, sends, half-closes and reads to the end.
function Get-BareAnswer {
    param([Parameter(Mandatory)] $Server, [Parameter(Mandatory)] [object] $Content, [Net.IPAddress] $Address = (Get-BareAddress $Server))
    $socket = Connect-Bare $Server $Address
    Send-Bare $socket $Content
    Close-BareOutput $socket
    Read-Bare $socket
    Close-Bare $socket
}

function Connect-BareDatagram {
    param([Parameter(Mandatory)] $Server, [Net.IPAddress] $Address = (Get-BareAddress $Server))
    $socket = [Net.Sockets.Socket]::new($Address.AddressFamily, 'Dgram', 'Udp')
    $socket.ReceiveTimeout = 10000
    $script:bareSockets.Add($socket)
    $socket.Connect($Address, $Server.Port)
    $socket
}

# For AfterEach: closes what a test left open, and stops its servers.
function Clear-Bare {
    foreach ($socket in $script:bareSockets) { $socket.Dispose() }
    $script:bareSockets.Clear()
    Get-EchoServer | Stop-EchoServer -Force
}
