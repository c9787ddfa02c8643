BeforeAll {
    Import-Module "$PSScriptRoot/../../PSSocketTools.psd1" -Force
    . "$PSScriptRoot/English.ps1"

    # What comes out of a process job or a remoting hop.
    function Get-FromElsewhere($Object) {
        [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize($Object))
    }
}

Describe 'A server or a session by position' {
    BeforeEach {
        $lab = Start-EchoServer -Address 127.0.0.1 -Name lab -Framing Line
        $demo = Start-EchoServer -Address 127.0.0.1 -Name demo-1
        $ana = $lab | Connect-EchoServer -Name ana
        $rui = $lab | Connect-EchoServer -Name rui
        $null = Wait-EchoServer lab Connected -Count 2
    }

    AfterEach {
        Get-EchoSession | Disconnect-EchoServer -Reset
        Get-EchoServer | Stop-EchoServer -Force
    }

    It 'is a name, in any case, a name with wildcards, an id, an id as text, or the object' {
        (Get-EchoServer LAB).Id | Should -Be $lab.Id
        (Get-EchoServer de*).Id | Should -Be $demo.Id
        (Get-EchoServer $demo.Id).Id | Should -Be $demo.Id
        (Get-EchoServer "$($demo.Id)").Id | Should -Be $demo.Id
        (Get-EchoServer $lab) | Should -Be $lab
        @(Get-EchoServer lab, $demo.Id, $lab).Id | Should -Be $lab.Id, $demo.Id, $lab.Id
        @(Get-EchoServer @($lab, $demo)).Id | Should -Be $lab.Id, $demo.Id
        (Get-EchoSession an*).Id | Should -Be $ana.Id
        (Get-EchoSession $rui.Id).Name | Should -Be 'rui'
        @(Get-EchoServer 'no*').Count | Should -Be 0
    }

    It 'is a name before it is a number' {
        $numbered = Start-EchoServer -Address 127.0.0.1 -Name "$($lab.Id)"
        (Get-EchoServer "$($lab.Id)").Id | Should -Be $numbered.Id
        (Get-EchoServer $lab.Id).Name | Should -Be 'lab'
    }

    It 'is completed so that it finds the one that has it: <_>' -ForEach '1', '99', '007', '1.5', '0x10', '1kb', '-x', 'it is', 'plain' {
        $odd = Start-EchoServer -Address 127.0.0.1 -Name $_
        $offers = (TabExpansion2 'Get-EchoServer ' 15).CompletionMatches
        $offer = @($offers | Where-Object ListItemText -EQ $_)
        $offer.Count | Should -Be 1
        (Invoke-Expression "Get-EchoServer $($offer.CompletionText)").Id | Should -Be $odd.Id
        $failed = @()
        $_ | Get-EchoServer -ErrorVariable failed -ErrorAction SilentlyContinue
        $failed[0].Exception.Message | Should -BeLike "*Get-EchoServer $($offer.CompletionText)"
    }

    It 'is taken by every cmdlet that selects' {
        $null = 'x' | Send-SocketMessage -Session $ana
        (Wait-EchoServer lab ResponseSent).Message | Should -Be 'x'
        (Wait-EchoServer $lab.Id ResponseSent).Message | Should -Be 'x'
        (Wait-EchoServer $lab ResponseSent).Message | Should -Be 'x'
        (Get-EchoServerEvent lab -Kind MessageReceived).Message | Should -Be 'x'
        @(Get-EchoConnection lab).Count | Should -Be 2
        Disconnect-EchoServer ana
        (Get-EchoSession).Name | Should -Be 'rui'
        Stop-EchoServer de*, lab -Force
        Get-EchoServer | Should -BeNullOrEmpty
    }

    It 'is a kind of event where the server comes down the pipeline' {
        ($lab | Wait-EchoServer Started).Kind | Should -Be 'Started'
        ($lab | Wait-EchoServer started, connected -Count 3).Count | Should -Be 3
        ($lab | Wait-EchoServer -Kind Started).Kind | Should -Be 'Started'
        ($lab | Wait-EchoServer ([PSSocketTools.ServerEventKind]::Started)).Kind | Should -Be 'Started'
        ($lab | Get-EchoServerEvent Started).Kind | Should -Be 'Started'
        @($lab, $demo | Get-EchoServerEvent started, connected).Kind | Select-Object -Unique | Should -Be 'Started', 'Connected'
        ($lab | Get-EchoServerEvent ([PSSocketTools.ServerEventKind]::Started)).Kind | Should -Be 'Started'
        @($lab | Get-EchoServerEvent Connected -Last 1).Count | Should -Be 1
        @($lab | Get-EchoServerEvent).Kind | Should -Contain 'Started'
    }

    It 'and a kind are never taken for one another behind a pipeline: <_>' -ForEach '$lab | Get-EchoServerEvent lab', '$lab | Get-EchoServerEvent Started Connected', '$lab | Get-EchoServerEvent Started, lab' {
        { Invoke-Expression $_ } | Should -Throw -ErrorId 'InvalidOption,*' -ExpectedMessage '*$server | Get-EchoServerEvent Connected*Stopped.'
    }

    It 'that is a port, not an id, is told how it is found: <Cmdlet>' -ForEach @(
        @{ Cmdlet = 'Stop-EchoServer'; Way = 'Stop-EchoServer -Port {0}' }
        @{ Cmdlet = 'Get-EchoServer'; Way = 'Get-EchoServer -Port {0}' }
        @{ Cmdlet = 'Get-EchoServerEvent'; Way = 'Get-EchoServerEvent demo-1' }
        @{ Cmdlet = 'Get-EchoConnection'; Way = 'Get-EchoConnection demo-1' }
        @{ Cmdlet = 'Wait-EchoServer'; Way = 'Wait-EchoServer demo-1'; Rest = 'Started' }
    ) {
        { Invoke-Expression "$Cmdlet $($demo.Port) $Rest -ErrorAction Stop" } |
            Should -Throw -ErrorId 'NotFound,*' -ExpectedMessage "No echo server runs with Id '$($demo.Port)', but one listens on port $($demo.Port): $($Way -f $demo.Port) finds it."
        $demo.State | Should -Be 'Listening'
    }

    It 'that is not there is an error, and the next is taken: <Line>' -ForEach @(
        @{ Line = 'Get-EchoServer nobody, lab'; Found = 'lab' }
        @{ Line = 'Get-EchoServer 99999, lab'; Found = 'lab' }
        @{ Line = 'Get-EchoSession nobody, ana'; Found = 'ana' }
    ) {
        $got = Invoke-Expression "$Line -ErrorVariable failed -ErrorAction SilentlyContinue"
        $got.Name | Should -Be $Found
        @($failed).Count | Should -Be 1
        $failed[0].FullyQualifiedErrorId | Should -BeLike 'NotFound,*'
    }

    It 'is never a number or a name from the pipeline: <Line>' -ForEach @(
        @{ Line = '$lab.Id | Stop-EchoServer'; Says = '*came down the pipeline*Stop-EchoServer*' }
        @{ Line = '"lab" | Stop-EchoServer'; Says = '*Stop-EchoServer lab*' }
        @{ Line = '$ana.Id | Disconnect-EchoServer'; Says = '*Disconnect-EchoServer*' }
        @{ Line = '1 | Get-EchoServerEvent'; Says = '*Get-EchoServerEvent 1*' }
        @{ Line = '1 | Wait-EchoServer Connected'; Says = '*Wait-EchoServer 1*' }
        @{ Line = '1 | Get-EchoConnection'; Says = '*Get-EchoConnection 1*' }
    ) {
        { $ErrorActionPreference = 'Stop'; Invoke-Expression $Line } | Should -Throw -ErrorId 'InvalidOption,*' -ExpectedMessage $Says
        $lab.State | Should -Be 'Listening'
        $ana.State | Should -Be 'Open'
    }

    It 'is nothing else, with a sentence that says what it is: <_>' -ForEach 'Get-EchoServer (Get-Date)', 'Stop-EchoServer $ana', 'Get-EchoSession $lab', 'Get-EchoServer 1.5', 'Get-Date | Stop-EchoServer' {
        { $ErrorActionPreference = 'Stop'; Invoke-Expression $_ } | Should -Throw -ErrorId 'InvalidOption,*' -ExpectedMessage '* is no se*'
    }

    It 'from elsewhere is refused with its port: <_>' -ForEach @(
        'Stop-EchoServer $far', '$far | Stop-EchoServer', 'Get-EchoServer $far', '$far | Wait-EchoServer Connected', 'Wait-EchoServer $far Connected', 'Get-EchoServerEvent $far'
        'Get-EchoConnection $far', 'Send-SocketMessage hi -Server $far', '$far | Send-SocketMessage hi', 'Connect-EchoServer -Server $far', '$far | Measure-EchoServer -Count 1', 'Enter-EchoSession -Server $far'
    ) {
        $far = Get-FromElsewhere $lab
        { $ErrorActionPreference = 'Stop'; Invoke-Expression $_ } | Should -Throw -ExpectedMessage "*lab*-Port $($lab.Port)*"
        $lab.State | Should -Be 'Listening'
    }

    It 'from elsewhere is still connected to by its port' {
        (Get-FromElsewhere $lab | Connect-EchoServer).Port | Should -Be $lab.Port
    }

    It 'from elsewhere, a session, is refused: <_>' -ForEach 'Disconnect-EchoServer $far', '$far | Disconnect-EchoServer', 'Get-EchoSession $far' {
        $far = Get-FromElsewhere $ana
        { $ErrorActionPreference = 'Stop'; Invoke-Expression $_ } | Should -Throw -ErrorId 'InvalidOption,*' -ExpectedMessage '*ana*'
    }

    It 'from elsewhere, a connection as an argument, is refused: <_>' -ForEach 'Send-SocketMessage hi -Connection $far', 'Disconnect-EchoConnection $far', 'Disconnect-EchoConnection $here, $far', '$far | Disconnect-EchoConnection' {
        $here = ($lab | Get-EchoConnection)[0]
        $far = Get-FromElsewhere $here
        { $ErrorActionPreference = 'Stop'; Invoke-Expression $_ } | Should -Throw '*another process or computer, and only a description of it is here*' -ErrorId 'ParameterArgumentTransformationError,*'
        ($lab | Get-EchoConnection).Count | Should -Be 2
    }

    It 'from elsewhere, a fault or a connection, is refused: <_>' -ForEach '$fault | Remove-EchoServerFault', '$connection | Stop-EchoServer', '$session | Stop-EchoServer' {
        $fault = Get-FromElsewhere (Add-EchoServerFault $lab -Delay 1 -PassThru)
        $connection = Get-FromElsewhere ($lab | Get-EchoConnection)[0]
        $session = Get-FromElsewhere $ana
        { $ErrorActionPreference = 'Stop'; Invoke-Expression $_ } | Should -Throw -ErrorId 'InvalidOption,*' -ExpectedMessage '*another process or computer, and only a description of it is here*'
        @(Get-EchoServerFault).Count | Should -Be 1
        $lab.State | Should -Be 'Listening'
    }

    It 'is asked for by Wait-EchoServer, with what it waits for: <_>' -ForEach 'Wait-EchoServer', 'Wait-EchoServer lab', 'Wait-EchoServer -Kind Connected', '$lab | Wait-EchoServer' {
        { Invoke-Expression $_ } | Should -Throw -ErrorId 'InvalidOption,*' -ExpectedMessage '*Wait-EchoServer lab Connected*Stopped*'
    }
}
