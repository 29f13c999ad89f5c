"""The machine's end of the bare relay: a PTY, and a WebSocket to the relay.

`python -m bench.terminals.bare_machine PORT NAME SHELL`.
"""

import os
import pty
import signal
import sys
import threading

from bench.terminals.websocket import WebSocket

_FRAME = 64 * 1024


def hold(socket: WebSocket, shell: str) -> None:
    """Relay until either end is gone."""
    child, master = pty.fork()
    if child == 0:
        os.execvp("sh", ["sh", "-c", shell])
    os.set_blocking(master, True)
    threading.Thread(target=_type, args=(socket, master), daemon=True).start()
    try:
        while True:
            socket.send(_frame(master))
    except OSError:
        pass  # the shell has exited
    finally:
        os.kill(child, signal.SIGHUP)


def _frame(master: int) -> bytes:
    """Read available output up to a frame's size: a terminal returns at most 4 KiB per read."""
    pieces = [os.read(master, _FRAME)]
    size = len(pieces[0])
    os.set_blocking(master, False)
    try:
        while size < _FRAME:
            pieces.append(os.read(master, _FRAME - size))
            size += len(pieces[-1])
    except BlockingIOError:
        pass
    finally:
        os.set_blocking(master, True)
    return b"".join(pieces)


def _type(socket: WebSocket, master: int) -> None:
    while True:
        typed = socket.receive()
        assert isinstance(typed, bytes)
        os.write(master, typed)


if __name__ == "__main__":
    port, name, shell = sys.argv[1:]
    hold(WebSocket(int(port), f"/machine/{name}"), shell)
