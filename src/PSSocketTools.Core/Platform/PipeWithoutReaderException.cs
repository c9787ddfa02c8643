namespace PSSocketTools.Platform;

/// <summary>The file to write is a pipe without a reader.</summary>
internal sealed class PipeWithoutReaderException : IOException;
