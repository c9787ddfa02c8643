using System.Management.Automation;

namespace PSSocketTools.Binding;

/// <summary>What PowerShell hands over for an argument.</summary>
internal static class Argument
{
    /// <summary>The object itself: PowerShell may have wrapped it.</summary>
    public static object? BaseOf(object? argument) => argument is PSObject wrapped ? wrapped.BaseObject : argument;

    /// <summary>The first of a list that is refused, or a text by itself; null for none. Several texts by position are computers, which the binder tries after this.</summary>
    public static object? Refused(object? argument, Predicate<object?> isRefused) =>
        BaseOf(argument) is string text ? text : Each(argument).FirstOrDefault(one => isRefused(one));

    /// <summary>What a list holds, as it was wrapped; anything else, a text or a dictionary too, by itself.</summary>
    public static IEnumerable<object?> Each(object? argument) => LanguagePrimitives.GetEnumerable(argument)?.Cast<object?>() ?? [argument];
}
