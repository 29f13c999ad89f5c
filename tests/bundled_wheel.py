"""What a server carries for machines, in tests that install none of it."""

from pathlib import Path

WHEEL = "muster_client-0-py3-none-any.whl"
REQUIREMENTS = "requirements-worker.txt"


def make(directory: Path) -> Path:
    """The directory, with a wheel and requirements that are none."""
    (directory / WHEEL).write_bytes(b"a wheel")
    (directory / REQUIREMENTS).write_text("msgspec==0 --hash=sha256:0\n")
    return directory
