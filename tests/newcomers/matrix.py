"""Runs cells in systems that they make from shared layers, and judges how they end."""

import re
import shlex
import subprocess
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from demo.console import building
from packages import build
from tests import programs
from tests.newcomers import layers, packages, pythons
from tests.newcomers.cells import (
    CLOSED,
    CLOSED_ALONE,
    DEBIAN_12,
    DEBIAN_13,
    DEBIANS,
    DEMO,
    SERVER,
    THIS,
    Cell,
)
from tests.newcomers.systems import INSIDE, Run, System

PROJECT = Path(__file__).parents[2]
ROOTS = {DEBIAN_13: "newcomer-13", DEBIAN_12: "newcomer-12"}
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
_PLACE_CHECKOUT = """
mkdir -p {checkout}
cp -R /mnt/checkout/. {checkout}
chmod 755 {checkout}
chown {uid}:{uid} {top}
chown -R {uid}:{uid} {folder}
"""
# What a cell's installation is, and what it runs then.
_INSTALL = {
    DEMO: "make {python} .venv/runtime.stamp",
    SERVER: "python3 -m venv installed && installed/bin/pip install --quiet muster-server",
}
_RUN = {
    DEMO: "exec make {python} demo",
    SERVER: "exec installed/bin/python /mnt/inside/first_task.py",
}


class Unavailable(Exception):
    """This machine doesn't have what a cell needs; the message says what, and what brings it."""


@dataclass
class Matrix:
    """`area` is a file system in memory, where everything of the run lies."""

    area: Path
    _made: dict[str, Path] = field(default_factory=dict)
    _systems: set[System] = field(default_factory=set)
    _is_stopped: bool = False
    _locks: dict[str, threading.Lock] = field(default_factory=dict)

    def run(self, cell: Cell) -> Run:
        """Run a cell in a new system. Raises Unavailable."""
        installed = self._installed(cell) if cell.shares_installation else None
        command = _RUN[cell.way]
        if cell.way == SERVER and installed is None:
            command = f"{_INSTALL[SERVER]} && {command}"
        system = self._system(cell, self.area / cell.name, installed)
        try:
            return self._run(system, _argv(cell, command, self._python(cell)))
        finally:
            system.remove()

    def stop(self) -> None:
        """Kill what runs, and run nothing else."""
        self._is_stopped = True
        for system in list(self._systems):
            system.kill()

    def _run(self, system: System, argv: list[str]) -> Run:
        if self._is_stopped:
            raise RuntimeError("the run of the matrix was stopped")
        self._systems.add(system)
        try:
            return system.run(argv, SECONDS)
        finally:
            self._systems.remove(system)

    def _system(self, cell: Cell, place: Path, installed: Path | None = None) -> System:
        layers_below = self._layers(cell)
        checkout = "" if installed else _place_checkout(cell)
        lower = [installed, *layers_below] if installed else layers_below
        return System(
            place,
            lower,
            self._binds(cell),
            prepare=checkout + self._prepare_interpreter(cell) + cell.prepare,
            refuses=cell.refuses,
            has_cgroups=cell.has_cgroups,
            free_megabytes=cell.free_megabytes,
        )

    def _installed(self, cell: Cell) -> Path:
        """The layer of an installation by the cell's user."""

        def install() -> Path:
            place = self.area / f"installed-{cell.name}"
            system = System(place, self._layers(cell), self._binds(cell), _place_checkout(cell))
            done = self._run(system, _argv(cell, _INSTALL[cell.way], self._python(cell)))
            if done.exit_code != 0:
                raise RuntimeError(f"the installation for {cell.name} failed:\n{done.output}")
            return system.upper

        key = f"installed {cell.system} {cell.python} {cell.user.name} {cell.way} {cell.checkout}"
        return self._once(key, install)

    def _layers(self, cell: Cell) -> list[Path]:
        if cell.system != THIS:
            root = self._root(cell.system)
            name = f"layer-{ROOTS[cell.system]}"
            return [self._once(name, lambda: layers.make_root_layer(self.area / name, root)), root]
        base = self._once("layer", lambda: layers.make_host_layer(self.area / "layer"))
        if cell.python not in (CLOSED, CLOSED_ALONE):
            return [base, Path("/")]
        name = f"layer-{cell.python}".replace(" ", "-")
        is_alone = cell.python == CLOSED_ALONE
        made = self._once(
            name, lambda: pythons.make_closed_layer(self.area / name, is_alone=is_alone)
        )
        return [made, base, Path("/")]

    def _root(self, system: str) -> Path:
        made = programs.search(f"debian-{ROOTS[system]}")
        if made is None:
            raise Unavailable(f"there is no root of {system}: `make bring` makes it")
        return Path(made).with_suffix("")

    def _binds(self, cell: Cell) -> dict[str, Path]:
        binds = {
            "/mnt/inside": INSIDE,
            "/mnt/checkout": self._once("checkout", self._clone),
            "/mnt/packages": self._packages(cell),
            **self._interpreter_binds(cell),
        }
        if cell.way == SERVER:
            binds["/mnt/dist"] = self._once("dist", self._build)
        return binds

    def _interpreter_binds(self, cell: Cell) -> Mapping[str, Path]:
        found = _interpreter(cell)
        return found.binds if found else {}

    def _prepare_interpreter(self, cell: Cell) -> str:
        found = _interpreter(cell)
        return found.prepare if found else ""

    def _python(self, cell: Cell) -> str:
        """The interpreter that the cell's user names; nothing for the one on the path."""
        if cell.python in (CLOSED, CLOSED_ALONE):
            return pythons.closed_program(self._layers(cell)[0])
        found = _interpreter(cell)
        return found.program if found else ""

    def _packages(self, cell: Cell) -> Path:
        found = _interpreter(cell)
        program = found.program if found else "python3"
        name = f"{cell.system} {found.version if found else 'own'}".replace(" ", "-").lower()
        # A copy of the system's interpreter installs what that does.
        lower = self._layers(cell)[-2:]
        binds = self._interpreter_binds(cell)
        place = self.area / f"fetching-{name}"
        return self._once(
            f"packages {name}", lambda: packages.fetch(name, program, place, lower, binds)
        )

    def _clone(self) -> Path:
        """A clone of what is committed, without its history."""
        place = self.area / "checkout"
        argv = ["git", "clone", "--quiet", "--depth=1", f"file://{PROJECT}", str(place)]
        subprocess.run(argv, check=True)
        return place

    def _build(self) -> Path:
        """What `make dist` leaves."""
        place = self.area / "dist"
        building.build(lambda line: None)
        build.empty(place)
        for which in (build.CLIENT, build.SERVER):
            build.wheel(which, place)
        return place

    def _once(self, name: str, make: Callable[[], Path]) -> Path:
        """What several cells share, made when the first needs it."""
        with self._locks.setdefault(name, threading.Lock()):
            if name not in self._made:
                self._made[name] = make()
            return self._made[name]


