"""The repositories that this machine mirrors, by URL."""

import threading
from pathlib import Path

import msgspec

from muster.worker import atomic_write
from muster.worker.git.git import GitError
from muster.worker.git.mirrors import Mirror
from muster.worker.git.remote import Remote
from muster.worker.layout import Layout


class Repositories:
    """Mirrors are named by a hash, so their URLs are stored separately. Safe from any thread."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._file: Path = layout.journal / "repositories.json"
        self._lock = threading.Lock()
        self._urls = self._read()

    def add(self, url: str) -> bool:
        """Record a fetched repository; return whether it is new here. Raises OSError."""
        clean = Remote.parse(url).url
        with self._lock:
            if clean in self._urls:
                return False
            self._urls.append(clean)
            atomic_write.replace_file(self._file, msgspec.json.encode(self._urls))
            return True

    def forget_missing(self) -> None:
        """Remove the repositories whose mirrors are gone. Raises OSError."""
        with self._lock:
            here = [url for url in self._urls if self._has_mirror(url)]
            if here != self._urls:
                self._urls = here
                atomic_write.replace_file(self._file, msgspec.json.encode(here))

    def urls(self) -> list[str]:
        """Return the URLs of all repositories with a mirror here."""
        with self._lock:
            return [url for url in self._urls if self._has_mirror(url)]

    def _has_mirror(self, url: str) -> bool:
        try:
            return Mirror(self._layout, Remote.parse(url)).exists
        except GitError:
            return False

    def _read(self) -> list[str]:
        try:
            return msgspec.json.decode(self._file.read_bytes(), type=list[str])
        except (OSError, msgspec.DecodeError):
            return []
