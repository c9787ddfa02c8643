BeforeDiscovery {
    # A test that needs a program of the system is left out where the program is missing.
    $onLinux = $PSEdition -eq 'Core' -and $IsLinux
    $hasSs = $onLinux -and (Get-Command ss -CommandType Application -ErrorAction Ignore)
    $hasPython = $onLinux -and (Get-Command python3 -CommandType Application -ErrorAction Ignore)
    $canBeAnother = $onLinux -and (Get-Command setpriv -CommandType Application -ErrorAction Ignore) -and (id -u) -eq 0
    if ($canBeAnother) {
        $null = setpriv --reuid 65534 --clear-groups --inh-caps=+dac_override --ambient-caps=+dac_override true 2>&1
        $canBeAnother = $LASTEXITCODE -eq 0
    }
}

BeforeAll {
    Import-Module "$PSScriptRoot/../../PSSocketTools.psd1" -Force
    . "$PSScriptRoot/SamePowerShell.ps1"
    . "$PSScriptRoot/English.ps1"
    $manifest = (Resolve-Path "$PSScriptRoot/../../PSSocketTools.psd1").Path

    function New-Listener([string] $Address = '127.0.0.1') {
        $listener = [Net.Sockets.TcpListener]::new([Net.IPAddress]::Parse($Address), 0)
        $listener.Start()
        $script:listeners.Add($listener)
        $listener.LocalEndpoint.Port
    }
}

