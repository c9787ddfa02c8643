BeforeAll {
    Import-Module "$PSScriptRoot/../../PSSocketTools.psd1" -Force
    . "$PSScriptRoot/English.ps1"
    . "$PSScriptRoot/SessionAssertions.ps1"
    $server = Start-EchoServer
    $parts = 1..3 | ForEach-Object { $server | Measure-EchoServer -Rate 1000 -Count 50 -Connections 2 }

    # What a merge must keep, whatever way the parts took.
    function Assert-Merged($Merged) {
        $Merged.GetType().FullName | Should -Be 'PSSocketTools.EchoMeasurement'
        $Merged.Messages | Should -Be 150
        $Merged.Connections | Should -Be 6
        $Merged.Rate | Should -Be 3000
        $Merged.Errors | Should -Be 0
        $Merged.MaxMilliseconds | Should -Be ($parts | Measure-Object MaxMilliseconds -Maximum).Maximum
        $Merged.P50Milliseconds | Should -BeGreaterThan 0
        $Merged.LatencyCounts | Should -Be (Merge-EchoMeasurement $parts).LatencyCounts
        $Merged.ServiceCounts | Should -Be (Merge-EchoMeasurement $parts).ServiceCounts
        $Merged.ConnectP50Milliseconds | Should -BeGreaterThan 0
        [math]::Abs(($Merged.StartedAt - $parts[0].StartedAt).TotalSeconds) | Should -BeLessThan 1.5
    }
}

AfterAll {
    Get-EchoServer | Stop-EchoServer -Force
}

Describe 'Merge-EchoMeasurement' {
    It 'makes one of several, by the pipeline and by the parameter' {
        Assert-Merged ($parts | Merge-EchoMeasurement)
        Assert-Merged (Merge-EchoMeasurement $parts)
        ($parts | Merge-EchoMeasurement).MessagesPerSecond | Should -Be ($parts | Measure-Object MessagesPerSecond -Sum).Sum
    }

    It 'takes them out of <Name>' -ForEach @(
        @{ Name = 'JSON'; Way = { $parts | ConvertTo-Json -Depth 3 | ConvertFrom-Json } }
        @{ Name = 'hashtables, as JSON gives them, too'; Way = { $parts | ForEach-Object { $table = @{}; $_.PSObject.Properties | ForEach-Object { $table[$_.Name] = $_.Value }; $table } } }
        @{ Name = 'CSV'; Way = { $parts | ConvertTo-Csv -NoTypeInformation | ConvertFrom-Csv } }
        @{ Name = 'CLIXML, as remoting has it'; Way = {
                $parts | Export-Clixml "$TestDrive/parts.xml"
                Import-Clixml "$TestDrive/parts.xml"
            }
        }
    ) {
        Assert-Merged (& $Way | ForEach-Object { $_ } | Merge-EchoMeasurement)
    }

    It 'leaves out intervals, whose total has them' {
        $all = $server | Measure-EchoServer -DurationSec 0.5 -IntervalSec 0.1
        @($all).Count | Should -BeGreaterThan 1
        ($all | Merge-EchoMeasurement).Messages | Should -Be $all[-1].Messages
        $all[0] | Merge-EchoMeasurement -ErrorVariable failed -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        Assert-Error $failed InvalidOption InvalidArgument
        $failed[0].TargetObject | Should -Be $all[0]
    }

    It 'refuses <Property> <Value>, which no measurement has' -ForEach @(
        @{ Property = 'Messages'; Value = -5 }
        @{ Property = 'DurationMilliseconds'; Value = 'NaN' }
        @{ Property = 'Connections'; Value = 1e300 }
        @{ Property = 'LatencyCounts'; Value = '1 1 3:9223372036854775807 4:9223372036854775807' }
    ) {
        $changed = $parts[0] | ConvertTo-Json | ConvertFrom-Json
        $changed.$Property = $Value
        $changed | Merge-EchoMeasurement -ErrorVariable failed -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        Assert-Error $failed InvalidOption InvalidArgument
        "$failed" | Should -BeLike "*$Property*"
    }

    It 'says of what is no measurement what is missing, and merges the others' {
        $other = [pscustomobject]@{ ComputerName = 'web1' }
        $merged = @($parts[0], $other, $parts[1]) | Merge-EchoMeasurement -ErrorVariable failed -ErrorAction SilentlyContinue
        $merged.Messages | Should -Be 100
        Assert-Error $failed InvalidOption InvalidArgument
        $failed[0].Exception.Message | Should -BeLike '*Port*'
        $failed[0].TargetObject | Should -Be $other
    }
}
