"""The process that compares files for `comparison`: pairs of them come in, answers go out.

It imports nothing of the server but what compares, and gives itself limits: whoever wrote the files
has chosen how long it takes and how much memory.
"""

import contextlib
import os
import resource
import struct
import sys
import zlib
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

import msgspec

from app.services.changes import git_lines, whitespace

CPU_SECONDS = 3
MEMORY_BYTES = 512 << 20
OUTPUT_BYTES = 32 << 20
LARGEST = 16 << 20
"""Bytes of one file, unpacked."""

SIZES = struct.Struct(">II")
"""Before each pair: how many bytes the two files have, packed by zlib."""

OPERATIONS: Mapping[str, Callable[[bytes, bytes], Any]] = {
    "whitespace": whitespace.ignored,
    "lines": git_lines.hunks,
}


def main(operation: str, asked: BinaryIO, answers: BinaryIO) -> None:
    """Answer each pair by one line of JSON, as soon as it is known."""
    compare, encode = OPERATIONS[operation], msgspec.json.Encoder().encode
    while head := asked.read(SIZES.size):
        old, new = (_unpacked(asked.read(size)) for size in SIZES.unpack(head))
        answers.write(encode(compare(old, new)) + b"\n")
        answers.flush()


def _unpacked(packed: bytes) -> bytes:
    return zlib.decompressobj().decompress(packed, LARGEST)


def _limit() -> None:
    limits = {
        resource.RLIMIT_CPU: CPU_SECONDS,
        resource.RLIMIT_AS: MEMORY_BYTES,
        resource.RLIMIT_FSIZE: OUTPUT_BYTES,
        resource.RLIMIT_CORE: 0,
    }
    for which, most in limits.items():
        with contextlib.suppress(OSError, ValueError):  # macOS knows no limit of memory
            resource.setrlimit(which, (most, most))
    os.nice(10)  # who serves comes first


if __name__ == "__main__":
    _limit()
    main(sys.argv[1], sys.stdin.buffer, sys.stdout.buffer)
