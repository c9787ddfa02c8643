using Mono.Cecil;
using Mono.Cecil.Cil;
using Xunit;

namespace PSSocketTools.Tests;

/// <summary>
/// The house as CONTRIBUTING draws it, read from the assemblies that were built: which room uses which. A type's room is its folder:
/// its namespace, or, since public types are in the root namespace, the file its debug symbols name.
/// </summary>
public sealed class HouseTests
{
    private const string Root = "PSSocketTools";

    /// <summary>The folders that each may use beside itself.</summary>
    private static readonly Dictionary<string, string[]> Arrows = new()
    {
        ["Platform"] = [],
        ["Net"] = ["Platform"],
        ["Framing"] = ["Net", "Platform"],
        ["Tls"] = ["Net", "Platform"],
        ["Server"] =
        [
            "Server/Transport/Epoll", "Server/Transport/Async", "Server/Transport", "Server/Conversations",
            "Server/Faults", "Server/Journal", "Tls", "Framing", "Net", "Platform",
        ],
#if !NETSTANDARD_BUILD
        ["Server/Transport/Epoll"] = ["Server/Transport/Datagrams", "Server/Transport", "Server/Conversations", "Server/Journal", "Tls", "Net", "Platform"],
#endif
        ["Server/Transport/Async"] = ["Server/Transport/Datagrams", "Server/Transport", "Server/Conversations", "Server/Journal", "Tls", "Net", "Platform"],
        ["Server/Transport/Datagrams"] = ["Server/Transport", "Server/Conversations", "Server/Faults", "Server/Journal", "Framing", "Net", "Platform"],
        ["Server/Transport"] = ["Server/Conversations", "Server/Journal", "Tls", "Net", "Platform"],
        ["Server/Conversations"] = ["Server/Faults", "Server/Journal", "Framing", "Net", "Platform"],
        ["Server/Faults"] = ["Server/Journal", "Net", "Platform"],
        ["Server/Journal"] = ["Net", "Platform"],
        ["Client"] = ["Tls", "Framing", "Net", "Platform"],
        ["Ports"] = ["Ports/Probing", "Tls", "Net", "Platform"],
        ["Ports/Probing"] = ["Net", "Platform"],
        ["Load"] = ["Client", "Tls", "Framing", "Net", "Platform"],
    };

    [Fact]
    public void Every_arrow_points_the_way_that_the_house_is_drawn()
    {
        var against = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var (type, used) in Uses())
        {
            var from = RoomOf(type);
            var to = RoomOf(used);
            if (from != to && !Arrows[from].Contains(to))
            {
                against.Add($"{from} -> {to}: {type.Name} uses {used.Name}");
            }
        }

