"""A bare part of a flood: a machine's work before it can send any of it."""

import os
import pty
import signal
import time
from pathlib import Path

from bench.terminals import shells
from muster.worker.masking.masker import Masker
from muster.worker.shim.spool import SpoolWriter

_CHUNK = 1 << 16
_SECRETS = (b"a secret of the project", b"a token of the machine, as long as they are")


def spooled(directory: Path, size: int) -> float:
    """Return MB/s of the same flood, read from a PTY, masked and spooled in a simple loop."""
    directory.mkdir()
    child, master = pty.fork()
    if child == 0:
        os.execvp("sh", ["sh", "-c", shells.FLOOD])
    spool, masker = SpoolWriter(directory), Masker(_SECRETS)
    try:
        _read_until(master, shells.READY)
        typed, mark = shells.flood(size)
        begun = time.perf_counter()
        os.write(master, typed)
        total, data = 0, b""
        while mark not in data[-_CHUNK:]:
            data = os.read(master, _CHUNK)
            total += len(data)
            shown = masker.feed(data)
            spool.append(shown, int((time.perf_counter() - begun) * 1000), 0)
        return total / 1e6 / (time.perf_counter() - begun)
    finally:
        spool.close()
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(master)
        for file in directory.iterdir():
            file.unlink()
        directory.rmdir()


def _read_until(master: int, mark: bytes) -> None:
    seen = b""
    while mark not in seen:
        seen += os.read(master, _CHUNK)
