using System.Globalization;
using System.Runtime.CompilerServices;

namespace PSSocketTools.Tests;

/// <summary>What tests compare is English, whatever the machine speaks.</summary>
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
