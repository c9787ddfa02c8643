# Dot-source it in BeforeAll.

# One error, with its id, its category, a target, and a sentence with the way out.
function Assert-Error($Errors, [string] $Id, [string] $Category) {
    $Errors.Count | Should -Be 1
    $Errors[0].FullyQualifiedErrorId | Should -BeLike "$Id,PSSocketTools.Commands.*"
    $Errors[0].CategoryInfo.Category | Should -Be $Category
    $Errors[0].TargetObject | Should -Not -BeNullOrEmpty
    $Errors[0].Exception.Message | Should -Match '\. .+\.$|\?$' -Because 'it says what happened and the way out'
}
