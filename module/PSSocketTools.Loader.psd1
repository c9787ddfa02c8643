@{
    NotBuilt = "PSSocketTools is not built yet: {0} is missing. Run 'dotnet build' in the repository's root, then import the module again."
}
