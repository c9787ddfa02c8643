namespace PSSocketTools.Server.Journal;

/// <summary>Which server an event happened on.</summary>
/// <param name="Id">Its number in its process.</param>
/// <param name="Name">Its name.</param>
/// <param name="Port">The port it listens on; 0 on a Unix socket.</param>
internal sealed record ServerFacts(int Id, string Name, int Port);
