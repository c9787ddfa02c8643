namespace PSSocketTools.Load;

/// <summary>Whether a response is its message, byte by byte.</summary>
internal static class AnswerCheck
{
    /// <summary>Checks an exchange that is done, and counts its error where it has one.</summary>
    public static bool Passes(Exchange exchange, LoadFigures figures)
    {
        if (exchange.Error is { } error)
        {
            figures.Fail(error.Message);
            return false;
        }

        if (!((byte[])exchange.Result!.Message!).SequenceEqual((byte[])exchange.Result.Response!))
        {
            figures.Fail(Net.Messages.Get("AnswerDiffers", exchange.Result.BytesReceived));
            return false;
        }

        return true;
    }
}
