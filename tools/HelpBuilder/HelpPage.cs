namespace PSSocketTools.HelpBuilder;

/// <summary>A cmdlet's page: what the assembly says of it beside what its source does.</summary>
internal sealed record HelpPage(
    Cmdlet Cmdlet,
    IReadOnlyList<string> Synopsis,
    IReadOnlyList<string> Description,
    IReadOnlyList<Example> Examples,
    IReadOnlyList<ParameterText> Parameters,
    IReadOnlyList<TypeText> Inputs,
    IReadOnlyList<TypeText> Outputs,
    IReadOnlyList<string> Notes,
    IReadOnlyList<Link> Links);

internal sealed record Example(string Title, string Code, IReadOnlyList<string> Remarks);

/// <summary>A parameter's text, its range among it; and its default, where it has one.</summary>
internal sealed record ParameterText(Parameter Parameter, IReadOnlyList<string> Text, string? Default);

internal sealed record TypeText(string Name, IReadOnlyList<string> Text);

internal sealed record Link(string Text, string Uri);
