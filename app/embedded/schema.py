"""What is known about the tables before looking at them."""

import hashlib
from pathlib import Path


class Stamp:
    """Remembers in a file which migrations ran to their end on which database.

    Only good for a guess at what the next migration will find to do: it runs in any case.
    """

    def __init__(self, path: Path, versions: Path, database_url: str) -> None:
        self._path = path
        self._versions = versions
        self._database_url = database_url

    def is_current(self) -> bool:
        """Whether exactly these migrations ran on this database."""
        return self._path.exists() and self._path.read_text() == self._fingerprint()

    def record(self) -> None:
        """To be called when they have run, and what has to follow them."""
        self._path.write_text(self._fingerprint())

    def _fingerprint(self) -> str:
        digest = hashlib.sha256(self._database_url.encode())
        for script in sorted(self._versions.glob("*.py")):
            digest.update(script.name.encode() + b"\0" + script.read_bytes() + b"\0")
        return digest.hexdigest()
