"""What a program on this machine consists of: its links, its interpreters, its install tree.

A room shows the system's own directories and nothing of any home. Agents often lie in one
(`~/.local`, nvm, pipx): so much of it is shown that the program runs, and nothing beside that.
"""

import os
import pwd
import shlex
import shutil
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from muster.worker.agents.environment import search_path

SYSTEM_DIRECTORIES = tuple(
    map(Path, ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/opt", "/etc"))
)
"""What every room shows."""

_EXCLUDED_DIRECTORIES = tuple(map(Path, ("/dev", "/proc", "/run", "/sys")))
_SECRET_DIRECTORIES = frozenset(
    {".aws", ".azure", ".docker", ".gnupg", ".kube", ".password-store", ".ssh"}
)
_SHARED_DIRECTORIES = frozenset(
    {
        ".cache",
        ".cargo",
        ".config",
        ".local",
        ".local/lib",
        ".local/share",
        ".local/share/opencode",  # its credentials are there
        ".local/share/uv",  # likewise
        ".local/state",
    }
)
"""Of a home: they hold tools, and what is none of an agent's business."""
_INSTALL_MARKERS = (
    "lib",
    "libexec",
    "tools",
)  # what lies beside the `bin` of something that was installed
_MAX_LINKS = 40  # as in Linux
_MAX_PROGRAMS = 16
_MAX_SHEBANG_BYTES = 256  # bytes


class Program(NamedTuple):
    """A file that is executed, and the links that are followed on the way to it, in their order."""

    links: list[Path]
    file: Path


def required_paths(binary: Path, path: str | None = None, never: Iterable[Path] = ()) -> list[Path]:
    """What has to be shown, read-only and at its own place, so that a program runs in a room.

    A path that is a symbolic link has to be made as one, with the target that it has here (as
    `room.view` does): programs find their libraries by their own real path. All others are
    directories and files to bind. No path has a link above it; what is above is to be made as open
    directories. What lies in SYSTEM is left out. `path` is where `#!/usr/bin/env` looks; nothing of
    the directories `never` (the worker's home) is shown, nor a home, nor what lies above one.
    """
    guard = _MountPolicy(never)
    shown: set[Path] = set()
    for program in find_programs(binary, path):
        shown.update(link for link in program.links if guard.is_file_allowed(link))
        shown.update(_program_paths(program.file, guard))
    return [each for each in sorted(shown) if not shown.intersection(each.parents)]


def first_inaccessible_path(
    binary: Path, path: str | None = None, shown: Iterable[Path] = ()
) -> Path | None:
    """The first directory or file that keeps another user, without groups, from a program; None
    where all is open. Modes are judged, access lists are not.

    What lies above a path of `shown` keeps nobody out: in a room these directories are made anew.
    """
    roots = set(shown)
    for program in find_programs(binary, path):
        for place in (*program.links, program.file):
            for directory in reversed(place.parents):
                is_above = any(directory in root.parents for root in roots)
                if not is_above and not _mode(directory) & stat.S_IXOTH:
                    return directory
        need = stat.S_IXOTH | (stat.S_IROTH if _shebang_words(program.file) else 0)
        if _mode(program.file) & need != need:
            return program.file
    return None


def find_programs(binary: Path, path: str | None = None) -> Iterator[Program]:
    """The program and its interpreters, as far as they exist."""
    waiting, seen = [binary], set[Path]()
    while waiting and len(seen) < _MAX_PROGRAMS:
        asked = waiting.pop(0)
        if asked in seen:
            continue
        seen.add(asked)
        with suppress(OSError):
            program = _resolve_links(asked)
            if program.file.is_file():
                yield program
                waiting += _interpreters(program.file, search_path(path))


def _resolve_links(path: Path) -> Program:
    """Raises OSError for a loop."""
    links: list[Path] = []
    here, left = Path("/"), list(reversed(path.absolute().parts[1:]))
    while left:
        part = left.pop()
        if part == "..":
            here = here.parent
            continue
        here /= part
        if not here.is_symlink():
            continue
        links.append(here)
        if len(links) > _MAX_LINKS:
            raise OSError(f"{path}: too many links")
        target = Path(os.readlink(here))
        left += reversed(target.parts[1:] if target.is_absolute() else target.parts)
        here = Path("/") if target.is_absolute() else here.parent
    return Program(links, here)


# Interpreters


def _interpreters(file: Path, path: str) -> list[Path]:
    found = [_shebang_interpreter(file, path)]
    if venv := _find_venv(file):
        found += sorted(venv.glob("bin/python*"))
    return [each for each in found if each]


def _shebang_interpreter(file: Path, path: str) -> Path | None:
    words = _shebang_words(file)
    if not words or not words[0].startswith("/"):
        return None
    if Path(words[0]).name != "env":
        return Path(words[0])
    named = (word for word in words[1:] if not word.startswith("-") and "=" not in word)
    found = shutil.which(next(named, ""), path=path)
    return Path(found) if found else None


def _shebang_words(file: Path) -> list[str]:
    with suppress(OSError, ValueError), file.open("rb") as opened:
        line = opened.read(_MAX_SHEBANG_BYTES).partition(b"\n")[0].decode(errors="surrogateescape")
        if line.startswith("#!"):
            return shlex.split(line[2:])
    return []


# Trees


class _MountPolicy:
    """Keeps back what no room may show."""

    def __init__(self, never: Iterable[Path]) -> None:
        self._homes = _find_homes()
        self._excluded = [*_EXCLUDED_DIRECTORIES, *(each.resolve() for each in never)]

    def is_file_allowed(self, path: Path) -> bool:
        """Whether a file, a link or a directory of a tool's own may be shown; what is shown anyhow
        may not."""
        below = (path, *path.parents)
        return not (
            any(each in below for each in (*SYSTEM_DIRECTORIES, *self._excluded))
            or self._parts_below_homes(path) & _SECRET_DIRECTORIES
            or self._is_above_protected(path)
        )

    def is_tree_allowed(self, path: Path) -> bool:
        """Whether a whole directory may be shown, of which only its shape is known."""
        return (
            len(path.parts) > 2  # /data may hold anything
            and self.is_file_allowed(path)
            and ".config" not in self._parts_below_homes(path)
            and not any(path == home / each for home in self._homes for each in _SHARED_DIRECTORIES)
        )

    def _is_above_protected(self, path: Path) -> bool:
        kept = {*self._homes, *self._excluded}
        return any(path == each or path in each.parents for each in kept)

    def _parts_below_homes(self, path: Path) -> set[str]:
        inside = [home for home in self._homes if home in path.parents]
        return {part for home in inside for part in path.relative_to(home).parts}


def _find_homes() -> set[Path]:
    homes = {Path.home(), Path("/root"), *(Path(each.pw_dir) for each in pwd.getpwall())}
    with suppress(OSError):
        homes.update(Path("/home").iterdir())
    real = {each.resolve() for each in homes if each.is_absolute()}
    return {
        each for each in real if not any(each == s or s in each.parents for s in SYSTEM_DIRECTORIES)
    }


def _program_paths(file: Path, guard: _MountPolicy) -> list[Path]:
    if not guard.is_file_allowed(file):
        return []
    whole = next((each for each in _install_candidates(file) if guard.is_tree_allowed(each)), None)
    if whole is not None:
        return [whole]
    # The local install of claude is a script that names what lies beside it.
    beside = file.parent / "node_modules"
    packages = [beside] if beside.is_dir() and guard.is_file_allowed(beside) else []
    return [file, *packages]


def _install_candidates(file: Path) -> Iterator[Path]:
    """Directories that may be all that was installed with the file; the best first."""
    parts = file.parts
    if venv := _find_venv(file):
        yield venv
    if parts[:3] == ("/", "nix", "store"):
        yield Path("/nix/store")  # where each thing names others
    if "Cellar" in parts:
        yield Path(*parts[: parts.index("Cellar")])  # Homebrew's prefix: likewise
    if "node_modules" in parts:
        packages = Path(*parts[: parts.index("node_modules") + 1])
        if packages.parent.name == "lib" and (packages.parents[1] / "bin").is_dir():
            yield packages.parents[1]
        yield packages
    prefix = file.parent.parent
    if file.parent.name == "bin" and any((prefix / mark).is_dir() for mark in _INSTALL_MARKERS):
        yield prefix
    if file.parent.name == "shims":
        yield prefix
    yield from _shared_tool_directories(parts)


def _shared_tool_directories(parts: tuple[str, ...]) -> Iterator[Path]:
    """Of `~/.local/share/TOOL/…`: the version, where it keeps several; else all of the tool's."""
    for at in range(len(parts) - 3):
        if parts[at : at + 2] == (".local", "share"):
            keeps_several = parts[at + 3] == "versions" and len(parts) > at + 4
            yield Path(*parts[: at + 5 if keeps_several else at + 3])


def _find_venv(file: Path) -> Path | None:
    return next((each for each in file.parents if (each / "pyvenv.cfg").is_file()), None)


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode
    except OSError:
        return 0
