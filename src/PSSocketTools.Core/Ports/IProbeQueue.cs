namespace PSSocketTools.Ports;

/// <summary>What gives a <see cref="ProbeLoop"/> its probes and takes their results, on the loop's thread.</summary>
internal interface IProbeQueue
{
    /// <summary>What its attempts came to; null where nobody follows them.</summary>
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
