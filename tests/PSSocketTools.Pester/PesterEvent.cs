namespace PSSocketTools.Pester;

/// <summary>One line that the running script writes.</summary>
/// <param name="Kind">unfit, file, test, failure or end.</param>
/// <param name="File">The test file it is about.</param>
/// <param name="Line">The line in that file, from 1.</param>
/// <param name="Name">A test's path of names, expanded.</param>
/// <param name="Result">What Pester calls the test's outcome.</param>
/// <param name="Duration">How long the test took, in milliseconds.</param>
/// <param name="Started">When the test began.</param>
/// <param name="Message">What went wrong, or why the test was skipped.</param>
/// <param name="Stack">Where it went wrong.</param>
/// <param name="Reason">Why this PowerShell can't run the suite.</param>
internal sealed record PesterEvent(
    string Kind, string? File, int Line, string? Name, string? Result, double Duration, DateTimeOffset Started, string? Message, string? Stack, string? Reason);
