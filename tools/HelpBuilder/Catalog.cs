using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;

namespace PSSocketTools.HelpBuilder;

/// <summary>The cmdlets as their assembly has them. Nothing of it runs: only its metadata is read.</summary>
internal sealed class Catalog : IDisposable
{
    private readonly MetadataLoadContext _context;

    public Catalog(string assembly, string automation)
    {
        // The first of a name is taken, and an assembly's own neighbours come first.
        string[] paths =
        [
            .. Directory.GetFiles(Path.GetDirectoryName(assembly)!, "*.dll"),
            automation,
            .. Directory.GetFiles(RuntimeEnvironment.GetRuntimeDirectory(), "*.dll"),
        ];
        _context = new MetadataLoadContext(new PathAssemblyResolver(paths.DistinctBy(Path.GetFileName)));
        Cmdlets = [.. _context.LoadFromAssemblyPath(assembly).GetTypes()
            .Where(type => type.Attribute("CmdletAttribute") is not null)
            .Select(type => new Cmdlet(type))
            .OrderBy(cmdlet => cmdlet.Name, StringComparer.Ordinal)];
    }

    public IReadOnlyList<Cmdlet> Cmdlets { get; }

    public void Dispose() => _context.Dispose();
}

internal sealed class Cmdlet
{
    /// <summary>The page of the parameters that SupportsShouldProcess gives a cmdlet.</summary>
    private const string ShouldProcessPage = "ShouldProcess";

    public Cmdlet(Type type)
    {
        var attribute = type.Attribute("CmdletAttribute")!;
        Verb = (string)attribute.ConstructorArguments[0].Value!;
        Noun = (string)attribute.ConstructorArguments[1].Value!;
        HelpUri = attribute.Named<string>("HelpUri");
        Parameters =
        [
            .. type.GetProperties()
                .Where(property => property.Attributes("ParameterAttribute").Any())
                .Select(property => new Parameter(property, property.DeclaringType == type ? null : property.DeclaringType!.Name))
                .Where(parameter => !parameter.IsHidden),
        ];
        if (attribute.Named<bool>("SupportsShouldProcess"))
        {
            Parameters = [.. Parameters, new Parameter("WhatIf", "wi", ShouldProcessPage), new Parameter("Confirm", "cf", ShouldProcessPage)];
        }

        var standard = attribute.Named<string>("DefaultParameterSetName");
        var sets = Parameters.SelectMany(parameter => parameter.Sets.Keys).Where(set => set != Parameter.AllSets).Distinct().ToList();
        Sets = sets.Count == 0 ? [Parameter.AllSets] : [.. sets.OrderByDescending(set => set == standard)];
    }

    public string Verb { get; }

    public string Noun { get; }

    public string Name => $"{Verb}-{Noun}";

    /// <summary>The English page on the web.</summary>
    public string? HelpUri { get; }

    public IReadOnlyList<Parameter> Parameters { get; }

    /// <summary>The names of the parameter sets, the default one first.</summary>
    public IReadOnlyList<string> Sets { get; }

    /// <summary>The parameters of a set as the syntax shows them: by position, then those that must be given, then the rest.</summary>
    public IEnumerable<(Parameter Parameter, Usage Usage)> InSet(string set) => Parameters
        .Select(parameter => (Parameter: parameter, Usage: parameter.In(set)))
        .Where(entry => entry.Usage is not null)
        .Select(entry => (entry.Parameter, entry.Usage!))
        .OrderBy(entry => entry.Item2.Position ?? int.MaxValue)
        .ThenByDescending(entry => entry.Item2.IsMandatory);
}

/// <summary>How a parameter is used in a parameter set.</summary>
internal sealed record Usage(bool IsMandatory, int? Position, bool ByValue, bool ByPropertyName)
{
    public string PipelineInput => (ByValue, ByPropertyName) switch
    {
        (true, true) => "True (ByPropertyName, ByValue)",
        (true, false) => "True (ByValue)",
        (false, true) => "True (ByPropertyName)",
        _ => "False",
    };
}

internal sealed class Parameter
{
    public const string AllSets = "__AllParameterSets";

    private static readonly Dictionary<string, string> Keywords = new()
    {
        ["Boolean"] = "bool", ["Byte"] = "byte", ["Double"] = "double", ["Int32"] = "int", ["Int64"] = "long", ["Object"] = "Object",
        ["String"] = "string", ["SwitchParameter"] = "switch", ["ScriptBlock"] = "scriptblock", ["SecureString"] = "securestring",
    };