def judge(cell: Cell, run: Run) -> list[str]:
    """What is wrong with how a cell ended; nothing if it ended as its row says."""
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


def _interpreter(cell: Cell) -> pythons.Interpreter | None:
    """The one of this machine that the cell names by its version. Raises Unavailable."""
    if cell.python in (DEBIANS, CLOSED, CLOSED_ALONE):
        return None
    found = pythons.find(cell.python)
    if found is None:
        raise Unavailable(f"there is no Python {cell.python} that can make environments")
    return found


def _place_checkout(cell: Cell) -> str:
    return _PLACE_CHECKOUT.format(
        checkout=shlex.quote(cell.checkout),
        top=cell.top,
        folder=shlex.quote(f"{cell.top}/{Path(cell.folder).parts[0]}"),
        uid=cell.user.uid,
    )


def _argv(cell: Cell, command: str, python: str) -> list[str]:
    """What the cell's user runs, in a bare environment."""
    variables = {**_environment(cell), **cell.variables}
    become = [f"--reuid={cell.user.uid}", f"--regid={cell.user.uid}", "--clear-groups"]
    named = command.format(python=f"PYTHON={python}" if python else "")
    line = f"umask {cell.umask} && cd {shlex.quote(cell.checkout)} && {named}"
    return [
        *("setpriv", *become, *cell.rights, "--"),
        *("env", "-i", *(f"{name}={text}" for name, text in variables.items())),
        *("sh", "-c", line),
    ]


def _environment(cell: Cell) -> Mapping[str, str]:
    path = PATH if cell.user.uid else ROOTS_PATH
    home = {"HOME": cell.top} if cell.user is not layers.HOMELESS else {}
    return {"PATH": path, "LANG": "C.UTF-8", "TERM": "xterm", **home, **OFFLINE}
