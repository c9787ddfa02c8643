using System.Text;

namespace PSSocketTools.Tests.Server.Transport;

/// <summary>A responder that answers with the message, and not before it is told to.</summary>
internal sealed class Answers : IMessageResponder
{
    private readonly Dictionary<string, TaskCompletionSource<byte[]?>> _asked = [];
    private readonly List<(Func<string, bool> Matches, TaskCompletionSource<string> Asked)> _waiting = [];

    public bool IsDisposed { get; private set; }

    public Task<byte[]?> RespondAsync(ReceivedMessage message, CancellationToken cancellationToken)
    {
        lock (_asked)
        {
            var answer = new TaskCompletionSource<byte[]?>(TaskCreationOptions.RunContinuationsAsynchronously);
            _asked.Add(message.Message, answer);
            foreach (var (_, asked) in _waiting.Where(waiting => waiting.Matches(message.Message)))
            {
                asked.TrySetResult(message.Message);
            }

            return answer.Task;
        }
    }

    public bool WasAsked(string message)
    {
        lock (_asked)
        {
            return _asked.ContainsKey(message);
        }
    }

    public Task AskedAsync(string message) => AskedAsync(asked => asked == message);

    /// <summary>Ends when a message that matches has come, with that message.</summary>
    public Task<string> AskedAsync(Func<string, bool> matches)
    {
        lock (_asked)
        {
            if (_asked.Keys.FirstOrDefault(matches) is { } asked)
            {
                return Task.FromResult(asked);
            }

            var coming = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add((matches, coming));
            return coming.Task.WaitAsync(Patience.Long);
        }
    }

    public void Give(string message)
    {
        lock (_asked)
        {
            _asked[message].SetResult(Encoding.UTF8.GetBytes(message));
        }
    }

    public void Dispose() => IsDisposed = true;
}
