"""The build that is served at present. A newer one that takes its place on disk is taken up."""

import threading
from pathlib import Path

from app.console import build
from app.console.build import Build, NoBuild

Seen = tuple[int, int, int]


class Shelf:
    """What lies in `directory`, read when it is first asked for and when its entry has changed."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._lock = threading.Lock()
        self._seen: Seen | None = None
        self._build: Build | None = None

    def current(self) -> Build:
        """Raises NoBuild."""
        seen = self._look()
        with self._lock:
            if seen != self._seen:
                self._build, self._seen = self._read(), seen
            if self._build is None:
                raise NoBuild
            return self._build

    def _look(self) -> Seen | None:
        try:
            found = (self.directory / build.ENTRY).stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size

    def _read(self) -> Build | None:
        try:
            return build.read(self.directory)
        except NoBuild:
            return None
