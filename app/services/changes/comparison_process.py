"""The process that compares files for `comparison`: it reads pairs and writes results.

It imports only the comparing part of the server, and limits itself: the files' author determines
how long it takes and how much memory. Each pair has its own process, so that none uses the time of
the others, or ends them.
"""

import contextlib
import itertools
import os
import resource
import signal
import struct
import sys
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, BinaryIO, NamedTuple

import msgspec

from app.services.changes import line_diff, whitespace

CPU_SECONDS = 3
MEMORY_BYTES = 512 << 20
OUTPUT_BYTES = 32 << 20
MAX_FILE_BYTES = 16 << 20
"""Maximum uncompressed bytes of one file."""

SIZES = struct.Struct(">II")
"""Header of each pair: the sizes in bytes of the two files, as zlib compressed them."""

OPERATIONS: Mapping[str, Callable[[bytes, bytes], Any]] = {
    "whitespace": whitespace.diff_ignoring_whitespace,
    "lines": line_diff.diff_lines,
}


class _PairPosition(NamedTuple):
    """A pair's number, and the positions of its two files in the input."""

    number: int
    at: int
    sizes: tuple[int, int]


def main(operation: str, asked: BinaryIO, answers: BinaryIO) -> None:
    """Write the pairs' results as lines of their number and JSON, each as soon as it's known.

    Each pair gets an equal share of the remaining time. Pairs that took longer are compared again,
    if others have left some of theirs.
    """
    import pygit2  # noqa: F401 - once, and not in the process of each pair

    compare, left = OPERATIONS[operation], list(_read_positions(asked))
    for _ in range(2):
        too_long = []
        for done, place in enumerate(left):
            seconds = (CPU_SECONDS - _cpu_seconds_used()) / (len(left) - done)
            if seconds <= 0:
                return
            asked.seek(place.at)
            old, new = (asked.read(size) for size in place.sizes)
            answer = _compare_in_child(compare, old, new, seconds)
            if answer is None:
                too_long.append(place)
                continue
            answers.write(b"%d %b\n" % (place.number, answer))
            answers.flush()
        left = too_long


def _read_positions(asked: BinaryIO) -> Iterator[_PairPosition]:
    for number in itertools.count():
        if not (head := asked.read(SIZES.size)):
            return
        sizes = SIZES.unpack(head)
        yield _PairPosition(number, asked.tell(), sizes)
        asked.seek(sum(sizes), os.SEEK_CUR)


def _cpu_seconds_used() -> float:
    """Return the processor seconds of this process and its finished children."""
    both = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in both)


def _compare_in_child(
    compare: Callable[[bytes, bytes], Any], old: bytes, new: bytes, seconds: float
) -> bytes | None:
    """Return the pair's result as JSON; None if it exceeds that many processor seconds, or takes
    too much memory.

    A process limit would only allow whole seconds.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reader)
            signal.signal(
                signal.SIGPROF, signal.SIG_DFL
            )  # ends it, also in the middle of git's code
            signal.setitimer(signal.ITIMER_PROF, seconds)
            made = msgspec.json.encode(compare(_decompress(old), _decompress(new)))
            with open(writer, "wb") as out:
                out.write(made)
            os._exit(0)
        finally:
            os._exit(1)
    os.close(writer)
    with open(reader, "rb") as came:
        answer = came.read(OUTPUT_BYTES)
    _, status = os.waitpid(child, 0)
    return answer if status == 0 else None


def _decompress(packed: bytes) -> bytes:
    return zlib.decompressobj().decompress(packed, MAX_FILE_BYTES)


def _set_limits() -> None:
    limits = {
        resource.RLIMIT_CPU: CPU_SECONDS,
        resource.RLIMIT_AS: MEMORY_BYTES,
        resource.RLIMIT_FSIZE: OUTPUT_BYTES,
        resource.RLIMIT_CORE: 0,
    }
    for which, most in limits.items():
        with contextlib.suppress(OSError, ValueError):  # macOS has no memory limit
            resource.setrlimit(which, (most, most))
    os.nice(10)  # serving processes come first


if __name__ == "__main__":
    _set_limits()
    main(sys.argv[1], sys.stdin.buffer, sys.stdout.buffer)
