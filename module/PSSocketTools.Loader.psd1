@{
    NotBuilt = "PSSocketTools is not built yet: {0} is missing. Run 'dotnet build src/PSSocketTools' in the repository's root, then import the module again."
    AnotherLoaded = "This PowerShell has PSSocketTools {0} loaded already, from {1}, and keeps it until it ends. Start a new PowerShell and import this one there."
}
