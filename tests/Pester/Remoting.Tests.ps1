BeforeDiscovery {
    $sshd = Get-Command sshd, /usr/sbin/sshd -CommandType Application -ErrorAction Ignore | Select-Object -First 1
    $throughSsh = $PSEdition -eq 'Core' -and -not $IsWindows -and $sshd -and (Get-Command ssh, ssh-keygen -ErrorAction Ignore).Count -eq 2
}

BeforeAll {
    Import-Module "$PSScriptRoot/../../PSSocketTools.psd1" -Force
    . "$PSScriptRoot/SamePowerShell.ps1"
    $manifest = (Resolve-Path "$PSScriptRoot/../../PSSocketTools.psd1").Path

    # A value as text that is the same before and after a hop.
    function Get-Plain {
        param($Value)
        if ($null -eq $Value) { return '' }
        if ($Value -is [datetime]) { return $Value.ToUniversalTime().Ticks }
        if ($Value -is [double]) { return $Value.ToString('R', [cultureinfo]::InvariantCulture) }
        [string]::Format([cultureinfo]::InvariantCulture, '{0}', $Value)
    }
}

Describe 'Over remoting' {
    Context 'a job''s process' {
        BeforeAll {
            # Each object beside what it said of itself before it left.
            $plain = ${function:Get-Plain}.ToString()
            $job = Start-Job {
                Import-Module $using:manifest
                ${function:Get-Plain} = $using:plain
                $server = Start-EchoServer -Address 127.0.0.1 -Name there
                $session = $server | Connect-EchoServer -Name talk
                $message = 'hello' | Send-SocketMessage -Session $session
                $tested = Test-PortAvailability -ComputerName 127.0.0.1 -Port $server.Port
                $measured = Measure-EchoServer -Session $session -Count 20
                $session | Disconnect-EchoServer
                $server | Stop-EchoServer -Force
                foreach ($object in $server, $session, $message, $tested, $measured) {
                    $said = @{}
                    foreach ($property in $object.PSObject.Properties | Where-Object Name -ne 'Histogram') {
                        $said[$property.Name] = Get-Plain $property.Value
                    }
                    , @($object, $said)
                }
            }
            try { $pairs = @($job | Receive-Job -Wait -ErrorAction Stop) }
            finally { $job | Remove-Job -Force }
            $came = @{}
            $left = @{}
            foreach ($pair in $pairs) {
                $name = $pair[0].PSObject.TypeNames[0] -replace '.*\.' -replace '#.*'
                $came[$name] = $pair[0]
                $left[$name] = $pair[1]
            }
        }

        It 'keeps everything <_> says' -ForEach 'EchoServer', 'EchoSession', 'SocketMessage', 'PortAvailability', 'EchoMeasurement' {
            $came[$_].PSObject.TypeNames -replace '#.*' | Should -Contain "Deserialized.PSSocketTools.$_"
            $left[$_].Count | Should -BeGreaterThan 5
            foreach ($property in $left[$_].Keys) {
                Get-Plain $came[$_].$property | Should -Be $left[$_][$property] -Because $property
            }
        }

        It 'keeps what is counted and timed' {
            $came.EchoServer.State | Should -Be 'Stopped'
            foreach ($moment in $came.EchoServer.StartedAt, $came.EchoSession.ConnectedAt, $came.SocketMessage.Timestamp, $came.PortAvailability.Timestamp, $came.EchoMeasurement.StartedAt) {
                $moment | Should -BeOfType datetime
                $moment.Kind | Should -Be 'Local'
            }
            $came.SocketMessage.Timestamp.ToUniversalTime().ToString('o') | Should -Be $came.SocketMessage.TimestampUtc
            $came.EchoSession.ConnectMilliseconds | Should -BeOfType double
            $came.SocketMessage.Response | Should -BeExactly 'hello'
            $came.EchoMeasurement.Messages | Should -Be 20
            ($came.EchoMeasurement.Histogram | Measure-Object Count -Sum).Sum | Should -Be 20
        }

        It 'can be filtered by name' {
            $came.PortAvailability | Where-Object Status -eq 'Open' | Should -HaveCount 1
            $came.EchoSession | Where-Object State -eq 'Closed' | Should -HaveCount 1
            $came.PortAvailability | Where-Object Status -eq 'Closed' | Should -BeNullOrEmpty
        }

        It 'is drawn as what is from here' {
            $came.PortAvailability | Out-String -Width 80 | Should -BeLike '*Latency*Open*'
            $came.EchoServer | Format-List | Out-String -Width 80 | Should -Match '(?m)BytesReceived\W.*\d KB'
            $came.EchoMeasurement | Out-String -Width 80 | Should -Match '(?m)Messages\W.*20'
        }
    }

    Context 'a fan-out' {
        It 'merges what three jobs saw, by job' {
            $server = Start-EchoServer -Address 127.0.0.1
            $jobs = @('web1', 'web2', 'web3' | ForEach-Object {
                Start-Job -Name $_ {
                    Import-Module $using:manifest
                    $port = ($using:server).Port
                    Test-PortAvailability -ComputerName 127.0.0.1 -Port $port
                    'from afar' | Send-SocketMessage -ComputerName 127.0.0.1 -Port $port
                }
            })
            try {
                $seen = foreach ($job in $jobs) { $job | Receive-Job -Wait -ErrorAction Stop | Add-Member Machine $job.Name -PassThru }
                $groups = $seen | Group-Object Machine
                $groups.Name | Should -Be 'web1', 'web2', 'web3'
                foreach ($group in $groups) {
                    $group.Count | Should -Be 2
                    $group.Group[0].Status | Should -Be 'Open'
                    $group.Group[1].Response | Should -BeExactly 'from afar'
                }
                @($server | Wait-EchoServer -Kind MessageReceived -Count 3) | Should -HaveCount 3
            }
            finally {
                $jobs | Remove-Job -Force
                $server | Stop-EchoServer -Force
            }
        }
    }

    if ($throughSsh) {
        Context 'SSH to this machine' {
            BeforeAll {
                # A server of this test's own, with keys made for it: what the machine's own lets in is not asked.
                $folder = (New-Item -ItemType Directory (Join-Path $TestDrive 'ssh')).FullName
                foreach ($key in 'host', 'client') { ssh-keygen -q -t ed25519 -N '' -f "$folder/$key" }
                $sshPort = (Find-AvailablePort -Address 127.0.0.1).Port
                Set-Content "$folder/config" @"
Port $sshPort
ListenAddress 127.0.0.1
HostKey $folder/host
AuthorizedKeysFile $folder/client.pub
PidFile none
StrictModes no
PasswordAuthentication no
Subsystem powershell $(@($pwsh) + $pwshArguments -join ' ') -sshs -NoLogo -NoProfile
"@
                # Run by root, sshd wants this folder, which the system makes when its own service starts.
                $madeFolder = if ((id -u) -eq 0 -and -not (Test-Path /run/sshd)) { New-Item -ItemType Directory /run/sshd }
                $sshd = (Get-Command sshd, /usr/sbin/sshd -CommandType Application -ErrorAction Ignore | Select-Object -First 1).Source
                $daemon = Start-Process $sshd '-D', '-e', '-f', "$folder/config" -PassThru -RedirectStandardError "$folder/log"
                if (-not (Test-PortAvailability -ComputerName 127.0.0.1 -Port $sshPort -Wait -WaitSec 30 -Quiet)) { throw (Get-Content "$folder/log" -Raw) }
                $there = New-PSSession -HostName 127.0.0.1 -Port $sshPort -KeyFilePath "$folder/client" -ConnectingTimeout 30000 -Options @{
                    BatchMode = 'yes'; StrictHostKeyChecking = 'no'; UserKnownHostsFile = '/dev/null'; LogLevel = 'ERROR'
                }
                Invoke-Command $there { Import-Module $using:manifest }
            }

            AfterAll {
                $there | Remove-PSSession
                $daemon | Stop-Process
                $madeFolder | Remove-Item
            }

            It 'serves clients here from a server there, which tells what it saw' {
                $server = Invoke-Command $there { Start-EchoServer -Address 127.0.0.1 -Name there -Framing Line }
                $server.PSComputerName | Should -Be '127.0.0.1'
                $server.State | Should -Be 'Listening'
                ('over there' | Send-SocketMessage -ComputerName 127.0.0.1 -Port $server.Port).Response | Should -BeExactly 'over there'
                $seen = Invoke-Command $there { Wait-EchoServer -Server (Get-EchoServer -Name there) -Kind MessageReceived }
                $seen.Message | Should -BeExactly 'over there'
                $seen.Timestamp | Should -BeOfType datetime
                $seen.Timestamp.Kind | Should -Be 'Local'
                Invoke-Command $there { Stop-EchoServer -Name there -Force -PassThru } | ForEach-Object State | Should -Be 'Stopped'
            }

            It 'tests a port here from there' {
                $server = Start-EchoServer -Address 127.0.0.1
                $seen = Invoke-Command $there { Test-PortAvailability -ComputerName 127.0.0.1 -Port ($using:server).Port }
                $seen | Where-Object Status -eq 'Open' | Group-Object PSComputerName | Should -HaveCount 1
                $server | Stop-EchoServer
            }
        }
    }
}
