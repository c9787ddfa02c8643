@{
    NotBuilt = "O PSSocketTools ainda não foi compilado: falta {0}. Execute 'dotnet build' na raiz do repositório e importe o módulo outra vez."
}