        Assert.True(against.Count == 0, string.Join(Environment.NewLine, against));
    }

    [Fact]
    public void Every_folder_is_in_the_table_of_arrows()
    {
        Assert.Equal(Arrows.Keys.Order(), OwnTypes().Select(RoomOf).Distinct().Order());
    }

    [Fact]
    public void Public_types_are_in_the_root_namespace_and_others_in_their_folders()
    {
        Assert.All(OwnTypes(), type => Assert.Equal(
            type.IsPublic ? Root : Root + "." + RoomOf(type).Replace('/', '.'), type.Namespace));
    }

    /// <summary>
    /// The parts of a session hold no session and no sender, so that each is read, and tested, by itself. A base class counts as one
    /// with what derives from it: a field of the one may hold the other.
    /// </summary>
    [Fact]
    public void What_the_client_holds_in_fields_is_a_tree()
    {
        var held = OwnTypes().Where(static type => RoomOf(type) == "Client").SelectMany(WithNested)
            .SelectMany(static type => type.Fields.Where(static field => !field.IsStatic).SelectMany(static field => Parts(field.FieldType)), static (type, part) => (type, part))
            .Where(static one => one.part is not GenericParameter && one.part.Scope == Core.Value.MainModule)
            .Select(static one => (From: Eldest(one.type), To: Eldest(one.part.Resolve())))
            .Where(static one => one.From != one.To && RoomOf(Outermost(one.To)!) == "Client")
            .ToLookup(static one => one.From, static one => one.To);

        // The rule would hold in vain if its reader overlooked the parameters that a class keeps.
        Assert.Contains(held.Single(static one => one.Key.Name == "EchoSession"), static one => one.Name == "SessionReceiver");
        Assert.Contains(held.Single(static one => one.Key.Name == "SessionReceiver"), static one => one.Name == "SharedSessionState");
        Assert.Contains(held.Single(static one => one.Key.Name == "PendingRequests"), static one => one.Name == "Exchange");

        var rings = held.Select(one => Ring(one.Key, [])).Where(static ring => ring is not null).ToList();
        Assert.True(rings.Count == 0, string.Join(Environment.NewLine, rings));

        string? Ring(TypeDefinition type, TypeDefinition[] path) => path.Length > 0 && path[0] == type
            ? string.Join(" -> ", path.Append(type).Select(static one => one.Name))
            : path.Contains(type) ? null : held[type].Select(next => Ring(next, [.. path, type])).FirstOrDefault(static ring => ring is not null);
    }

    [Fact]
    public void Uses_are_found_in_bodies_signatures_and_attributes()
    {
        // The rule would hold in vain if its reader overlooked a kind of use.
        var uses = Uses().Select(use => (use.Type.Name, use.Used.Name)).ToHashSet();
        Assert.Contains(("EchoServer", "EventJournal"), uses);
        Assert.Contains(("EchoServer", "ServerState"), uses);
        Assert.Contains(("EchoSession", "Deadline"), uses);
    }

    private static readonly Lazy<AssemblyDefinition> Core = new(() => AssemblyDefinition.ReadAssembly(
        typeof(EchoServer).Assembly.Location, new ReaderParameters { ReadSymbols = true }));

    private static readonly Dictionary<string, string> Rooms = [];

    /// <summary>The types in the source: nested ones, and those that the compiler generates, count with the type that contains them.</summary>
    private static IEnumerable<TypeDefinition> OwnTypes() => Core.Value.MainModule.Types.Where(static type =>
        (type.Namespace == Root || type.Namespace.StartsWith(Root + ".", StringComparison.Ordinal)) && !type.Name.StartsWith('<'));

    private static IEnumerable<TypeDefinition> WithNested(TypeDefinition type) => type.NestedTypes.SelectMany(WithNested).Prepend(type);

    private static string RoomOf(TypeDefinition type)
    {
        lock (Rooms)
        {
            return Rooms.TryGetValue(type.FullName, out var room) ? room : Rooms[type.FullName] = FindRoom(type);
        }
    }

    private static string FindRoom(TypeDefinition type)
    {
        if (type.Namespace != Root)
        {
            return type.Namespace[(Root.Length + 1)..].Replace('.', '/');
        }

        // An interface or an enumeration has no code, hence no file in the symbols; but what is declared beside it may.
        var file = WithNested(type)
            .SelectMany(static one => one.Methods)
            .SelectMany(static method => method.DebugInformation.SequencePoints)
            .Select(static point => point.Document.Url)
            .FirstOrDefault(static url => !url.Contains("/obj/", StringComparison.Ordinal))
            ?? SourceFile(type);
        const string Sources = "/PSSocketTools.Core/";
        file = file.Replace('\\', '/');
        var folder = file.LastIndexOf('/');
        return file[(file.LastIndexOf(Sources, StringComparison.Ordinal) + Sources.Length)..folder];
    }

    /// <summary>The file named after a type.</summary>
    private static string SourceFile(TypeDefinition type)
    {
        var name = type.Name.Split('`')[0] + ".cs";
        return Directory.EnumerateFiles(Path.Combine(RepositoryRoot(), "src", "PSSocketTools.Core"), name, SearchOption.AllDirectories).Single();
    }

    private static string RepositoryRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "PSSocketTools.psd1")))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("The tests lie in no repository.");
        }

        return folder;
    }

    private static IEnumerable<(TypeDefinition Type, TypeDefinition Used)> Uses() =>
        from type in OwnTypes()
        from one in WithNested(type)
        from reference in References(one)
        from part in Parts(reference)
        let used = Outermost(part)
        where used is not null && used != type && used.Module == Core.Value.MainModule && !used.Name.StartsWith('<')
            && (used.Namespace == Root || used.Namespace.StartsWith(Root + ".", StringComparison.Ordinal))
        select (type, used);

    private static TypeDefinition? Outermost(TypeReference reference)
    {
        if (reference is GenericParameter || reference.Scope != Core.Value.MainModule)
        {
            return null;
        }

        while (reference.DeclaringType is { } outer)
        {
            reference = outer;
        }

        return reference.Resolve();
    }

    /// <summary>The last of a type's base classes that is of this assembly.</summary>
    private static TypeDefinition Eldest(TypeDefinition type) =>
        type.BaseType is { } above && above.Scope == Core.Value.MainModule ? Eldest(above.Resolve()) : type;

    /// <summary>A type and what it is made of: elements, and arguments of generic types.</summary>
    private static IEnumerable<TypeReference> Parts(TypeReference? reference) => reference switch
    {
        null => [],
        GenericInstanceType generic => generic.GenericArguments.SelectMany(Parts).Concat(Parts(generic.ElementType)),
        FunctionPointerType pointer => pointer.Parameters.SelectMany(static one => Parts(one.ParameterType)).Concat(Parts(pointer.ReturnType)),
        TypeSpecification other => Parts(other.ElementType),
        _ => [reference],
    };

    private static IEnumerable<TypeReference?> References(TypeDefinition type)
    {
        yield return type.BaseType;
        foreach (var reference in type.Interfaces.Select(static one => one.InterfaceType)
            .Concat(type.Fields.Select(static one => one.FieldType))
            .Concat(type.GenericParameters.SelectMany(static one => one.Constraints).Select(static one => one.ConstraintType))
            .Concat(Attributes(type)).Concat(type.Fields.SelectMany(Attributes)).Concat(type.Properties.SelectMany(Attributes))
            .Concat(type.Methods.SelectMany(References)))
        {
            yield return reference;
        }
    }

    private static IEnumerable<TypeReference> Attributes(ICustomAttributeProvider provider) =>
        provider.CustomAttributes.Select(static attribute => attribute.AttributeType);

    private static IEnumerable<TypeReference> References(MethodDefinition method)
    {
        var signature = method.Parameters.Select(static one => one.ParameterType).Append(method.ReturnType).Concat(Attributes(method));
        return !method.HasBody ? signature : signature
            .Concat(method.Body.Variables.Select(static one => one.VariableType))
            .Concat(method.Body.ExceptionHandlers.Select(static one => one.CatchType).Where(static one => one is not null))
            .Concat(method.Body.Instructions.SelectMany(Operand));
    }

    private static IEnumerable<TypeReference> Operand(Instruction instruction) => instruction.Operand switch
    {
        TypeReference type => [type],
        FieldReference field => [field.DeclaringType, field.FieldType],
        GenericInstanceMethod method => method.GenericArguments.Concat(Member(method)),
        MethodReference method => Member(method),
        _ => [],
    };

    private static IEnumerable<TypeReference> Member(MethodReference method) =>
        method.Parameters.Select(static one => one.ParameterType).Append(method.ReturnType).Append(method.DeclaringType);
}
