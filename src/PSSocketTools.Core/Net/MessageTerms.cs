namespace PSSocketTools;

/// <summary>
/// The terms that the engine's messages are written in for the users of the program that hosts it. The engine's sentences name its own
/// options and members; where users write something else, such as a cmdlet's parameter, the program sets what. Set once, before
/// anything is started; read on every thread.
/// </summary>
public static class MessageTerms
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
