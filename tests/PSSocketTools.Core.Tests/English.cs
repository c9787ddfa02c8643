using System.Globalization;
using System.Runtime.CompilerServices;

namespace PSSocketTools.Tests;

/// <summary>Sets English, since tests compare sentences, whatever the language of the machine.</summary>
internal static class English
{
    [ModuleInitializer]
    [System.Diagnostics.CodeAnalysis.SuppressMessage("Usage", "CA2255", Justification = "Before the first test is the only time that is early enough.")]
    internal static void Speak()
    {
        var english = CultureInfo.GetCultureInfo("en-US");
        CultureInfo.DefaultThreadCurrentCulture = CultureInfo.DefaultThreadCurrentUICulture = english;
        CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = english;
    }
}
