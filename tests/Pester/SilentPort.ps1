# A port of loopback that neither accepts nor refuses: Linux drops the SYN when the backlog is full.
# Dot-source it in BeforeAll; Stop-SilentPort in AfterEach ends what a test left.

$script:silent = [Collections.Generic.List[IDisposable]]::new()

function Start-SilentPort {
    $listener = [Net.Sockets.Socket]::new('InterNetwork', 'Stream', 'Tcp')
    $listener.Bind([Net.IPEndPoint]::new([Net.IPAddress]::Loopback, 0))
    $listener.Listen(0)
    $script:silent.Add($listener)
    $script:silent.Add([Net.Sockets.TcpClient]::new('127.0.0.1', $listener.LocalEndPoint.Port))
    [pscustomobject]@{ Port = $listener.LocalEndPoint.Port }
}

function Stop-SilentPort {
    foreach ($socket in $script:silent) { $socket.Dispose() }
    $script:silent.Clear()
}
