# A server as hand-written ones are: it takes one connection after the other and plays a script on each with a bare socket.
# Dot-source it in BeforeAll; Stop-BareServer in AfterEach ends what a test left running.

$script:bareServers = [Collections.Generic.List[object]]::new()

# The script gets $Socket, and the functions Send, Receive (one recv) and Wait-Peer (until the client has closed).
function Start-BareServer {
    param([Parameter(Mandatory)] [scriptblock] $Script)
    $listener = [Net.Sockets.TcpListener]::new([Net.IPAddress]::Loopback, 0)
    $listener.Start()
    $shell = [powershell]::Create()
    $null = $shell.AddScript(@"
param(`$Listener)
`$utf8 = [Text.UTF8Encoding]::new(`$false)
function Send(`$Content) { [byte[]] `$bytes = if (`$Content -is [string]) { `$utf8.GetBytes(`$Content) } else { `$Content }; `$null = `$Socket.Send(`$bytes) }
function Receive { `$buffer = [byte[]]::new(65536); `$utf8.GetString(`$buffer, 0, `$Socket.Receive(`$buffer)) }
function Wait-Peer { `$buffer = [byte[]]::new(65536); while (`$Socket.Receive(`$buffer)) { } }
while (`$true) {
    try { `$Socket = `$Listener.AcceptSocket() }
    catch [Net.Sockets.SocketException], [InvalidOperationException] {
        # Stop-BareServer has closed the listener.
        return
    }
    `$Socket.NoDelay = `$true
    `$Socket.ReceiveTimeout = `$Socket.SendTimeout = 20000
    try { & { $Script } }
    catch [Management.Automation.MethodInvocationException] {
        # A client that leaves in the middle ends the script, as it would a server written by hand; any other error ends the server.
    }
    finally { `$Socket.Dispose() }
}
"@).AddArgument($listener)
    $server = [pscustomobject]@{ Port = $listener.LocalEndpoint.Port; Listener = $listener; Shell = $shell; Result = $shell.BeginInvoke() }
    $script:bareServers.Add($server)
    $server
}

function Stop-BareServer {
    foreach ($server in $script:bareServers) {
        $server.Listener.Stop()
        $null = $server.Shell.BeginStop($null, $null)
    }
    $script:bareServers.Clear()
}
