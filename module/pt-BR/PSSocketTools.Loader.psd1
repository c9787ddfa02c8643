@{
    NotBuilt = "O PSSocketTools ainda não foi compilado: falta {0}. Execute 'dotnet build src/PSSocketTools' na raiz do repositório e importe o módulo outra vez."
    AnotherLoaded = "Este PowerShell já carregou o PSSocketTools {0}, de {1}, e o mantém até terminar. Inicie um novo PowerShell e importe este nele."
}
