#if !NET
namespace System.Runtime.CompilerServices;

/// <summary>What the compiler asks for behind init accessors; netstandard2.0 lacks it.</summary>
internal static class IsExternalInit;
#endif
