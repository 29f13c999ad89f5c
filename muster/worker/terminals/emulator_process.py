"""`python -m muster.worker.terminals.emulator_process [UID]`: terminal emulators with requests on
standard input.

They are native code that parses attempts' output. So they run alone in a process that has nothing
but its socket and can't get anything else: no file, no socket, no process, and under root only the
rights of a user ID that owns nothing.
"""

import ctypes
import os
import resource
import signal
import socket
import sys

import avt

from muster.worker.terminals.emulator_client import (
    REQUEST_HEADER,
    RESPONSE_HEADER,
    EmulatorCommand,
    read_exactly,
)

_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38
_ZERO_LIMITS = (resource.RLIMIT_NOFILE, resource.RLIMIT_NPROC, resource.RLIMIT_CORE)


class EmulatorServer:
    """The emulators by number."""

    def __init__(self) -> None:
        self._emulators: dict[int, avt.Vt] = {}

    def serve(self, line: socket.socket) -> None:
        """Answer requests until the client is gone. Raises EOFError then."""
        while True:
            act, number, cols, rows, length = REQUEST_HEADER.unpack(
                read_exactly(line, REQUEST_HEADER.size)
            )
            text = read_exactly(line, length).decode()
            try:
                answer = self._handle_request(EmulatorCommand(act), number, cols, rows, text)
            except BaseException as error:
                if not _is_panic(error):
                    raise
                self._emulators.pop(number, None)
                answer = RESPONSE_HEADER.pack(False, 0, 0, 0)
            line.sendall(answer)

    def _handle_request(
        self, act: EmulatorCommand, number: int, cols: int, rows: int, text: str
    ) -> bytes:
        if act is EmulatorCommand.CREATE:
            self._emulators[number] = avt.Vt(cols, rows, int(text))
        if act is EmulatorCommand.CLOSE:
            self._emulators.pop(number, None)
        emulator = self._emulators.get(number)
        if emulator is None:  # ended, or failed before
            return RESPONSE_HEADER.pack(act is EmulatorCommand.CLOSE, 0, 0, 0)
        answer = ""
        if act is EmulatorCommand.FEED:
            emulator.feed_str(text)
        elif act is EmulatorCommand.RESIZE:
            emulator.resize(cols, rows)
        elif act is EmulatorCommand.DUMP:
            answer = emulator.dump()
        elif act is EmulatorCommand.TEXT:
            answer = "\n".join(line.text.rstrip() for line in emulator.view())
        data = answer.encode(errors="replace")
        return RESPONSE_HEADER.pack(True, *emulator.size, len(data)) + data


def _is_panic(error: BaseException) -> bool:
    """Whether the emulator failed; its exception can't be imported, and isn't an `Exception`."""
    return type(error).__name__ == "PanicException"


def drop_privileges(uid: int | None) -> None:
    """Permanently, and as `uid` under root: no file, socket or process can be opened after that."""
    if uid is not None:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    libc = ctypes.CDLL(None)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    # After the change of user, which clears it. In addition to the end of our input, which a
    # process that hangs in native code wouldn't notice.
    libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    for kind in _ZERO_LIMITS:
        resource.setrlimit(kind, (0, 0))


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the daemon handles a terminal's signals
    line = socket.socket(fileno=0)
    drop_privileges(int(sys.argv[1]) if len(sys.argv) > 1 else None)
    try:
        EmulatorServer().serve(line)
    except (EOFError, OSError):
        return


if __name__ == "__main__":
    main()
