"""The client of the terminal emulators, which run in a separate process: see `emulator_process`.

Its responses are untrusted: only bytes of a limited length.
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
"""Request: action, emulator, columns, rows, and the number of following text bytes."""
RESPONSE_HEADER = struct.Struct("!?HHI")
"""Response: success, columns, rows, and the number of following text bytes."""


class EmulatorCommand(IntEnum):
    """The actions of an emulator."""

    CREATE = 0
    FEED = 1
    RESIZE = 2
    DUMP = 3
    CLOSE = 4
    TEXT = 5


class EmulatorFailed(Exception):
    """The emulator failed on this input, and is lost."""


class EmulatorProcessGone(Exception):
    """The emulators' process has exited, or sends invalid responses."""


class EmulatorClient:
    """Starts the process, which exits with this one. `close` it."""

    def __init__(self, uid: int | None = None) -> None:
        """`uid` is the user that runs it, which needs root. Raises OSError."""
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
        """Return a new emulator with a blank screen. Raises EmulatorProcessGone."""
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
        """Send a request; return columns, rows, and a dump or text if requested.

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
                raise EmulatorProcessGone(f"a dump has {length} bytes")
            answer = read_exactly(self._socket, length).decode(errors="replace")
        except (OSError, EOFError) as error:
            raise EmulatorProcessGone(str(error) or "it has exited") from None
        if not is_done:
            raise EmulatorFailed
        return cols, rows, answer


class Emulator:
    """A terminal. Every method raises EmulatorFailed and EmulatorProcessGone."""

    def __init__(self, emulators: EmulatorClient, number: int, cols: int, rows: int) -> None:
        self.number = number
        self.size = (cols, rows)
        self._client = emulators

    def feed(self, text: str) -> None:
        self._request(EmulatorCommand.FEED, text=text)

    def resize(self, cols: int, rows: int) -> None:
        self._request(EmulatorCommand.RESIZE, cols, rows)

    def dump(self) -> str:
        """Return the output that draws its screen again."""
        return self._request(EmulatorCommand.DUMP)

    def text(self) -> str:
        """Return the lines of its screen, without blanks at their ends."""
        return self._request(EmulatorCommand.TEXT)

    def close(self) -> None:
        self._request(EmulatorCommand.CLOSE)

    def _request(self, act: EmulatorCommand, cols: int = 0, rows: int = 0, text: str = "") -> str:
        *size, answer = self._client.request(act, self.number, cols, rows, text)
        self.size = (size[0], size[1])
        return answer


def read_exactly(of: socket.socket, length: int) -> bytes:
    """Return that many bytes. Raises EOFError at the end, and OSError."""
    pieces = []
    while length:
        piece = of.recv(min(length, 1 << 20))
        if not piece:
            raise EOFError
        pieces.append(piece)
        length -= len(piece)
    return b"".join(pieces)
