using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace PSSocketTools.Platform;

/// <summary>
/// Opens files to which the system itself appends (O_APPEND, FILE_APPEND_DATA): writes of several processes do not overlap, and
/// after a truncation writing continues at the new end. .NET's FileMode.Append writes at the end that the file had when it was
/// opened.
/// </summary>
internal static class AppendFile
{
    private const byte LineEnd = (byte)'\n';

    // The interval between checks of a file whose last line has no end, while another process may be writing it.
    private const int SettleMilliseconds = 20;

    // The largest number of checks: about a second, within which a line written by one call is complete.
    private const int MaxChecks = 50;

    /// <summary>Opens a file, or creates it with mode 0600 where the system has mode bits.</summary>
    /// <returns>Each write writes all its bytes or throws an <see cref="IOException"/>; the first write ends an unfinished last line first.</returns>
    /// <exception cref="IOException">The system refused.</exception>
    /// <exception cref="NoReaderException">The pipe at the path has no reader (ENXIO).</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be created there.</exception>
    public static Stream Open(string path) => Open(path, Thread.Sleep);

    /// <summary>Opens a file, with a replaceable sleep for tests.</summary>
    internal static Stream Open(string path, Action<int> pause)
    {
        path = Path.GetFullPath(path);
        Stream file = HostSystem.IsWindows ? OpenOnWindows(path) : UnixAppendStream.Open(path);
        return HasUnfinishedLine(path, file, pause) ? new LineEndFirst(file) : file;
    }

    private static FileStream OpenOnWindows(string path)
    {
        const int AppendData = 4;
        const int Synchronize = 0x100000;
        const int OpenAlways = 4;
        const int NormalAttributes = 0x80;
        const int MaxPlainPath = 247;
        var name = path.Length > MaxPlainPath && !path.StartsWith(@"\\", StringComparison.Ordinal) ? @"\\?\" + path : path;
        var handle = CreateFile(
            name, AppendData | Synchronize, FileShare.ReadWrite | FileShare.Delete, IntPtr.Zero, OpenAlways, NormalAttributes, IntPtr.Zero);
        if (handle.IsInvalid)
        {
            var error = new Win32Exception(Marshal.GetLastWin32Error());
            handle.Dispose();
            throw new IOException(error.Message, error);
        }

        return new FileStream(handle, FileAccess.Write, bufferSize: 1);
    }

    /// <summary>
    /// Whether the last line of a file has no end, and no other process is writing it. A line that stays unfinished counts as such
    /// even if another process keeps writing, since a line of ours appended to it could not be parsed.
    /// </summary>
    private static bool HasUnfinishedLine(string path, Stream file, Action<int> pause)
    {
        try
        {
            if (!file.CanSeek)
            {
                return false;
            }

            using var reader = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 1);
            var seen = -1L;
            for (var check = 1; reader.Length > 0; check++)
            {
                var length = reader.Length;
                reader.Position = length - 1;
                if (reader.ReadByte() is LineEnd or < 0)
                {
                    return false;
                }

                if (length == seen || check == MaxChecks)
                {
                    return true;
                }

                // There is no event for the end of another process's write.
                seen = length;
                pause(SettleMilliseconds);
            }

            return false;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            // A file that may be written but not read is used as it is.
            return false;
        }
    }

    [DllImport("kernel32", EntryPoint = "CreateFileW", CharSet = CharSet.Unicode, SetLastError = true)]
    private static extern SafeFileHandle CreateFile(
        string path, int access, FileShare share, IntPtr security, int disposition, int attributes, IntPtr template);

    /// <summary>The file to write is a pipe without a reader.</summary>
    internal sealed class NoReaderException : IOException;

    /// <summary>Ends an unfinished last line before the first write, since opening a file must not change it.</summary>
    private sealed class LineEndFirst(Stream file) : WriteOnlyStream
    {
        private bool _isDone;

        public override void Write(byte[] buffer, int offset, int count)
        {
            if (!_isDone)
            {
                file.Write([LineEnd], 0, 1);
                _isDone = true;
            }

            file.Write(buffer, offset, count);
        }

        protected override void Dispose(bool disposing)
        {
            file.Dispose();
            base.Dispose(disposing);
        }
    }

    /// <summary>A descriptor with O_APPEND; .NET's own streams write at explicit offsets.</summary>
    private sealed unsafe class UnixAppendStream : WriteOnlyStream
    {
        private readonly UnixDescriptor _descriptor;

        private UnixAppendStream(UnixDescriptor descriptor) => _descriptor = descriptor;

        /// <summary>Whether it is a file, and not a pipe or a terminal.</summary>
        public override bool CanSeek => Libc.Seek(_descriptor.Number, 0, Libc.SeekEnd) >= 0;

        /// <summary>Opens the file at a path, and creates it when there is none.</summary>
        public static UnixAppendStream Open(string path)
        {
            // O_NONBLOCK, since opening a pipe without a reader would block until there is one.
            var flags = Libc.OpenWriteOnly | (HostSystem.IsLinux
                ? Libc.OpenAppendLinux | Libc.OpenNonBlockingLinux | Libc.OpenCloseOnExecLinux
                : Libc.OpenAppendMac | Libc.OpenNonBlockingMac | Libc.OpenCloseOnExecMac);
            while (true)
            {
                int descriptor;
                fixed (byte* name = Encoding.UTF8.GetBytes(path + '\0'))
                {
                    descriptor = Libc.Open(name, flags);
                }

                if (descriptor >= 0)
                {
                    return new UnixAppendStream(new UnixDescriptor(descriptor));
                }

                var error = Marshal.GetLastWin32Error();
                if (error == Libc.ENoEntry)
                {
                    Create(path);
                }
                else if (error != Libc.EIntr)
                {
                    throw error == Libc.ENoDevice ? new NoReaderException() : Failure(error);
                }
            }
        }

        public override void Write(byte[] buffer, int offset, int count)
        {
            fixed (byte* bytes = buffer)
            {
                while (count > 0)
                {
                    var written = Libc.Write(_descriptor.Number, bytes + offset, count);
                    if (written >= 0)
                    {
                        offset += (int)written;
                        count -= (int)written;
                        continue;
                    }

                    var error = Marshal.GetLastWin32Error();
                    if (error == (HostSystem.IsLinux ? Libc.EAgain : Libc.EWouldBlockMac))
                    {
                        var wait = new Libc.PollEntry { Descriptor = _descriptor.Number, Wanted = Libc.PollOut };
                        _ = Libc.Poll(&wait, 1, Timeout.Infinite);
                    }
                    else if (error != Libc.EIntr)
                    {
                        throw Failure(error);
                    }
                }
            }
        }

        protected override void Dispose(bool disposing)
        {
            _descriptor.Dispose();
            base.Dispose(disposing);
        }

        /// <summary>Creates an empty file through .NET: open(2) takes a mode as a variable argument, which no import can pass on all processors.</summary>
        private static void Create(string path)
        {
            try
            {
#if NET
                var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.ReadWrite | FileShare.Delete };
                if (!OperatingSystem.IsWindows())
                {
                    options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
                }

                new FileStream(path, options).Dispose();
#else
                new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete).Dispose();
#endif
            }
            catch (IOException) when (File.Exists(path))
            {
                // Another process has created it meanwhile.
            }
        }

        private static IOException Failure(int error) => new(new Win32Exception(error).Message + ".", error);
    }

    /// <summary>A stream that can only be written.</summary>
    private abstract class WriteOnlyStream : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
