# A port of loopback that neither accepts nor refuses: Linux drops the SYN when the backlog is full.
# Dot-source it in BeforeAll; Stop-SilentPort in AfterEach ends what a test left.

$script:silent = [Collections.Generic.List[IDisposable]]::new()

function Start-SilentPort {
    $listener = [Net.Sockets.Socket]::new('InterNetwork', 'Stream', 'Tcp')
    $listener.Bind([Net.IPEndPoint]::new([Net.IPAddress]::Loopback, 0))
    $listener.Listen(0)
    $script:silent.Add($listener)
    $script:silent.Add([Net.Sockets.TcpClient]::new('127.0.0.1', $listener.LocalEndPoint.Port))
    # The client is connected before the listener has it in its backlog: until then another may slip in.
    if (-not $listener.Poll(30000000, 'SelectRead')) { throw 'The backlog of the listener stays empty.' }
    [pscustomobject]@{ Port = $listener.LocalEndPoint.Port }
}

function Stop-SilentPort {
    foreach ($socket in $script:silent) { $socket.Dispose() }
    $script:silent.Clear()
}
