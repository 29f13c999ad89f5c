"""The way to the terminal emulators, which are in a process of their own: see `emulator`.

What comes back from there is believed to be no more than bytes of some length.
"""

import socket
import struct
import subprocess
import sys
from enum import IntEnum
from itertools import count
from pathlib import Path

_SOURCE_ROOT = Path(__file__).resolve().parents[3]
_MAX_DUMP_BYTES = 16 << 20  # bytes of a dump

REQUEST_HEADER = struct.Struct("!BIHHI")
"""What to do, with which emulator, columns, rows, and the bytes of text that follow."""
RESPONSE_HEADER = struct.Struct("!?HHI")
"""Whether it could be done, columns, rows, and the bytes of text that follow."""


class EmulatorCommand(IntEnum):
    """What an emulator is asked to do."""

    CREATE = 0
    FEED = 1
    RESIZE = 2
    DUMP = 3
    CLOSE = 4


class EmulatorFailed(Exception):
    """The emulator could not take that; there is no more to be had of it."""


class EmulatorProcessGone(Exception):
    """The process with the emulators has ended, or makes no sense."""


class EmulatorClient:
    """Starts the process, which ends with this one. `close` it."""

    def __init__(self, uid: int | None = None) -> None:
        """`uid` is whom it runs as, which takes root. Raises OSError."""
        self._socket, theirs = socket.socketpair()
        command = [sys.executable, "-m", "muster.worker.terminals.emulator_process"]
        with theirs:
            self._process = subprocess.Popen(
                command if uid is None else [*command, str(uid)],
                cwd=_SOURCE_ROOT,
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
            )
        self._numbers = count(1)

    @property
    def pid(self) -> int:
        return self._process.pid

    def create(self, cols: int, rows: int, scrollback: int) -> "Emulator":
        """A new emulator with a blank screen. Raises EmulatorProcessGone."""
        made = Emulator(self, next(self._numbers), cols, rows)
        self.request(EmulatorCommand.CREATE, made.number, cols, rows, str(scrollback))
        return made

    def close(self) -> None:
        self._socket.close()
        self._process.kill()
        self._process.wait()

    def request(
        self, act: EmulatorCommand, number: int, cols: int = 0, rows: int = 0, text: str = ""
    ) -> tuple[int, int, str]:
        """What it says then: columns, rows, and a dump where that was asked for.

        Raises EmulatorFailed, EmulatorProcessGone.
        """
        payload = text.encode(errors="replace")
        try:
            self._socket.sendall(
                REQUEST_HEADER.pack(act, number, cols, rows, len(payload)) + payload
            )
            is_done, cols, rows, length = RESPONSE_HEADER.unpack(
                read_exactly(self._socket, RESPONSE_HEADER.size)
            )
            if length > _MAX_DUMP_BYTES:
                raise EmulatorProcessGone(f"a dump of {length} bytes")
            answer = read_exactly(self._socket, length).decode(errors="replace")
        except (OSError, EOFError) as error:
            raise EmulatorProcessGone(str(error) or "it has ended") from None
        if not is_done:
            raise EmulatorFailed
        return cols, rows, answer


class Emulator:
    """A terminal. All of it raises EmulatorFailed and EmulatorProcessGone."""

    def __init__(self, emulators: EmulatorClient, number: int, cols: int, rows: int) -> None:
        self.number = number
        self.size = (cols, rows)
        self._client = emulators

    def feed(self, text: str) -> None:
        self._request(EmulatorCommand.FEED, text=text)

    def resize(self, cols: int, rows: int) -> None:
        self._request(EmulatorCommand.RESIZE, cols, rows)

    def dump(self) -> str:
        """What draws its screen again."""
        return self._request(EmulatorCommand.DUMP)

    def close(self) -> None:
        self._request(EmulatorCommand.CLOSE)

    def _request(self, act: EmulatorCommand, cols: int = 0, rows: int = 0, text: str = "") -> str:
        *size, answer = self._client.request(act, self.number, cols, rows, text)
        self.size = (size[0], size[1])
        return answer


def read_exactly(of: socket.socket, length: int) -> bytes:
    """So many bytes. Raises EOFError where there are no more, and OSError."""
    pieces = []
    while length:
        piece = of.recv(min(length, 1 << 20))
        if not piece:
            raise EOFError
        pieces.append(piece)
        length -= len(piece)
    return b"".join(pieces)