    public Parameter(PropertyInfo property, string? sharedPage)
    {
        Name = property.Name;
        SharedPage = sharedPage;
        var type = Nullable(property.PropertyType);
        IsSwitch = type.Name == "SwitchParameter";
        Type = Keyword(type);
        var element = Nullable(type.IsArray ? type.GetElementType()! : type);
        Values = property.Attribute("ValidateSetAttribute") is { } set
            ? [.. ((IEnumerable<CustomAttributeTypedArgument>)set.ConstructorArguments[0].Value!).Select(value => (string)value.Value!)]
            : element.IsEnum
                ? [.. element.GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => field.Name)]
                : [];
        Default = property.Attribute("PSDefaultValueAttribute") is { } given
            ? Written(given.NamedArguments.Single(argument => argument.MemberName == "Value").TypedValue)
            : null;
        Range = property.Attribute("ValidateRangeAttribute") is { } range
            ? (Written(range.ConstructorArguments[0]), Written(range.ConstructorArguments[1]))
            : null;
        Aliases = property.Attribute("AliasAttribute") is { } alias
            ? [.. ((IEnumerable<CustomAttributeTypedArgument>)alias.ConstructorArguments[0].Value!).Select(value => (string)value.Value!)]
            : [];
        HasWildcards = property.Attribute("SupportsWildcardsAttribute") is not null;
        IsHidden = property.Attributes("ParameterAttribute").All(attribute => attribute.Named<bool>("DontShow"));
        Sets = property.Attributes("ParameterAttribute").ToDictionary(
            attribute => attribute.Named<string>("ParameterSetName") ?? AllSets,
            attribute => new Usage(
                attribute.Named<bool>("Mandatory"),
                attribute.NamedArguments.Any(argument => argument.MemberName == "Position") ? attribute.Named<int>("Position") : null,
                attribute.Named<bool>("ValueFromPipeline"),
                attribute.Named<bool>("ValueFromPipelineByPropertyName")));
    }

    public Parameter(string name, string alias, string sharedPage)
    {
        Name = name;
        SharedPage = sharedPage;
        IsSwitch = true;
        Type = Keywords["SwitchParameter"];
        Aliases = [alias];
        Sets = new Dictionary<string, Usage> { [AllSets] = new(false, null, false, false) };
    }

    public string Name { get; }

    /// <summary>The page in shared/ that may describe it for several cmdlets: the base class that has it.</summary>
    public string? SharedPage { get; }

    public string Type { get; }

    public bool IsSwitch { get; }

    public bool HasWildcards { get; }

    public bool IsHidden { get; }

    /// <summary>The names it takes, of an enumeration or a set.</summary>
    public IReadOnlyList<string> Values { get; } = [];

    /// <summary>What applies when it is not given, as a user would write it; null where that is no constant.</summary>
    public string? Default { get; }

    /// <summary>The least and the most, where it has them.</summary>
    public (string Lowest, string Highest)? Range { get; }

    public IReadOnlyList<string> Aliases { get; } = [];

    public IReadOnlyDictionary<string, Usage> Sets { get; }

    /// <summary>Whether something applies when it is not given: not so for a switch, which is off.</summary>
    public bool HasDefault => !IsSwitch && !Sets.Values.All(usage => usage.IsMandatory);

    public Usage? In(string set) => Sets.GetValueOrDefault(set) ?? Sets.GetValueOrDefault(AllSets);

    /// <summary>A constant as a user would write it, with the mebibytes in it where it is some of them.</summary>
    private static string Written(CustomAttributeTypedArgument constant)
    {
        if (constant.Value is IEnumerable<CustomAttributeTypedArgument> several)
        {
            return string.Join(", ", several.Select(Written));
        }

        if (constant.ArgumentType.IsEnum)
        {
            return constant.ArgumentType.GetFields(BindingFlags.Public | BindingFlags.Static)
                .Single(field => field.GetRawConstantValue()!.Equals(constant.Value)).Name;
        }

        if (constant.Value is string text)
        {
            return text;
        }

        const decimal Mebi = 1024 * 1024;
        var number = Convert.ToDecimal(constant.Value, CultureInfo.InvariantCulture);
        var written = number.ToString("0.############", CultureInfo.InvariantCulture);
        return number < Mebi || number % Mebi != 0 ? written
            : number % (1024 * Mebi) == 0 ? $"{written} ({number / (1024 * Mebi):0} GiB)"
            : $"{written} ({number / Mebi:0} MiB)";
    }

    private static Type Nullable(Type type) => type.Name == "Nullable`1" ? type.GetGenericArguments()[0] : type;

    private static string Keyword(Type type) =>
        type.IsArray ? Keyword(type.GetElementType()!) + "[]" : Keywords.GetValueOrDefault(type.Name, type.Name);
}

internal static class Metadata
{
    public static IEnumerable<CustomAttributeData> Attributes(this MemberInfo member, string name)
    {
        // Attributes of a property are not inherited by the metadata, which knows each property only where it is declared.
        return member.GetCustomAttributesData().Where(attribute => attribute.AttributeType.Name == name);
    }

    public static CustomAttributeData? Attribute(this MemberInfo member, string name) => member.Attributes(name).FirstOrDefault();

    public static T? Named<T>(this CustomAttributeData attribute, string name) =>
        attribute.NamedArguments.Where(argument => argument.MemberName == name).Select(argument => (T?)argument.TypedValue.Value).FirstOrDefault();
}
