BeforeAll {
    Import-Module "$PSScriptRoot/../../PSSocketTools.psd1" -Force
    . "$PSScriptRoot/English.ps1"
    . "$PSScriptRoot/BareClient.ps1"

    # What an exchange ends with: the answer, or the id of the error.
    function Get-Outcome($Server, $Message = 'hello') {
        try { (Send-SocketMessage $Message -Server $Server -ErrorAction Stop).Response }
        catch { $_.FullyQualifiedErrorId -replace ',.*' }
    }

    $before = $env:PSSOCKETTOOLS_TRANSPORT
}

AfterAll { $env:PSSOCKETTOOLS_TRANSPORT = $before }

Describe 'The faults of a server over <_>' -ForEach $(if ($IsLinux) { 'Epoll', 'Async' } else { 'Async' }) {
    BeforeAll { $transport = $env:PSSOCKETTOOLS_TRANSPORT = $_ }

    BeforeEach {
        $server = Start-EchoServer -Address 127.0.0.1 -Name lab
        $server.Transport | Should -Be $transport
    }

    AfterEach {
        Get-EchoSession | Disconnect-EchoServer -Reset
        Get-EchoServer | Stop-EchoServer -Force
    }

    It 'fail the first two requests, and are counted' {
        Add-EchoServerFault lab -Reset -Count 2 | Should -BeNullOrEmpty
        1..4 | ForEach-Object { Get-Outcome $server } | Should -Be 'ConnectionReset', 'ConnectionReset', 'hello', 'hello'
        $fault = Get-EchoServerFault lab
        $fault.Struck | Should -Be 2
        $fault.ServerId | Should -Be $server.Id
        $fault.Kind | Should -Be 'Reset'
        $fault.When | Should -Be 'At Message, Count 2'
        $events = $server | Wait-EchoServer FaultStruck -Count 2
        $events.Fault | Should -Be "$fault", "$fault"
        $ended = $server | Wait-EchoServer Disconnected -Count 4
        @($ended | Where-Object Reason -EQ FaultStruck).Fault | Should -Be "$fault", "$fault"
        -join @($ended | Where-Object Reason -NE FaultStruck).Fault | Should -BeNullOrEmpty
    }

    It 'are seen by a bare client: <Name>' -ForEach @(
        @{ Name = 'a cut'; Fault = @{ TruncateAfterBytes = 3 }; Expected = 'hel' }
        @{ Name = 'no answer'; Fault = @{ TruncateAfterBytes = 0 }; Expected = '' }
        @{ Name = 'an end'; Fault = @{ Disconnect = $true }; Expected = '' }
        @{ Name = 'an end after the answer'; Fault = @{ Disconnect = $true; At = 'Response' }; Expected = "hello`n" }
        @{ Name = 'fragments'; Fault = @{ FragmentBytes = 2; FragmentDelay = '1-2' }; Expected = "hello`n" }
        @{ Name = 'a delay'; Fault = @{ Delay = '1-20' }; Expected = "hello`n" }
        @{ Name = 'a delay of zero'; Fault = @{ Delay = 0 }; Expected = "hello`n" }
        @{ Name = 'whole fragments'; Fault = @{ FragmentBytes = 0 }; Expected = "hello`n" }
    ) {
        $server | Add-EchoServerFault @Fault
        Get-BareAnswer $server "hello`n" | Should -BeExactly $Expected
    }

    It 'let go what they stall when they are removed, also from another runspace' {
        $fault = $server | Add-EchoServerFault -Stall -PassThru
        $client = Connect-Bare $server
        Send-Bare $client "hello`n"
        $null = $server | Wait-EchoServer FaultStruck
        $other = [powershell]::Create().AddScript({ param($module, $id) Import-Module $module; Remove-EchoServerFault -Id $id })
        $null = $other.AddArgument("$PSScriptRoot/../../PSSocketTools.psd1").AddArgument($fault.Id).Invoke()
        $other.Streams.Error | Should -BeNullOrEmpty
        $other.Dispose()
        Close-BareOutput $client
        Read-Bare $client | Should -BeExactly "hello`n"
        Get-EchoServerFault | Should -BeNullOrEmpty
    }

    It 'strike the same messages with the same seed' {
        $server | Stop-EchoServer
        $server = Start-EchoServer -Address 127.0.0.1 -Name lab -Framing Line
        1..2 | ForEach-Object {
            Add-EchoServerFault lab -Corrupt -Percent 30 -Seed 7
            $answers = 1..40 | ForEach-Object { "number $_" } | Send-SocketMessage -Server $server
            $struck = @($answers | Where-Object { $_.Message -ne $_.Response } | ForEach-Object { $_.Message -replace 'number ' })
            $struck -join ' ' | Should -Be '4 7 12 13 14 22 25 30 33 36 39 40'
            Remove-EchoServerFault lab
        }
    }

    It 'are those of Start-EchoServer too' {
        $server = Start-EchoServer -Address 127.0.0.1 -ResponseDelayMilliseconds 5-10 -DisconnectAfter 2 -FragmentBytes 3
        $faults = @(Get-EchoServerFault $server)
        $faults.Kind | Should -Be 'Delay', 'Fragment', 'Disconnect'
        $faults.Settings | Should -Be 'Delay 5-10', 'FragmentBytes 3', ''
        $server.Faults | Should -Be (($faults | ForEach-Object { "$_ ($($_.When))" }) -join ', ')
        $null = 'a', 'b' | Send-SocketMessage -Server $server
        $faults.Struck | Should -Be 2, 2, 1
    }
}

