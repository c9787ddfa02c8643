# The README's pictures are what a real PowerShell shows, made by tools/Pictures/New-Picture.ps1.
BeforeDiscovery {
    # They are made in a terminal of tmux's.
    $tmux = if ($PSEdition -eq 'Core' -and $IsLinux) { Get-Command tmux -CommandType Application -ErrorAction Ignore }
    $top = (Resolve-Path "$PSScriptRoot/../..").Path
    $pictures = foreach ($picture in [regex]::Matches([IO.File]::ReadAllText("$top/README.md"), '!\[(?<words>[^\]]*)\]\((?<path>[^)]+)\)')) {
        @{ Path = $picture.Groups['path'].Value; Words = $picture.Groups['words'].Value }
    }
}

BeforeAll {
    $root = (Resolve-Path "$PSScriptRoot/../..").Path
    Import-Module "$root/PSSocketTools.psd1" -Force
    . "$PSScriptRoot/SamePowerShell.ps1"

    # The lines of a picture, without what is another each time: times, ports that the system chose, and what was measured.
    function Get-PictureLine([string] $Path) {
        $lines = ([xml] [IO.File]::ReadAllText($Path)).svg.g.text | Group-Object y | Sort-Object { [int] $_.Name }
        foreach ($line in $lines) { ($line.Group.'#text' -join ' ') -replace '\d[\d:.,]*', '0' }
    }
}

Describe 'The pictures of README.md' {
    It 'come first: a session, and the latencies of a server' -ForEach @{ Paths = @($pictures | ForEach-Object { $_.Path }) } {
        $Paths | Should -Be 'docs/images/session.svg', 'docs/images/latency.svg'
        [IO.File]::ReadAllText("$root/README.md").IndexOf($Paths[1]) | Should -BeLessThan ([IO.File]::ReadAllText("$root/README.md").IndexOf('## Install'))
    }

    It 'has <Path>, with words for who does not see it' -ForEach $pictures {
        $svg = ([xml] [IO.File]::ReadAllText("$root/$Path")).svg
        $svg.title | Should -Not -BeNullOrEmpty
        $Words | Should -Not -BeNullOrEmpty
        @($svg.g.text).Count | Should -BeGreaterThan 20
    }

    if ($tmux) {
        It 'are made anew, and differ only in what differs' -Tag Linux {
            $ports = (Find-AvailablePort -Count 2).Port
            $made = & $pwsh @pwshArguments -NoProfile -File "$root/tools/Pictures/New-Picture.ps1" -Folder "$TestDrive/pictures" -Port $ports[0] -ClosedPort $ports[1] 2>&1
            $LASTEXITCODE | Should -Be 0 -Because ($made -join "`n")
            Get-PictureLine "$TestDrive/pictures/session.svg" | Should -Be (Get-PictureLine "$root/docs/images/session.svg")
            # How many bars there are, and how long, is measured.
            foreach ($picture in "$TestDrive/pictures", "$root/docs/images") {
                $lines = Get-PictureLine "$picture/latency.svg"
                $lines[0] | Should -Be 'PS> Start-EchoServer | Measure-EchoServer -Connections 0 -Count 0'
                $lines -match '^Latency in ms: p0 ' | Should -HaveCount 1
                $lines -match "^0 - 0 ms $([char] 0x2588)+ 0$" | Should -Not -BeNullOrEmpty
            }
        }
    }
}
