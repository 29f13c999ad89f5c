"""Pythons that run Muster's code as an attempt's user, who may be unable to read ours.

The worker's interpreter, or the package `muster`, may be in a closed home, like those of version
managers and checkouts in `/root`. Then the system's Python may work, and else a copy of both in the
worker's home. `detection` finds out which of them works.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from muster.worker import processes
from muster.worker.sandbox.mounts import LIBRARY, PYTHON

MIN_PYTHON_VERSION = (3, 11)
IMPORTS = (
    "import sys; sys.path.append(sys.argv[1]); import muster.worker.agents.runner.main;"
    " import muster.worker.agents.mcp_server.server; import muster.worker.egress.sandbox_listener;"
    " import muster.worker.sandbox.landlock, ctypes"
)
"""Imports everything that runs as an attempt's user."""

_SOURCE_ROOT = Path(__file__).resolve().parents[3]
_ISOLATED = ("-I", "-S", "-X", "utf8")
_SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"
_SYSTEM_TREES = ("/usr/", "/lib", "/bin/", "/nix/store/", "/gnu/store/")
_DESCRIBE = (
    "import os, sys; print(*sys.version_info[:2]); print(sys.base_prefix);"
    " print(os.path.realpath(sys._base_executable))"
)
_START_TIMEOUT = 20.0  # seconds
# Parts of the standard library that no program of an attempt imports, and that are large.
_EXCLUDED_FILES = shutil.ignore_patterns(
    *("site-packages", "dist-packages", "test", "tests", "idlelib", "tkinter", "turtledemo"),
    *("ensurepip", "lib2to3", "pydoc_data", "config-*", "*.a", "*.opt-?.pyc"),
)


@dataclass(frozen=True)
class Interpreter:
    """`program` is installed in `prefix`, and `library` contains the package `muster`. A `loader`,
    the system's dynamic linker, starts a program that can't find its shared libraries by itself.
    """

    program: Path
    prefix: Path
    library: Path
    loader: str = ""

    @property
    def package(self) -> Path:
        return self.library / "muster"

    def command(self, entry: str, *, in_view: bool) -> list[str]:
        """Return the command that runs `entry`, which gets `library` as its first argument.
        `in_view`: in a sandbox that shows prefix and package at `mounts.PYTHON` and
        `mounts.LIBRARY`."""
        program, prefix, library = self.program, self.prefix, str(self.library)
        if in_view:
            program, prefix, library = Path(PYTHON, "bin", program.name), Path(PYTHON), LIBRARY
        start = [self.loader, "--library-path", str(prefix / "lib")] if self.loader else []
        return [*start, str(program), *_ISOLATED, "-c", entry, library]


def own_interpreter() -> Interpreter:
    """Return the interpreter that runs this, not the link to it in a virtual environment."""
    base = getattr(sys, "_base_executable", None) or sys.executable
    return Interpreter(Path(base).resolve(), Path(sys.base_prefix), _SOURCE_ROOT)


def installed_interpreters(path: str = _SYSTEM_PATH) -> Iterator[Interpreter]:
    """Return the system's interpreters, from OLDEST on, with our package."""
    found: set[Path] = set()
    for name in (
        "python3",
        *(f"python3.{minor}" for minor in range(19, MIN_PYTHON_VERSION[1] - 1, -1)),
    ):
        program = shutil.which(name, path=path)
        interpreter = _describe(program) if program else None
        if interpreter and interpreter.program not in found:
            found.add(interpreter.program)
            yield interpreter


def _describe(program: str) -> Interpreter | None:
    try:
        described = _run_program([program, "-I", "-S", "-c", _DESCRIBE])
        version, prefix, executable = described.splitlines()
        major, minor = map(int, version.split())
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    if (major, minor) < MIN_PYTHON_VERSION:
        return None
    return Interpreter(Path(executable), Path(prefix), _SOURCE_ROOT)


def _run_program(command: list[str]) -> str:
    """Return its output. Raises OSError, and SubprocessError if it fails or takes too long."""
    return subprocess.run(
        command,
        cwd="/",
        env={},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_START_TIMEOUT,
        check=True,
    ).stdout


# A copy


