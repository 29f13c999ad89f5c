"""The build: run Vite, compress the files, then replace the previous build."""

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from demo.console import node, packages
from demo.console.paths import GENERATED, SOURCE, ConsoleError

DIST = SOURCE / "dist"
NEW = SOURCE / "dist.new"
ENTRY = "index.html"
_FILES_RECORD = (
    ".files.json"  # in a build: its source's digest, its files and those of the previous build
)

ReportLine = Callable[[str], None]


def build(say: ReportLine) -> bool:
    """Build the console if its source has changed. Returns whether it did.

    Raises ConsoleError and keeps the previous build.
    """
    try:
        with _build_lock():
            source = source_digest()
            if _previous_files(DIST).get("source") == source and (DIST / ENTRY).exists():
                return False
            found = node.find(say)
            packages.install_packages(found, say)
            say("building the console")
            shutil.rmtree(NEW, ignore_errors=True)
            found.run(found.tool("vite/bin/vite.js", "build", "--outDir", NEW.name), "vite build")
            found.run([str(found.program), str(SOURCE / "pack.mjs"), str(NEW)], "pack.mjs")
            install_build(NEW, DIST, source)
            return True
    except OSError as problem:
        raise ConsoleError(str(problem)) from None


def source_digest(source: Path = SOURCE) -> str:
    """Return a hash of all source files' names and contents."""
    seen = hashlib.sha256()
    for path in sorted(_source_files(source)):
        content = path.read_bytes()
        seen.update(f"{path.relative_to(source).as_posix()}\0{len(content)}\0".encode() + content)
    return seen.hexdigest()


def _source_files(directory: Path) -> Iterator[Path]:
    for entry in os.scandir(directory):
        if entry.name in GENERATED:
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _source_files(Path(entry.path))
        else:
            yield Path(entry.path)


def install_build(new: Path, place: Path, source: str) -> None:
    """Replace the previous build. The entry moves last, so that requests meanwhile get one build or
    the other. The previous build's files stay until the next one, because open pages load them.
    """
    now = [path.relative_to(new).as_posix() for path in new.rglob("*") if path.is_file()]
    before: list[str] = _previous_files(place).get("now", [])
    for name in sorted(now, key=lambda name: name == ENTRY):
        target = place / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.parent.chmod(0o755)  # the server runs as another user
        (new / name).chmod(0o644)
        (new / name).replace(target)
    kept = {"source": source, "now": now, "before": before}
    (place / _FILES_RECORD).write_text(json.dumps(kept))
    stays = {*now, *before, _FILES_RECORD}
    for path in list(place.rglob("*")):
        if path.is_file() and path.relative_to(place).as_posix() not in stays:
            path.unlink()
    place.chmod(0o755)
    shutil.rmtree(new)


def _previous_files(place: Path) -> dict[str, Any]:
    try:
        found = json.loads((place / _FILES_RECORD).read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


@contextmanager
def _build_lock() -> Iterator[None]:
    """Serialize builds: the second of two finds the first one's."""
    with packages.LOCK.open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
