"""Read many files' contents from a mirror with one process."""

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from muster.worker.git import git


def read_blobs(
    mirror: Path,
    ids: Iterable[str],
    *,
    largest: int,
    most: int,
    timeout: float,
    memory: int,
    cancelled: git.CancelFlag | None = None,
) -> dict[str, bytes]:
    """Return the blobs of these IDs that exist and have at most `largest` bytes; the first of them,
    up to `most` bytes in total. Raises GitError, OSError."""
    with tempfile.TemporaryFile() as asked:
        asked.write("".join(f"{each}\n" for each in ids).encode())
        asked.seek(0)
        batch = _BatchParser(largest, most)
        arguments = ["cat-file", "--batch"]
        git.stream_git(
            arguments, mirror, batch.feed, timeout, memory=memory, cancelled=cancelled, given=asked
        )
    return batch.found


@dataclass
class _BatchParser:
    """Parses the output of `git cat-file --batch`: `<id> <type> <size>` and a newline, the bytes
    and a newline; `<id> missing` for missing objects."""

    max_blob_bytes: int
    remaining_bytes: int
    found: dict[str, bytes] = field(default_factory=dict)
    _buffer: bytearray = field(default_factory=bytearray)
    _skip_bytes: int = 0  # incoming bytes to skip
    _current: tuple[str, int] | None = None

    def feed(self, data: bytes) -> bool:
        """Return False if the limit is reached."""
        self._buffer += data
        while self._parse_next():
            pass
        return self.remaining_bytes > 0

    def _parse_next(self) -> bool:
        """Return whether there was a complete element."""
        if self._skip_bytes:
            skipped = min(self._skip_bytes, len(self._buffer))
            del self._buffer[:skipped]
            self._skip_bytes -= skipped
            return not self._skip_bytes
        if self._current is not None:
            name, size = self._current
            if len(self._buffer) <= size:
                return False
            self._store(name, bytes(self._buffer[:size]))
            del self._buffer[: size + 1]
            self._current = None
            return True
        line, newline, _ = self._buffer.partition(b"\n")
        if not newline:
            return False
        del self._buffer[: len(line) + 1]
        self._start_object(line.decode().split(" "))
        return True

    def _start_object(self, head: list[str]) -> None:
        if len(head) != 3:
            return
        name, kind, size = head[0], head[1], int(head[2])
        if kind != "blob" or size > self.max_blob_bytes:
            self._skip_bytes = size + 1
        else:
            self._current = name, size

    def _store(self, name: str, content: bytes) -> None:
        self.remaining_bytes -= len(content)
        if self.remaining_bytes >= 0:
            self.found[name] = content