def copied_interpreters(directory: Path) -> Iterator[Interpreter]:
    """Return copies of our interpreter and package in `directory`, created if missing: started
    directly, and by the system's loader. Raises OSError."""
    place = directory / copy_name()
    if not place.is_dir():
        _make_copy(place)
    program = place / "bin" / own_interpreter().program.name
    yield Interpreter(program, place, place / "library")
    if loader := _dynamic_loader():
        yield Interpreter(program, place, place / "library", loader)


def copy_name() -> str:
    """Return the name of the copy: different for each interpreter and each release of ours."""
    program = own_interpreter().program
    described = [sys.version, str(program), str(program.stat().st_mtime_ns)]
    for path in sorted((_SOURCE_ROOT / "muster").rglob("*.py")):
        status = path.stat()
        described.append(f"{path} {status.st_size} {status.st_mtime_ns}")
    return hashlib.sha256("\n".join(described).encode()).hexdigest()[:16]


def remove_copies(directory: Path, used: Interpreter | None) -> None:
    """Remove the copies of earlier releases, unless a process still uses them."""
    for path in directory.iterdir():
        is_used = used is not None and used.prefix == path
        if not is_used and not processes.find_by_path(str(path)):
            shutil.rmtree(path, ignore_errors=True)


def _make_copy(place: Path) -> None:
    """Copy under a temporary name first, so that an interrupted copy never looks complete."""
    making = Path(tempfile.mkdtemp(prefix=".making-", dir=place.parent))
    try:
        _fill_copy(making)
        os.rename(making, place)
    except BaseException:
        shutil.rmtree(making, ignore_errors=True)
        if not place.is_dir():  # otherwise another process was faster
            raise


def _fill_copy(place: Path) -> None:
    source = own_interpreter()
    (place / "bin").mkdir()
    program = place / "bin" / source.program.name
    shutil.copy2(source.program, program)
    library = Path(sysconfig.get_path("stdlib"))
    copied = place / _stdlib_path(library, source.prefix)
    shutil.copytree(library, copied, ignore=_EXCLUDED_FILES, ignore_dangling_symlinks=True)
    shutil.copytree(source.package, place / "library" / "muster", ignore=_EXCLUDED_FILES)
    (place / "lib").mkdir(exist_ok=True)  # the standard library may be in `lib64`
    for path in map(Path, _shared_libraries(source)):
        shutil.copy2(path, place / "lib" / path.name)
    _compile(Interpreter(program, place, place / "library"))
    _make_readable(place)


def _compile(copied: Interpreter) -> None:
    """Write the bytecode of everything that attempts run, because they can't. A failure does no
    harm."""
    with suppress(OSError, subprocess.SubprocessError):
        _run_program(copied.command(IMPORTS, in_view=False))


def _stdlib_path(library: Path, prefix: Path) -> Path:
    """Return the path of the standard library, below the prefix."""
    try:
        return library.relative_to(prefix)
    except ValueError:
        return Path("lib", library.name)


def _shared_libraries(interpreter: Interpreter) -> list[str]:
    """Return the shared libraries outside the system and the standard library, according to the
    kernel's list for a process that has imported everything needed. Raises OSError."""
    inside = f"{Path(sysconfig.get_path('stdlib'))}/"
    return [
        path
        for path in _mapped_files(interpreter)
        if ".so" in Path(path).name and not path.startswith((*_SYSTEM_TREES, inside))
    ]


def _dynamic_loader() -> str:
    """Return the dynamic linker that started this process; empty if there is none."""
    return next(
        (path for path in _mapped_files(own_interpreter()) if Path(path).name.startswith("ld-")), ""
    )


def _mapped_files(interpreter: Interpreter) -> list[str]:
    """Return the files that are mapped into an interpreter that has imported everything for
    attempts."""
    command = interpreter.command(
        f"{IMPORTS}; print(open('/proc/self/maps').read())", in_view=False
    )
    try:
        mapped = _run_program(command)
    except subprocess.SubprocessError as error:
        raise OSError(f"{interpreter.program} doesn't start: {error}") from None
    columns = (line.split(maxsplit=5) for line in mapped.splitlines())
    return sorted({each[5] for each in columns if len(each) == 6 and each[5].startswith("/")})


def _make_readable(place: Path) -> None:
    """Make it readable for all, and writable only for its owner."""
    for directory, _, names in os.walk(place):
        os.chmod(directory, 0o755)
        for name in names:
            path = Path(directory, name)
            path.chmod(0o555 if path.stat().st_mode & 0o100 else 0o444)
