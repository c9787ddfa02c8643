using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace PSSocketTools.Interactive;

/// <summary>The keys of a Windows console, whose handle is signalled while there is input.</summary>
internal sealed class WindowsKeySource : KeySource
{
    private const int StandardInput = -10;
    private readonly InputHandle _input = new(GetStdHandle(StandardInput));

    /// <inheritdoc/>
    public override KeyWait Take(int milliseconds, CancellationToken cancellationToken)
    {
        while (Keys.Count == 0)
        {
            switch (WaitHandle.WaitAny([cancellationToken.WaitHandle, _input], milliseconds))
            {
                case 0:
                    return KeyWait.Cancelled;
                case WaitHandle.WaitTimeout:
                    return KeyWait.TimedOut;
                default:
                    // Input that is no key, such as a window's new size, is passed over here.
                    while (Console.KeyAvailable)
                    {
                        Keys.Enqueue(Console.ReadKey(intercept: true));
                    }

                    break;
            }
        }

        return KeyWait.Keys;
    }

    /// <inheritdoc/>
    public override void Dispose() => _input.Dispose();

    [DllImport("kernel32", SetLastError = true)]
    private static extern IntPtr GetStdHandle(int which);

    private sealed class InputHandle : WaitHandle
    {
        public InputHandle(IntPtr handle) => SafeWaitHandle = new SafeWaitHandle(handle, ownsHandle: false);
    }
}
