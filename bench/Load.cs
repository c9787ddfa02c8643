namespace PSSocketTools.Bench;

/// <summary>What is asked of a server.</summary>
/// <param name="Connections">How many at once; with datagrams, how many sockets.</param>
/// <param name="Size">A message's bytes.</param>
/// <param name="Depth">How many messages each connection keeps in flight; 1 is lock step.</param>
/// <param name="IsLines">Whether messages end with LF.</param>
/// <param name="IsDatagrams">Whether the messages are UDP datagrams.</param>
/// <param name="IsRoom">Whether each client hears all the others; it says as many lines as are in flight when it has heard all of theirs.</param>
/// <param name="IsTls">Whether the connections run over TLS.</param>
/// <param name="IsApart">Whether each message is written by itself, in a TLS record of its own, and not all at once that are due.</param>
internal sealed record Load(int Connections, int Size, int Depth, bool IsLines = false, bool IsDatagrams = false, bool IsRoom = false, bool IsTls = false, bool IsApart = false)
{
    /// <inheritdoc/>
    public override string ToString() =>
        $"{Connections} x {(Size >= 1024 ? $"{Size / 1024} KiB" : $"{Size} B")}"
        + (Depth == 1 ? string.Empty : $", {Depth} in flight") + (IsLines ? ", lines" : string.Empty) + (IsDatagrams ? ", UDP" : string.Empty)
        + (IsApart ? ", a record each" : string.Empty);
}
