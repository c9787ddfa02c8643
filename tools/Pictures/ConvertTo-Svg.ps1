# What tmux says of a screen, with its colours (capture-pane -e), as an SVG picture: dot-source it for ConvertTo-Svg.

# The sixteen colours of a terminal, light ones behind; further ones by their number, as xterm has them.
$script:palette = @(
    '#2e3436', '#e06c75', '#98c379', '#e5c07b', '#61afef', '#c678dd', '#56b6c2', '#d7dae0',
    '#7f848e', '#ff7b86', '#b5e890', '#ffd68a', '#7cc4ff', '#dd95f2', '#6fd8e4', '#ffffff'
)

function Get-Colour([int] $Number) {
    if ($Number -lt 16) { return $palette[$Number] }
    if ($Number -gt 231) { $grey = 8 + 10 * ($Number - 232); return '#{0:x2}{0:x2}{0:x2}' -f $grey }
    $cube = $Number - 16
    $levels = foreach ($part in [Math]::Floor($cube / 36), [Math]::Floor($cube / 6) % 6, $cube % 6) { if ($part) { 55 + 40 * $part } else { 0 } }
    '#{0:x2}{1:x2}{2:x2}' -f [int] $levels[0], [int] $levels[1], [int] $levels[2]
}

# Takes one escape sequence's numbers into how the text behind it looks.
function Step-Look([hashtable] $Look, [int[]] $Codes) {
    for ($i = 0; $i -lt $Codes.Count; $i++) {
        switch ($Codes[$i]) {
            0 { $Look.Clear() }
            1 { $Look.Bold = $true }
            2 { $Look.Faint = $true }
            3 { $Look.Italic = $true }
            22 { $Look.Remove('Bold'); $Look.Remove('Faint') }
            23 { $Look.Remove('Italic') }
            { $_ -in 30..37 } { $Look.Colour = Get-Colour ($_ - 30) }
            { $_ -in 90..97 } { $Look.Colour = Get-Colour ($_ - 82) }
            39 { $Look.Remove('Colour') }
            38 {
                if ($Codes[$i + 1] -eq 5) { $Look.Colour = Get-Colour $Codes[$i + 2]; $i += 2 }
                else { $Look.Colour = '#{0:x2}{1:x2}{2:x2}' -f $Codes[($i + 2)..($i + 4)]; $i += 4 }
            }
        }
    }
}

# The columns that a character takes: two of what an emoji is made of.
function Get-Columns([string] $Character) { if ([char]::ConvertToUtf32($Character, 0) -ge 0x1F000) { 2 } else { 1 } }

function ConvertTo-Svg {
    param([string[]] $Screen, [int] $Columns, [string] $Title)

    $cell = 8.4
    $line = 18
    $edge = 16
    $encode = { param($Text) [Security.SecurityElement]::Escape($Text) }
    $svg = [Collections.Generic.List[string]]::new()
    $width = [Math]::Ceiling($Columns * $cell) + 2 * $edge
    $height = $Screen.Count * $line + 2 * $edge
    $svg.Add("<svg xmlns=""http://www.w3.org/2000/svg"" width=""$width"" height=""$height"" viewBox=""0 0 $width $height"" role=""img"" aria-label=""$(& $encode $Title)"">")
    $svg.Add("<title>$(& $encode $Title)</title>")
    $svg.Add("<rect width=""$width"" height=""$height"" rx=""8"" fill=""#1e2127""/>")
    $svg.Add("<g font-family=""'Cascadia Mono', Consolas, Menlo, 'DejaVu Sans Mono', monospace"" font-size=""14"" fill=""#d7dae0"" xml:space=""preserve"">")
    $look = @{}
    for ($row = 0; $row -lt $Screen.Count; $row++) {
        $y = $edge + ($row + 1) * $line - 5
        $column = 0
        foreach ($part in [regex]::Matches($Screen[$row], '\e\[(?<codes>[\d;]*)m|\e.|(?<text>[^\e]+)')) {
            if (-not $part.Groups['text'].Success) {
                if ($part.Groups['codes'].Success) { Step-Look $look @($part.Groups['codes'].Value -split ';' | ForEach-Object { [int] "0$_" }) }
                continue
            }

            # Words by themselves, each at its own place, so that columns stay columns in whatever font there is.
            foreach ($word in [regex]::Matches($part.Groups['text'].Value, ' +|(?:(?![\uD800-\uDBFF ]).)+|[\uD800-\uDBFF].')) {
                $text = $word.Value
                $taken = if ([char]::IsHighSurrogate($text[0])) { Get-Columns $text } else { $text.Length }
                if ($text[0] -ne ' ') {
                    $style = -join @(
                        if ($look.Colour) { " fill=""$($look.Colour)""" }
                        if ($look.Bold) { ' font-weight="bold"' }
                        if ($look.Italic) { ' font-style="italic"' }
                        if ($look.Faint) { ' opacity="0.6"' }
                    )
                    $x = ($edge + $column * $cell).ToString('0.#', [cultureinfo]::InvariantCulture)
                    $length = ($taken * $cell).ToString('0.#', [cultureinfo]::InvariantCulture)
                    $svg.Add("<text x=""$x"" y=""$y"" textLength=""$length"" lengthAdjust=""spacingAndGlyphs""$style>$(& $encode $text)</text>")
                }
                $column += $taken
            }
        }
    }

    $svg.Add('</g>')
    $svg.Add('</svg>')
    $svg -join "`n"
}
