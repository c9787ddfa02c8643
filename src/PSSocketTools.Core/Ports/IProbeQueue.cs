namespace PSSocketTools.Ports;

/// <summary>What a <see cref="ProbeLoop"/> takes its probes from and gives their results to, on the loop's thread.</summary>
internal interface IProbeQueue
{
    /// <summary>Keeps the results of attempts; null where nobody reads them.</summary>
    ProbeTrace? Trace { get; }

    /// <summary>The next probe to begin; null when there is none now.</summary>
    Probe? Take();

    /// <summary>Stores a result.</summary>
    void Finish(Probe probe, PortAvailability result);

    /// <summary>Wakes the reader, where there is something for it.</summary>
    void Flush();

    /// <summary>Takes the error that has ended the loop.</summary>
    void Fail(Exception exception);
}
