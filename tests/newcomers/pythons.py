"""The interpreters of the cells: where this machine has them, and where the cells' systems do."""

import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.newcomers import layers

# Where version managers put interpreters, below their own directory.
MANAGED = ((".pyenv", "versions/{version}.*"), (".local/share/uv/python", "cpython-{version}.*"))
_DESCRIBE = "import ensurepip, sys, venv; print(sys.base_prefix, '%d.%d' % sys.version_info[:2])"
_CLOSED_HOME = "root/.versions"


@dataclass(frozen=True)
class Interpreter:
    """A Python of this machine: its version and the directory that it is installed in."""

    version: str
    prefix: Path

    @property
    def binds(self) -> dict[str, Path]:
        """The files that a cell's system needs for it; the system's own is already there."""
        return {} if self.prefix == Path("/usr") else {str(self.prefix): self.prefix}

    @property
    def prepare(self) -> str:
        """What root's shell does there, so that everyone can run it: it has its path built in."""
        parents = shlex.join(map(str, self.prefix.parents))
        return f"chmod a+x {parents}\n" if self.binds else ""

    @property
    def program(self) -> str:
        return f"{self.prefix}/bin/python{self.version}"


def find(version: str) -> Interpreter | None:
    """One of this version that can make environments; None if this machine has none."""
    for program in _candidates(version):
        found = _describe(program)
        if found is not None and found.version == version:
            return found
    return None


def make_closed_layer(place: Path, *, is_alone: bool) -> Path:
    """Copy the system's Python into a home that only root can enter, as version managers have it,
    and hide the system's if the copy is to be alone.
    """
    system = _describe(Path("/usr/bin/python3"))
    if system is None:
        raise RuntimeError("this machine has no /usr/bin/python3 that can make environments")
    name = f"python{system.version}"
    prefix = place / _CLOSED_HOME / system.version
    (prefix / "bin").mkdir(parents=True)
    shutil.copy(f"/usr/bin/{name}", prefix / "bin" / name)
    shutil.copytree(f"/usr/lib/{name}", prefix / "lib" / name, symlinks=True)
    (place / "root").chmod(0o700)
    if is_alone:
        for folder in ("usr/bin", "usr/local/bin"):
            for path in Path("/", folder).glob("python*"):
                layers.hide(place, f"{folder}/{path.name}")
    return place


def closed_program(layer: Path) -> str:
    """The path of such a copy in a system that has its layer."""
    [program] = (layer / _CLOSED_HOME).glob("*/bin/python*")
    return f"/{program.relative_to(layer)}"


def _candidates(version: str) -> Iterator[Path]:
    for manager, pattern in MANAGED:
        folders = Path.home() / manager
        yield from sorted(folders.glob(f"{pattern.format(version=version)}/bin/python{version}"))
    for folder in (*os.get_exec_path(), "/usr/bin"):
        if (program := Path(folder, f"python{version}")).is_file():
            yield program


def _describe(program: Path) -> Interpreter | None:
    argv = [program, "-I", "-c", _DESCRIBE]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return None
    prefix, version = done.stdout.split()
    return Interpreter(version, Path(prefix))
