"""What is done with a terminal, whoever serves it."""

import time
from collections.abc import Callable
from typing import Protocol

from bench.errors import NotMeasured
from bench.terminals import shells

_SECONDS = 900.0


class Viewer(Protocol):
    """Somebody who looks and types."""

    def press(self, data: bytes) -> None: ...

    def read(self) -> bytes:
        """Some output, waited for."""

    def close(self) -> None: ...


Open = Callable[[str, int | None], Viewer]
"""Opens one of the terminals, such as `echo`; with a receive buffer of so many bytes."""


def read_until(viewer: Viewer, mark: bytes, seconds: float = _SECONDS, before: bytes = b"") -> int:
    """How many bytes came, up to the mark and what came with it; it may have begun `before`.

    Raises NotMeasured.
    """
    total, seen, deadline = 0, before[1 - len(mark) :], time.monotonic() + seconds
    while mark not in seen:
        data = viewer.read()
        total += len(data)
        seen = seen[1 - len(mark) :] + data
        if time.monotonic() > deadline:
            raise NotMeasured(f"no {mark!r} in {seconds:.0f} s, but {total:,} bytes")
    return total


def keystrokes(viewer: Viewer, number: int) -> list[float]:
    """Seconds from a key to its echo, one after the other."""
    took = []
    for place in range(number):
        key = b"%c" % (ord("a") + place % 26)
        begun = time.perf_counter()
        viewer.press(key)
        echo = viewer.read()
        took.append(time.perf_counter() - begun)
        if echo != key:
            raise NotMeasured(f"{key!r} was echoed as {echo[:80]!r}")
    return took


def flood(viewer: Viewer, size: int) -> float:
    """MB/s of what comes, from asking for it until its last byte."""
    typed, mark = shells.flood(size)
    begun = time.perf_counter()
    viewer.press(typed)
    came = read_until(viewer, mark)
    return came / 1e6 / (time.perf_counter() - begun)
