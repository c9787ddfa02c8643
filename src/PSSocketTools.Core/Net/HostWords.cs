namespace PSSocketTools;

/// <summary>
/// How the program that uses the engine speaks to its users. The engine's sentences name what the engine has; where users write
/// something else, the program says what. Set once, before anything is started; read on every thread.
/// </summary>
public static class HostWords
{
    /// <summary>
    /// What users write for an option, given by its property's name, or for a member, as in "EchoSession.Connect". Null stands
    /// for the engine's own name.
    /// </summary>
    public static Func<string, string?>? Name { get; set; }

    /// <summary>
    /// A sentence of the program's own in place of the engine's, given by the sentence's name in Messages.resx, in the language of
    /// the current UI culture and with the same values. Null stands for the engine's sentence.
    /// </summary>
    public static Func<string, string?>? Sentence { get; set; }
}
