"""Homes for embedded servers."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.embedded import start

# Fast, and as good: the tests kill processes, they do not cut the power.
FAST = {"MUSTER_EMBEDDED_FSYNC": "off"}


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MUSTER_VALKEY_PORT", "DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in FAST.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def directory() -> Iterator[Path]:
    """A short path that every user of the machine gets to; pytest's own is open to us only."""
    path = _open_directory()
    yield path
    shutil.rmtree(path)


@pytest.fixture
def new_home(directory: Path) -> Path:
    """Where a stack may live. Not made yet."""
    return directory / "home"


@pytest.fixture(scope="session")
def home() -> Iterator[Path]:
    """A stopped home after its first start. Shared, because creating one is slow: each test's data
    there needs its own name."""
    path = _open_directory()
    start(path / "home", env=os.environ | FAST).stop()
    yield path / "home"
    shutil.rmtree(path)


def _open_directory() -> Path:
    path = Path(tempfile.mkdtemp(prefix="embedded-"))
    path.chmod(0o755)
    return path
