"""A program in a pseudo-terminal, for a test that types and reads.

terminal.py COLUMNS ROWS PROGRAM ARGUMENT...

What the program shows goes to the standard output. A line of the standard input is JSON: {"keys": "text"} types it,
{"size": [columns, rows]} resizes the terminal, and {"hangUp": true} takes it away.
"""
import fcntl
import json
import os
import pty
import select
import signal
import struct
import sys
import termios

WHERE_IS_THE_CURSOR = b"\x1b[6n"


def resize(terminal, columns, rows):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def write(terminal, data):
    while data:
        data = data[os.write(terminal, data):]


columns, rows, *command = sys.argv[1:]
program, terminal = pty.fork()
if program == 0:
    # A terminal program answers Ctrl+C, even where the tests run in the background and ignore it.
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    os.execvp(command[0], command)
resize(terminal, int(columns), int(rows))

commands = b""
shown = b""
while True:
    ready, _, _ = select.select([terminal, 0], [], [])
    if terminal in ready:
        try:
            output = os.read(terminal, 65536)
        except OSError:
            output = b""
        if not output:
            break
        os.write(1, output)
        # A terminal answers; here the answer is always the same.
        shown += output
        for _ in range(shown.count(WHERE_IS_THE_CURSOR)):
            write(terminal, b"\x1b[1;1R")
        shown = shown[shown.rfind(WHERE_IS_THE_CURSOR) + len(WHERE_IS_THE_CURSOR):] if WHERE_IS_THE_CURSOR in shown else shown[-3:]
    if 0 in ready:
        data = os.read(0, 65536)
        if not data:
            break
        *lines, commands = (commands + data).split(b"\n")
        for line in lines:
            order = json.loads(line)
            if "keys" in order:
                write(terminal, order["keys"].encode("utf-8", "surrogatepass"))
            elif "size" in order:
                resize(terminal, *order["size"])
            else:
                os.close(terminal)
                _, status = os.waitpid(program, 0)
                sys.exit(0)

_, status = os.waitpid(program, 0)
