"""Files' contents out of a mirror, many by one process."""

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from muster.worker.git import git


def read(
    mirror: Path,
    ids: Iterable[str],
    *,
    largest: int,
    most: int,
    timeout: float,
    memory: int,
    cancelled: git.Flag | None = None,
) -> dict[str, bytes]:
    """The blobs of these ids, as far as they are there and have at most `largest` bytes; the first
    of them that have at most `most` bytes together. Raises GitError, OSError."""
    with tempfile.TemporaryFile() as asked:
        asked.write("".join(f"{each}\n" for each in ids).encode())
        asked.seek(0)
        batch = _Batch(largest, most)
        arguments = ["cat-file", "--batch"]
        git.stream(
            arguments, mirror, batch.take, timeout, memory=memory, cancelled=cancelled, given=asked
        )
    return batch.found


@dataclass
class _Batch:
    """Takes what `git cat-file --batch` writes: `<id> <type> <size>` and a line's end, the bytes
    and a line's end; `<id> missing` of what is not there."""

    largest: int
    most: int
    found: dict[str, bytes] = field(default_factory=dict)
    _held: bytearray = field(default_factory=bytearray)
    _skip: int = 0  # bytes that come and are not wanted
    _open: tuple[str, int] | None = None

    def take(self, data: bytes) -> bool:
        """False if there is no room for more."""
        self._held += data
        while self._take_next():
            pass
        return self.most > 0

    def _take_next(self) -> bool:
        """Whether there was something whole to take."""
        if self._skip:
            skipped = min(self._skip, len(self._held))
            del self._held[:skipped]
            self._skip -= skipped
            return not self._skip
        if self._open is not None:
            name, size = self._open
            if len(self._held) <= size:
                return False
            self._keep(name, bytes(self._held[:size]))
            del self._held[: size + 1]
            self._open = None
            return True
        line, newline, _ = self._held.partition(b"\n")
        if not newline:
            return False
        del self._held[: len(line) + 1]
        self._begin(line.decode().split(" "))
        return True

    def _begin(self, head: list[str]) -> None:
        if len(head) != 3:
            return
        name, kind, size = head[0], head[1], int(head[2])
        if kind != "blob" or size > self.largest:
            self._skip = size + 1
        else:
            self._open = name, size

    def _keep(self, name: str, content: bytes) -> None:
        self.most -= len(content)
        if self.most >= 0:
            self.found[name] = content
