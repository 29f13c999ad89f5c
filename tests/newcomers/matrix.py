"""Runs cells in separate systems, and judges their results."""

import re
import shlex
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.newcomers import layers, pythons
from tests.newcomers.cells import CELLS, CLOSED, CLOSED_ALONE, DEMO, SERVER, Cell
from tests.newcomers.shared import Shared, find_interpreter
from tests.newcomers.systems import Run, System

SECONDS = 300.0
PATH = "/usr/local/bin:/usr/bin:/bin"
ROOTS_PATH = f"/usr/local/sbin:/usr/sbin:/sbin:{PATH}"
OFFLINE = {
    "PIP_NO_INDEX": "1",
    "PIP_FIND_LINKS": "/mnt/packages /mnt/dist",
    "PIP_NO_COMPILE": "1",
    "UV_OFFLINE": "1",
    "UV_NO_INDEX": "1",
    "UV_FIND_LINKS": "/mnt/packages",
}
BASES = frozenset(cell.shares for cell in CELLS if cell.shares)
# Where a run leaves state, beside its checkout.
STATE = ("tmp", "var/tmp", "var/lib")
_PLACE_CHECKOUT = """
mkdir -p {checkout}
cp -R /mnt/checkout/. {checkout}
chmod 755 {checkout}
chown {uid}:{uid} {top}
chown -R {uid}:{uid} {folder}
"""
_INSTALL = "python3 -m venv installed && installed/bin/pip install --quiet muster-server"
_RUN = {
    DEMO: "exec make {python} demo",
    SERVER: "exec installed/bin/python /mnt/inside/first_task.py",
}


@dataclass
class Matrix:
    """`area` is a file system in memory, with all files of the run."""

    area: Path
    _shared: Shared = field(init=False)
    _systems: set[System] = field(default_factory=set)
    _is_stopped: bool = False

    def __post_init__(self) -> None:
        self._shared = Shared(self.area)

    def run(self, cell: Cell) -> Run:
        """Run a cell in a new system. Raises Unavailable."""
        if cell.name in BASES:
            return self._base(cell)[0]
        system = self._system(cell)
        try:
            return self._run(system, cell)
        finally:
            system.remove()

    def stop(self) -> None:
        """Kill all processes, and run nothing else."""
        self._is_stopped = True
        for system in list(self._systems):
            system.kill()

    def _base(self, cell: Cell) -> tuple[Run, Path]:
        """The run of a cell whose installation others share, and the layer with it."""

        def run() -> tuple[Run, Path]:
            system = self._system(cell)
            done = self._run(system, cell)
            _remove_state(system.upper, cell)
            return done, system.upper

        return self._shared.once(cell.name, run)

    def _installed(self, name: str) -> Path:
        [base] = [cell for cell in CELLS if cell.name == name]
        run, layer = self._base(base)
        if run.exit_code != 0:
            raise RuntimeError(f"the cell {name} failed, whose installation this one shares")
        return layer

    def _system(self, cell: Cell) -> System:
        installed = [self._installed(cell.shares)] if cell.shares else []
        found = find_interpreter(cell)
        steps = (
            "" if installed else _place_checkout(cell),
            found.prepare if found else "",
            cell.prepare,
        )
        return System(
            self.area / cell.name,
            [*installed, *self._shared.layers(cell)],
            self._shared.binds(cell),
            prepare="".join(steps),
            refuses=cell.refuses,
            has_cgroups=cell.has_cgroups,
            free_megabytes=cell.free_megabytes,
        )

    def _run(self, system: System, cell: Cell) -> Run:
        if self._is_stopped:
            raise RuntimeError("the run of the matrix was stopped")
        self._systems.add(system)
        try:
            return system.run(_argv(cell, self._python(cell)), SECONDS)
        finally:
            self._systems.remove(system)

    def _python(self, cell: Cell) -> str:
        """The interpreter that the cell's user names; nothing for the one on the path."""
        if cell.python in (CLOSED, CLOSED_ALONE):
            return pythons.closed_program(self._shared.layers(cell)[0])
        found = find_interpreter(cell)
        return found.program if found else ""


def judge(cell: Cell, run: Run) -> list[str]:
    """Return what is wrong with a cell's result; empty if it matches its row."""
    problems = [f"still running: {line}" for line in run.leftovers]
    if cell.sentence:
        if run.exit_code == 0:
            problems.append("it ended with exit 0")
        problems += [f"it wrote {path}" for path in run.changes]
    elif run.exit_code != 0:
        problems.append(f"it ended with exit {run.exit_code}")
    for pattern in filter(None, (cell.sentence, cell.sandbox)):
        if not re.search(pattern, run.output):
            problems.append(f"it printed nothing that matches {pattern!r}")
    return problems


def _remove_state(upper: Path, cell: Cell) -> None:
    """Leave only the checkout and the installed packages of a run."""
    shutil.rmtree(f"{upper}{cell.checkout}/.muster", ignore_errors=True)
    for path in (path for folder in STATE for path in (upper / folder).glob("muster-*")):
        shutil.rmtree(path)


def _place_checkout(cell: Cell) -> str:
    return _PLACE_CHECKOUT.format(
        checkout=shlex.quote(cell.checkout),
        top=cell.top,
        folder=shlex.quote(f"{cell.top}/{Path(cell.folder).parts[0]}"),
        uid=cell.user.uid,
    )


def _argv(cell: Cell, python: str) -> list[str]:
    """The cell's command for its user, in a bare environment."""
    variables = {**_environment(cell), **cell.variables}
    become = [f"--reuid={cell.user.uid}", f"--regid={cell.user.uid}", "--clear-groups"]
    run = _RUN[cell.way].format(python=f"PYTHON={python}" if python else "")
    steps = [f"umask {cell.umask}", f"cd {shlex.quote(cell.checkout)}", run]
    if cell.has_packages and not cell.shares:
        steps.insert(2, _INSTALL)
    return [
        *("setpriv", *become, *cell.rights, "--"),
        *("env", "-i", *(f"{name}={text}" for name, text in variables.items())),
        *("sh", "-c", " && ".join(steps)),
    ]


def _environment(cell: Cell) -> Mapping[str, str]:
    path = PATH if cell.user.uid else ROOTS_PATH
    home = {"HOME": cell.top} if cell.user is not layers.HOMELESS else {}
    return {"PATH": path, "LANG": "C.UTF-8", "TERM": "xterm", **home, **OFFLINE}