Describe 'Get-PortHolder' {
    BeforeEach { $script:listeners = [Collections.Generic.List[Net.Sockets.TcpListener]]::new() }

    AfterEach {
        $script:listeners | ForEach-Object { $_.Stop() }
        Get-EchoSession | Disconnect-EchoServer -Reset
        Get-EchoServer | Stop-EchoServer -Force
    }

    It 'tells who listens on a port, and all of the process' {
        $port = New-Listener
        $holder = Get-PortHolder $port -Protocol Tcp
        $self = Get-Process -Id $PID
        $holder.Protocol | Should -Be 'Tcp'
        $holder.LocalAddress | Should -Be '127.0.0.1'
        $holder.State | Should -Be 'Listen'
        $holder.RemoteEndPoint | Should -BeNullOrEmpty
        $holder.ProcessId | Should -Be $PID
        $holder.ProcessName | Should -Be $self.ProcessName
        $holder.ProcessPath | Should -Be $self.Path
        $holder.UserName | Should -BeLike "*$([Environment]::UserName)"
        [Math]::Abs(($holder.StartTime - $self.StartTime).TotalSeconds) | Should -BeLessThan 2
        $holder.Detail | Should -BeNullOrEmpty
    }

    It 'tells all that listens without parameters: TCP and UDP, and no connections' {
        $tcp = New-Listener
        $udp = Start-EchoServer -Protocol Udp -Address 127.0.0.1
        $session = Connect-EchoServer 127.0.0.1 $tcp
        $all = Get-PortHolder
        $own = $all | Where-Object ProcessId -eq $PID
        ($own | Where-Object Port -eq $tcp).State | Should -Be 'Listen'
        ($own | Where-Object Port -eq $udp.Port).State | Should -Be 'Bound'
        $all | Where-Object { $_.State -notin 'Listen', 'Bound' } | Should -BeNullOrEmpty
        $own.Port | Should -Not -Contain $session.LocalEndPoint.Split(':')[-1]
        $all.Port | Should -Be ($all.Port | Sort-Object)
    }

    It 'tells connections with their peers where they are asked for by <_>' -ForEach 'Established', 'All', '*' {
        $port = New-Listener
        $session = Connect-EchoServer 127.0.0.1 $port
        $own = [int] $session.LocalEndPoint.Split(':')[-1]
        # A connection to another port may leave from the same one.
        $found = @(Get-PortHolder $own -State $_ -Protocol Tcp | Where-Object RemoteEndPoint -EQ "127.0.0.1:$port")
        $found.Count | Should -Be 1
        $found.State | Should -Be 'Established'
        $found.ProcessId | Should -Be $PID
    }

    It 'takes the state <_>, as other tools write it' -ForEach 'LISTENING', 'LISTEN', 'listen', '*' {
        $port = New-Listener
        (Get-PortHolder $port -State $_).State | Should -Be 'Listen'
        # TIME-WAIT is not among them: another's connection may have left this port in it a moment ago.
        (Get-PortHolder $port -State FIN-WAIT-1, SYN_RECV, ESTAB, $_).State | Should -Be 'Listen'
    }

    if ($hasPython) {
        It 'names a process whose socket is inherited once for each that has it' -Tag Linux {
            $script = Join-Path $TestDrive 'inherit.py'
            Set-Content $script @'
import os, socket, sys
one = socket.socket()
one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
one.bind(("127.0.0.1", 0))
one.listen()
again = one.dup()
other = socket.socket()
other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
other.bind(one.getsockname())
other.listen()
ends = os.pipe()
child = os.fork()
if child == 0:
    other.close()
    os.close(ends[1])
    os.read(ends[0], 1)
    os._exit(0)
print(one.getsockname()[1], os.getpid(), child, flush=True)
sys.stdin.read()
'@
            $start = [Diagnostics.ProcessStartInfo]::new('python3', $script)
            $start.RedirectStandardInput = $start.RedirectStandardOutput = $true
            $python = [Diagnostics.Process]::Start($start)
            try {
                $port, $parent, $child = $python.StandardOutput.ReadLine().Split(' ')
                # The child closes its copy of the second socket before it waits.
                $closed = [Threading.SpinWait]::SpinUntil([Func[bool]] { @(Get-PortHolder $port).Count -eq 3 }, 30000)
                $closed | Should -BeTrue
                $found = Get-PortHolder $port
                $found.ProcessId | Sort-Object | Should -Be (@($parent, $parent, $child) | ForEach-Object { [int] $_ } | Sort-Object)
                $found.ProcessName | Select-Object -Unique | Should -BeLike 'python3*'
            }
            finally {
                $python.StandardInput.Close()
                $null = $python.WaitForExit(30000)
                $python.Dispose()
            }
        }
    }

    if ($hasSs) {
        It 'tells the same sockets as ss, each with the same processes' -Tag Linux {
            $port = New-Listener
            $udp = (Start-EchoServer -Protocol Udp -Address localhost).Port
            # What other programs do meanwhile is no matter: what there is before and after must be there between.
            $seen = {
                ss -Hltnup | ForEach-Object {
                    $fields = -split $_
                    $at = $fields[4] -replace '%[^\]:]+' -replace '[][]' -replace '^\*', '::'
                    $ids = @([regex]::Matches($_, 'pid=(\d+)') | ForEach-Object { $_.Groups[1].Value } | Sort-Object -Unique)
                    if ($ids) { $ids | ForEach-Object { "$($fields[0]) $at $_" } } else { "$($fields[0]) $at " }
                } | Sort-Object -Unique
            }
            $before = & $seen
            $ours = Get-PortHolder | ForEach-Object { "$($_.Protocol.ToLower()) $($_.LocalAddress):$($_.Port) $($_.ProcessId)" } | Sort-Object -Unique
            $after = & $seen
            $before | Where-Object { $_ -in $after -and $_ -notin $ours } | Should -BeNullOrEmpty
            $ours | Where-Object { $_ -notin $before -and $_ -notin $after -and (& $seen) -contains $_ } | Should -BeNullOrEmpty
            $ours | Should -Contain "tcp 127.0.0.1:$port $PID"
            $ours | Should -Contain "udp 127.0.0.1:$udp $PID"
        }
    }

    if ($canBeAnother) {
        It 'tells what another user may not know, and why' -Tag Linux {
            $port = New-Listener
            $script = Join-Path $TestDrive 'other.ps1'
            Set-Content $script 'param($Manifest, [int] $Port) Import-Module $Manifest; Get-PortHolder $Port | ConvertTo-Json'
            # PowerShell and the module may lie where this user alone may read.
            $rights = '--clear-groups', '--inh-caps=+dac_override', '--ambient-caps=+dac_override'
            $said = & setpriv --reuid 65534 @rights env HOME=/tmp DOTNET_CLI_HOME=/tmp LANG=en_US.UTF-8 $pwsh @pwshArguments -NoProfile -NonInteractive -File $script $manifest $port
            $holder = $said | ConvertFrom-Json
            $holder.Port | Should -Be $port
            $holder.ProcessId | Should -BeNullOrEmpty
            $holder.UserName | Should -Be ([Environment]::UserName)
            $holder.Detail | Should -BeLike '*user id 0*elevation*'
        }
    }

    Context 'the pipeline' {
        It 'goes on to Stop-Process, which takes the process by its number: <_>' -ForEach 'Get-PortHolder', 'Test-PortAvailability' {
            # By its name every process of that name would be stopped.
            $child = [Diagnostics.Process]::new()
            $child.StartInfo = [Diagnostics.ProcessStartInfo]::new($pwsh)
            $child.StartInfo.Arguments = (@($pwshArguments) + '-NoProfile -NonInteractive -Command "$l = [Net.Sockets.TcpListener]::new([Net.IPAddress]::Loopback, 0); $l.Start(); $l.LocalEndpoint.Port; [void] [Console]::In.ReadLine()"') -join ' '
            $child.StartInfo.UseShellExecute = $false
            $child.StartInfo.RedirectStandardInput = $child.StartInfo.RedirectStandardOutput = $true
            $null = $child.Start()
            try {
                $port = [int] $child.StandardOutput.ReadLine()
                & $_ $port | Stop-Process -WhatIf
                $child.HasExited | Should -BeFalse
                & $_ $port | Stop-Process
                $child.WaitForExit(30000) | Should -BeTrue
                $PID | Should -Be ([Diagnostics.Process]::GetCurrentProcess().Id) -Because 'this process has the same name, and is still here'
            }
            finally {
                if (-not $child.HasExited) { $child.Kill() }
                $child.Dispose()
            }
        }

        It 'takes ports, results of port tests and processes' {
            $port = New-Listener
            ($port | Get-PortHolder -Protocol Tcp).Port | Should -Be $port
            (Test-PortAvailability $port -Address 127.0.0.1 | Get-PortHolder).ProcessId | Should -Be $PID
            (Get-Process -Id $PID | Get-PortHolder).Port | Should -Contain $port
        }

        It 'reads the tables once for many ports' {
            $ports = 1..100 | ForEach-Object { New-Listener }
            ($ports | Get-PortHolder -Protocol Tcp).Port | Should -Be $ports
        }
    }

    Context 'what is asked for' {
        It 'is the sockets in the way of an address' {
            $one = New-Listener 127.0.0.1
            $all = New-Listener 0.0.0.0
            (Get-PortHolder $one, $all -Address 127.0.0.1 -Protocol Tcp).Port | Sort-Object | Should -Be ($one, $all | Sort-Object)
            (Get-PortHolder "$one-$one", $all -Address 127.0.0.2 -Protocol Tcp -ErrorAction Ignore).Port | Should -Be $all
            (Get-PortHolder $one -Address ' localhost ' -Protocol Tcp).Port | Should -Be $one
            (Get-PortHolder $one -Address Any -Protocol Tcp).Port | Should -Be $one
        }

        It 'is processes by name, with wildcards, or by number' {
            $port = New-Listener
            $name = (Get-Process -Id $PID).ProcessName
            (Get-PortHolder -ProcessName $name).Port | Should -Contain $port
            (Get-PortHolder -ProcessName "$($name.Substring(0, 2).ToUpper())*").Port | Should -Contain $port
            (Get-PortHolder -ProcessId $PID).Port | Should -Contain $port
            (Get-PortHolder $port -ProcessName $name -Protocol Tcp).ProcessId | Should -Be $PID
        }

        It 'is an error for what is named and not found: <Line>' -ForEach @(
            @{ Line = 'Get-PortHolder $free'; Target = { $free }; Says = '*Test-PortAvailability*' }
            @{ Line = 'Get-PortHolder $client'; Target = { $client }; Says = '*-State All*' }
            @{ Line = 'Get-PortHolder -ProcessId 2147483646'; Target = { 2147483646 }; Says = '*2147483646*' }
            @{ Line = 'Get-PortHolder -ProcessName no-such-process'; Target = { 'no-such-process' }; Says = '*no-such-process*' }
        ) {
            $free = (Find-AvailablePort).Port
            $client = [int] (Connect-EchoServer 127.0.0.1 (New-Listener)).LocalEndPoint.Split(':')[-1]
            Invoke-Expression "$Line -ErrorVariable failures -ErrorAction SilentlyContinue" | Should -BeNullOrEmpty
            $failures | Should -HaveCount 1
            $failures[0].FullyQualifiedErrorId | Should -Be 'NotFound,PSSocketTools.Commands.GetPortHolderCommand'
            $failures[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
            $failures[0].TargetObject | Should -Be (& $Target)
            "$($failures[0])" | Should -BeLike $Says
        }

        It 'is nothing, and no error, where a range or wildcards find none' {
            $free = (Find-AvailablePort 28000-28999).Port
            Get-PortHolder "$free-$free", 65535 -ErrorAction Ignore | Should -BeNullOrEmpty
            Get-PortHolder -ProcessName 'no-such-*' -ErrorAction Stop | Should -BeNullOrEmpty
        }

        It 'is refused where it can''t be: <_>' -ForEach 'Get-PortHolder -Protocol Unix', 'Get-PortHolder -State Lisen', 'Get-PortHolder 0', 'Get-PortHolder -Address 127.1', 'Get-PortHolder -ProcessName [' {
            { Invoke-Expression $_ } | Should -Throw
        }
    }

    Context 'the tables' {
        It 'fit 80 columns, and say who and whose' {
            $port = New-Listener
            $drawn = (Get-PortHolder $port -Protocol Tcp | Out-String -Width 80) -replace "$([char] 27)\[[0-9;]*m"
            $drawn | Should -Match "Tcp +127\.0\.0\.1 +$port .*\($PID\)"
            $drawn | Should -BeLike "*User*$([Environment]::UserName)*"
            foreach ($line in $drawn -split '\r?\n') { $line.Length | Should -BeLessOrEqual 80 }
        }

        It 'show the peers of connections' {
            $port = New-Listener
            $session = Connect-EchoServer 127.0.0.1 $port
            $drawn = (Get-PortHolder ([int] $session.LocalEndPoint.Split(':')[-1]) -State All | Out-String -Width 80) -replace "$([char] 27)\[[0-9;]*m"
            $drawn | Should -Match "$([regex]::Escape($session.LocalEndPoint)) +127\.0\.0\.1:$port +Established"
            foreach ($line in $drawn -split '\r?\n') { $line.Length | Should -BeLessOrEqual 80 }
        }

        It 'name the services of a process' {
            $shown = [pscustomobject]@{ PSTypeName = 'PSSocketTools.PortHolder'; Protocol = 'Tcp'; LocalAddress = '0.0.0.0'; Port = 135; ProcessName = 'svchost'; ProcessId = 900; ServiceName = 'RpcEptMapper, RpcSs' }
            ($shown | Out-String -Width 80) -replace '\s+', ' ' | Should -BeLike '*svchost (900): RpcEptMapper, RpcSs*'
        }
    }
}
