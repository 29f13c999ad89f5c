"""A viewer of a terminal on any server."""

import time
from collections.abc import Callable
from typing import Protocol

from bench.errors import NotMeasured
from bench.terminals import shells

_SECONDS = 900.0


class Viewer(Protocol):
    """A viewer who types and reads."""

    def press(self, data: bytes) -> None: ...

    def read(self) -> bytes:
        """Wait for output and return it."""

    def close(self) -> None: ...


Open = Callable[[str, int | None], Viewer]
"""Opens a terminal, such as `echo`, with a receive buffer of that many bytes."""


def read_until(viewer: Viewer, mark: bytes, seconds: float = _SECONDS, before: bytes = b"") -> int:
    """Read up to the mark; return the bytes read. The mark may have started in `before`.

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
    """Return the seconds from each key to its echo, one after the other."""
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
    """Return MB/s of a flood, from its request to its last byte."""
    typed, mark = shells.flood(size)
    begun = time.perf_counter()
    viewer.press(typed)
    came = read_until(viewer, mark)
    return came / 1e6 / (time.perf_counter() - begun)
