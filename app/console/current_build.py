"""The currently served build. A newer one on disk replaces it."""

import threading
from pathlib import Path

from app.console import build
from app.console.build import Build, BuildNotFound

FileVersion = tuple[int, int, int]


class CurrentBuild:
    """The build in `directory`, read on first use and when its entry has changed."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._lock = threading.Lock()
        self._version: FileVersion | None = None
        self._build: Build | None = None

    def get(self) -> Build:
        """Return the build. Raises BuildNotFound."""
        seen = self._stat()
        with self._lock:
            if seen != self._version:
                self._build, self._version = self._load(), seen
            if self._build is None:
                raise BuildNotFound
            return self._build

    def _stat(self) -> FileVersion | None:
        try:
            found = (self.directory / build.ENTRY).stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size

    def _load(self) -> Build | None:
        try:
            return build.load_build(self.directory)
        except BuildNotFound:
            return None
