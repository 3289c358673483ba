"""Drives a program on a terminal of its own, like a person who types and looks.

usage: terminal.py PROGRAM [ARGUMENT...]     with steps as JSON on standard input:
  ["type", TEXT]  ["see", TEXT]  ["size", ROWS, COLUMNS]  ["end", STATUS]
`see` looks only at what came after the last thing seen. Says what was on the screen when a step fails.
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
import time

steps = json.load(sys.stdin)
child, terminal = pty.fork()
if child == 0:
    os.execvp(sys.argv[1], sys.argv[1:])

screen = ""


def read(patience):
    """One more piece of the screen; False when there is none."""
    global screen
    if not select.select([terminal], [], [], patience)[0]:
        return False
    try:
        piece = os.read(terminal, 65536)
    except OSError:
        return False
    screen += piece.decode(errors="replace")
    return bool(piece)


def fail(step):
    os.kill(child, signal.SIGKILL)
    sys.exit(f"{step} did not happen; the screen since then: {screen!r}")


for step in steps:
    match step:
        case ["type", text]:
            os.write(terminal, text.encode())
        case ["size", rows, columns]:
            fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            os.kill(child, signal.SIGWINCH)
        case ["see", text]:
            deadline = time.monotonic() + 20
            while text not in screen:
                if time.monotonic() > deadline or not read(1) and os.waitpid(child, os.WNOHANG)[0]:
                    fail(step)
            screen = screen[screen.index(text) + len(text):]
        case ["end", status]:
            while read(20):
                pass
            ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            if ended != status:
                sys.exit(f"ended with {ended} instead of {status}: {screen!r}")
print("fine")
