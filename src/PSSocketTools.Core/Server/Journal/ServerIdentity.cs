namespace PSSocketTools.Server.Journal;

/// <summary>The server that an event happened on.</summary>
/// <param name="Id">Its id within the process.</param>
/// <param name="Name">Its name.</param>
/// <param name="Port">The port it listens on; 0 on a Unix socket.</param>
internal sealed record ServerIdentity(int Id, string Name, int Port);