Describe 'The cmdlets of faults' {
    BeforeEach {
        $server = Start-EchoServer -Address 127.0.0.1 -Name lab
        $other = Start-EchoServer -Address 127.0.0.1 -Name other
    }

    AfterEach { Get-EchoServer | Stop-EchoServer -Force }

    It 'take names, wildcards, ids and objects' {
        Add-EchoServerFault l* -Reset
        Add-EchoServerFault $server.Id -Stall
        Add-EchoServerFault $server, other -Disconnect
        $server, $other | Add-EchoServerFault -Corrupt
        (Get-EchoServerFault lab).Kind | Should -Be 'Reset', 'Stall', 'Disconnect', 'Corrupt'
        ($other | Get-EchoServerFault).Kind | Should -Be 'Disconnect', 'Corrupt'
        (Get-EchoServerFault).Count | Should -Be 6
    }

    It 'remove by object, by number, and all of a server' {
        $faults = Add-EchoServerFault lab, other -Reset -PassThru
        $more = Add-EchoServerFault lab -Stall -PassThru
        $faults[0] | Remove-EchoServerFault
        (Get-EchoServerFault).Id | Should -Be $more.Id, $faults[1].Id
        Remove-EchoServerFault -Id $more.Id -PassThru | Should -Be $more
        Remove-EchoServerFault $faults[1]
        Get-EchoServerFault | Should -BeNullOrEmpty
        Add-EchoServerFault lab, other -Reset
        Remove-EchoServerFault lab
        (Get-EchoServerFault).ServerId | Should -Be $other.Id
        $other | Remove-EchoServerFault
        Get-EchoServerFault | Should -BeNullOrEmpty
        Add-EchoServerFault lab, other -Reset
        Get-EchoServerFault | Remove-EchoServerFault
        Get-EchoServerFault | Should -BeNullOrEmpty
    }

    It 'change nothing with -WhatIf' {
        Add-EchoServerFault lab -Reset -WhatIf
        Get-EchoServerFault lab | Should -BeNullOrEmpty
        Add-EchoServerFault lab -Reset
        Remove-EchoServerFault lab -WhatIf
        @(Get-EchoServerFault lab).Count | Should -Be 1
        { Add-EchoServerFault lab -Drop -WhatIf -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidOption,*' -ExpectedMessage '*datagrams*'
    }

    It 'draw a seed and tell it' {
        $fault = Add-EchoServerFault lab -Reset -Percent 12.5 -After 3 -PerConnection -From 127.0.0.0/8 -PassThru
        $fault.When | Should -Match '^At Message, After 3, PerConnection, Percent 12\.5, Seed \d+, From 127\.0\.0\.0/8$'
    }

    It 'refuse <Line>, and say the way out' -ForEach @(
        @{ Line = 'Add-EchoServerFault lab -Drop'; Says = '-Drop is for datagrams*-Stall, -Disconnect or -Reset*' }
        @{ Line = 'Add-EchoServerFault lab -Corrupt -At Connect'; Says = '-Corrupt has nothing to act on at Connect*-At out*' }
        @{ Line = 'Add-EchoServerFault lab -TruncateAfterBytes 3 -At Message'; Says = '-TruncateAfterBytes has nothing*' }
        @{ Line = 'Add-EchoServerFault lab -Reset -Seed 7'; Says = '-Seed is for what is drawn*-Percent, -Corrupt*' }
        @{ Line = 'Add-EchoServerFault lab -Reset -At Connect -PerConnection'; Says = '-PerConnection*-At Connect*' }
        @{ Line = 'Add-EchoServerFault lab -Delay 700000'; Says = '-Delay is 700000*600000*' }
        @{ Line = 'Add-EchoServerFault lab -FragmentBytes 1 -FragmentDelay 700000'; Says = '-FragmentDelay is 700000*' }
        @{ Line = 'Add-EchoServerFault lab -Reset -From nowhere'; Says = '*nowhere*' }
        @{ Line = 'Add-EchoServerFault lab'; Says = '*-Delay, -FragmentBytes*' }
        @{ Line = 'Add-EchoServerFault lab -Reset:$false'; Says = '*-Delay, -FragmentBytes*' }
        @{ Line = 'Add-EchoServerFault -Reset'; Says = '*which server*' }
        @{ Line = 'Remove-EchoServerFault'; Says = '*Get-EchoServerFault | Remove-EchoServerFault*' }
        @{ Line = 'Add-EchoServerFault (Start-EchoServer -Protocol Udp) -Stall'; Says = '-Stall is for connections*-Drop or -Duplicate*' }
        @{ Line = 'Add-EchoServerFault (Start-EchoServer -Protocol Udp) -Delay 1 -At Connect'; Says = '-At Connect needs connections*' }
        @{ Line = 'Add-EchoServerFault (Start-EchoServer -NoResponse) -Corrupt'; Says = '-Corrupt strikes responses*' }
    ) {
        $failure = { Invoke-Expression "$Line -ErrorAction Stop" } | Should -Throw -PassThru
        $failure.FullyQualifiedErrorId | Should -BeLike 'InvalidOption,*'
        $failure.Exception.Message | Should -BeLike $Says
    }

    It 'refuse two faults at once' {
        { Add-EchoServerFault lab -Reset -Stall -ErrorAction Stop } | Should -Throw -ErrorId 'AmbiguousParameterSet,*'
    }

    It 'refuse a stopped server, and tell of its faults' {
        $fault = Add-EchoServerFault lab -Reset -PassThru
        $server | Stop-EchoServer
        $failure = { $server | Add-EchoServerFault -Reset -ErrorAction Stop } | Should -Throw -PassThru
        $failure.FullyQualifiedErrorId | Should -BeLike 'ServerStopped,*'
        $failure.Exception.Message | Should -BeLike '*Start-EchoServer*'
        $server | Get-EchoServerFault | Should -Be $fault
        $server | Remove-EchoServerFault
        $server | Get-EchoServerFault | Should -BeNullOrEmpty
    }

    It 'show a table within 80 columns' {
        Add-EchoServerFault lab -Delay 100-500 -After 2 -Count 3 -PerConnection -Percent 30 -Seed 123456 -From 10.0.0.0/8
        $lines = (Get-EchoServerFault | Out-String -Width 80) -split '\r?\n'
        $lines | ForEach-Object { $_.Length | Should -BeLessOrEqual 80 }
        -join $lines | Should -Match 'Server\s+Id Kind\s+Struck Settings\s+When'
    }
}
