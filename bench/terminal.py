"""Read a program's output directly, from a terminal and from a pipe."""

import os
import pty
import subprocess
import time
from collections.abc import Mapping, Sequence

_CHUNK = 1 << 16


def seconds_on_pty(argv: Sequence[str], env: Mapping[str, str], expected: int) -> float:
    """Return the time for a bare loop to read that many bytes and discard them."""
    ours, theirs = pty.openpty()
    begun = time.perf_counter()
    with subprocess.Popen(
        argv, stdin=theirs, stdout=theirs, stderr=theirs, env={**os.environ, **env}
    ):
        os.close(theirs)
        try:
            while expected > 0:
                expected -= len(os.read(ours, _CHUNK))
            return time.perf_counter() - begun
        finally:
            os.close(ours)


def seconds_into_pipe(argv: Sequence[str], env: Mapping[str, str]) -> float:
    """Return the time for the program itself, without waiting for a reader."""
    begun = time.perf_counter()
    with subprocess.Popen(argv, stdout=subprocess.PIPE, env={**os.environ, **env}) as program:
        assert program.stdout is not None
        while os.read(program.stdout.fileno(), _CHUNK):
            pass
    return time.perf_counter() - begun
