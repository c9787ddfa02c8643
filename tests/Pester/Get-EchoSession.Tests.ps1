BeforeAll {
    Import-Module "$PSScriptRoot/../../PSSocketTools.psd1" -Force
    . "$PSScriptRoot/Beside.ps1"
    . "$PSScriptRoot/SessionAssertions.ps1"
}

Describe 'Get-EchoSession' {
    BeforeEach {
        $server = Start-EchoServer
        $one = $server | Connect-EchoServer -Name one
        $two = $server | Connect-EchoServer -Name two
        # A client that still waits in the backlog is reset when the server stops.
        $null = $server | Wait-EchoServer Connected -Count 2
    }

    AfterEach {
        Clear-Beside
        Get-EchoSession | Disconnect-EchoServer -Reset
        Get-EchoServer | Stop-EchoServer -Force
    }

    It 'gives all that are known, by number' {
        (Get-EchoSession).Name | Should -Be 'one', 'two'
        (Get-EchoSession).Id | Should -Be $one.Id, $two.Id
        $two.Id | Should -BeGreaterThan $one.Id
    }

    It 'gives nothing, and no error, where there is none' {
        Get-EchoSession | Disconnect-EchoServer
        Get-EchoSession -ErrorAction Stop | Should -BeNullOrEmpty
    }

    It 'finds by <By>' -ForEach @(
        @{ By = '-Id'; Find = { Get-EchoSession -Id $two.Id } }
        @{ By = '-Name, in any case'; Find = { Get-EchoSession -Name TWO } }
        @{ By = '-Name with a wildcard'; Find = { Get-EchoSession -Name t* } }
        @{ By = '-Session'; Find = { Get-EchoSession -Session $two } }
        @{ By = 'position'; Find = { Get-EchoSession $two } }
        @{ By = 'the pipeline'; Find = { $two | Get-EchoSession } }
    ) {
        $found = & $Find
        $found | Should -HaveCount 1
        [object]::ReferenceEquals($found, $two) | Should -BeTrue
    }

    It 'finds several' {
        (Get-EchoSession -Id $two.Id, $one.Id).Name | Should -Be 'two', 'one'
        (Get-EchoSession -Name o*, two).Name | Should -Be 'one', 'two'
        ($one, $two | Get-EchoSession).Name | Should -Be 'one', 'two'
    }

    It 'says that none has the <What> <Value>, and gives the others' -ForEach @(
        @{ What = 'Id'; Value = 999999 }
        @{ What = 'Name'; Value = 'nobody' }
    ) {
        $options = @{ $What = $Value, $two.$What }
        $found = Get-EchoSession @options -ErrorVariable failed -ErrorAction SilentlyContinue
        $found.Name | Should -Be 'two'
        Assert-Error $failed NotFound ObjectNotFound
        $failed[0].TargetObject | Should -Be $Value
        $failed[0].Exception.Message | Should -BeLike "*$What*$Value*Get-EchoSession*"
    }

    It 'has no error for a wildcard that matches nothing' {
        Get-EchoSession -Name nobody* -ErrorAction Stop | Should -BeNullOrEmpty
    }

    It 'refuses an empty <_>' -ForEach 'Session', 'Id', 'Name' {
        $options = @{ $_ = @() }
        { Get-EchoSession @options } | Should -Throw -ErrorId 'ParameterArgumentValidationError*'
    }

    It 'takes nothing but sessions down the pipeline' {
        { $server | Get-EchoSession -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidOption,*'
        { [pscustomobject]@{ Id = $one.Id; Name = 'one' } | Get-EchoSession -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidOption,*'
    }

    It 'still has a session that its server has closed, and says so' {
        $server | Stop-EchoServer -Force
        $found = Get-EchoSession -Name one
        $found.State | Should -Be 'Closed'
        $found.Reason | Should -Be 'ServerClosed'
    }

    It 'looks for the end of a session, which a table or a list does not' {
        $server | Stop-EchoServer -Force
        $one | Format-Table | Out-String | Should -Match 'Open'
        $one | Format-List * | Out-String | Should -Match 'Open'
        (Get-EchoSession -Name one).State | Should -Be 'Closed'
        $one.State | Should -Be 'Closed' -Because 'it is the same session'
        $one | Format-Table | Out-String | Should -Match 'Closed'
    }

    It 'has a session no more that was disconnected' {
        $one | Disconnect-EchoServer
        (Get-EchoSession).Name | Should -Be 'two'
    }

    It 'gives the sessions of other runspaces too' {
        $other = Start-Beside { (Get-EchoSession).Name }
        Wait-Beside $other | Should -Be 'one', 'two'
    }
}
