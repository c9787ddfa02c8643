using System.Diagnostics;
using System.IO.Pipes;
using System.Runtime.InteropServices;
using System.Text;

namespace PSSocketTools.Interactive;

/// <summary>
/// The keys of a Unix terminal. poll(2) waits for them, since a read of Console can't be cancelled and would take a key that
/// is meant for the shell; and read(2) takes them, since Console decodes each kilobyte of pasted text by itself, and breaks the
/// character at its end.
/// </summary>
internal sealed class UnixKeySource : KeySource
{
    private const int StandardInput = 0;
    private const short PollIn = 1;
    private const int EIntr = 4;
    private const int BufferBytes = 4096;

    // How long the rest of an escape sequence may be on its way before Escape is taken for a key.
    private const int SequenceMilliseconds = 50;

    private readonly byte[] _bytes = new byte[BufferBytes];
    private readonly Decoder _characters = Console.InputEncoding.GetDecoder();
    private readonly char[] _text = new char[Console.InputEncoding.GetMaxCharCount(BufferBytes)];
    private readonly KeyDecoder _decoder;
    private Wake? _wake;

    public UnixKeySource() => _decoder = new KeyDecoder(Keys);

    /// <inheritdoc/>
    public override KeyWait Take(int milliseconds, CancellationToken cancellationToken)
    {
        if (_wake?.Token != cancellationToken)
        {
            _wake?.Dispose();
            _wake = new Wake(cancellationToken);
        }

        // Console sets the terminal up for keys here, and may hold some that came while it asked the terminal something.
        while (Console.KeyAvailable && Poll([Input], 1, 0) == 0)
        {
            Keys.Enqueue(Console.ReadKey(intercept: true));
        }

        var watch = Stopwatch.StartNew();
        while (Keys.Count == 0)
        {
            var rest = milliseconds == Timeout.Infinite ? milliseconds : (int)Math.Max(0, milliseconds - watch.ElapsedMilliseconds);
            var entries = new[] { Input, _wake.Entry };
            var ready = Poll(entries, 2, _decoder.IsPending ? SequenceMilliseconds : rest);
            if (cancellationToken.IsCancellationRequested)
            {
                return KeyWait.Cancelled;
            }
            else if (ready == 0 && _decoder.IsPending)
            {
                _decoder.Flush();
            }
            else if (ready == 0)
            {
                return KeyWait.TimedOut;
            }
            else if (ready < 0 ? Marshal.GetLastWin32Error() != EIntr : entries[0].Happened != 0 && !TryRead())
            {
                return KeyWait.Ended;
            }
        }

        return KeyWait.Keys;
    }

    /// <inheritdoc/>
    public override void Dispose() => _wake?.Dispose();

    private static PollEntry Input => new(StandardInput, PollIn);

    /// <summary>Takes what the terminal has; false at its end.</summary>
    private bool TryRead()
    {
        var count = (int)Read(StandardInput, _bytes, BufferBytes);
        if (count <= 0)
        {
            return count < 0 && Marshal.GetLastWin32Error() == EIntr;
        }

        // Bytes of a character that is not whole yet wait in this decoder for the rest.
        _decoder.Take(_text, _characters.GetChars(_bytes, 0, count, _text, 0));
        return true;
    }

    [DllImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static extern int Poll([In, Out] PollEntry[] entries, nuint count, int milliseconds);

    [DllImport("libc", EntryPoint = "read", SetLastError = true)]
    private static extern nint Read(int descriptor, [Out] byte[] buffer, nint count);

    /// <summary>A descriptor to wait for: struct pollfd.</summary>
    private struct PollEntry(int descriptor, short wanted)
    {
        public int Descriptor = descriptor;
        public short Wanted = wanted;
        public short Happened = 0;
    }

    /// <summary>A token as something that poll can wait for: a pipe that has a byte when the token is cancelled.</summary>
    private sealed class Wake : IDisposable
    {
        private readonly AnonymousPipeServerStream _pipe = new(PipeDirection.Out);
        private readonly CancellationTokenRegistration _registration;

        public Wake(CancellationToken token)
        {
            Token = token;
            _registration = token.Register(() => _pipe.WriteByte(0));
        }

        public CancellationToken Token { get; }

        public PollEntry Entry => new((int)_pipe.ClientSafePipeHandle.DangerousGetHandle(), PollIn);

        public void Dispose()
        {
            _registration.Dispose();
            _pipe.Dispose();
            _pipe.ClientSafePipeHandle.Dispose();
        }
    }
}
