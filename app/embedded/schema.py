"""Guess, before the migration runs, whether the tables are up to date."""

import hashlib
from pathlib import Path

from app.embedded import handles


class MigrationStamp:
    """A file that records which migrations completed, and on which database.

    It only supports a guess: the migration runs in any case.
    """

    def __init__(self, path: Path, versions: Path, database_url: str) -> None:
        self._path = path
        self._versions = versions
        self._database_url = database_url

    def is_current(self) -> bool:
        """Whether exactly these migrations ran on this database."""
        return self._path.exists() and self._path.read_text() == self._fingerprint()

    def record(self) -> None:
        """Record these migrations and this database; call it after the migrations and the steps
        that must follow them.
        """
        with handles.open_directory(self._path.parent) as home:
            home.write(self._path.name, self._fingerprint())

    def _fingerprint(self) -> str:
        digest = hashlib.sha256(self._database_url.encode())
        for script in sorted(self._versions.glob("*.py")):
            digest.update(script.name.encode() + b"\0" + script.read_bytes() + b"\0")
        return digest.hexdigest()
