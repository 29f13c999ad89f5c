"""What several cells share, made when the first of them needs it: layers, packages, a checkout."""

import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from demo.console import builder
from packages import build
from tests import programs
from tests.newcomers import layers, packages, pythons
from tests.newcomers.cells import CLOSED, CLOSED_ALONE, DEBIAN_12, DEBIAN_13, DEBIANS, THIS, Cell
from tests.newcomers.systems import INSIDE

PROJECT = Path(__file__).parents[2]
ROOTS = {DEBIAN_13: "newcomer-13", DEBIAN_12: "newcomer-12"}
T = TypeVar("T")


class Unavailable(Exception):
    """This machine doesn't have what a cell needs; the message says what."""


@dataclass
class Shared:
    """Everything is in `area`."""

    area: Path
    _made: dict[str, Any] = field(default_factory=dict)
    _locks: dict[str, threading.Lock] = field(default_factory=dict)

    def once(self, name: str, make: Callable[[], T]) -> T:
        """Return the value of this name, created at the first call."""
        with self._locks.setdefault(name, threading.Lock()):
            if name not in self._made:
                self._made[name] = make()
            made: T = self._made[name]
            return made

    def layers(self, cell: Cell) -> list[Path]:
        """The layers of a cell's system, the topmost first. Raises Unavailable."""
        if cell.system != THIS:
            root = find_root(cell.system)
            place = self.area / f"layer-{root.name}"
            return [self.once(place.name, lambda: layers.make_root_layer(place, root)), root]
        place = self.area / "layer"
        base = self.once("layer", lambda: layers.make_host_layer(place))
        if cell.python not in (CLOSED, CLOSED_ALONE):
            return [base, Path("/")]
        is_alone = cell.python == CLOSED_ALONE
        above = self.area / ("layer-closed-alone" if is_alone else "layer-closed")
        made = self.once(above.name, lambda: pythons.make_closed_layer(above, is_alone=is_alone))
        return [made, base, Path("/")]

    def binds(self, cell: Cell) -> dict[str, Path]:
        """The directories of this machine that a cell's system has. Raises Unavailable."""
        found = find_interpreter(cell)
        binds = {
            "/mnt/inside": INSIDE,
            "/mnt/checkout": self.once("checkout", self._clone),
            "/mnt/packages": self._packages(cell, found),
            "/mnt/dist": self.once("dist", self._build) if cell.has_packages else INSIDE,
        }
        return {**binds, **(found.binds if found else {})}

    def _packages(self, cell: Cell, found: pythons.Interpreter | None) -> Path:
        program, binds = (found.program, found.binds) if found else ("python3", {})
        name = f"{cell.system} {found.version if found else 'own'}".replace(" ", "-").lower()
        # A copy of the system's interpreter installs what that does.
        lower, place = self.layers(cell)[-2:], self.area / f"fetching-{name}"
        return self.once(
            f"packages {name}", lambda: packages.fetch(name, program, place, lower, binds)
        )

    def _clone(self) -> Path:
        """A clone of the committed files, without history."""
        place = self.area / "checkout"
        argv = ["git", "clone", "--quiet", "--depth=1", f"file://{PROJECT}", str(place)]
        subprocess.run(argv, check=True)
        return place

    def _build(self) -> Path:
        """What `make dist` leaves."""
        place = self.area / "dist"
        builder.build(lambda line: None)
        build.clear_directory(place)
        for which in (build.CLIENT, build.SERVER):
            build.build_wheel(which, place)
        return place


def find_interpreter(cell: Cell) -> pythons.Interpreter | None:
    """The one of this machine that a cell names by its version; None if it names another kind.
    Raises Unavailable.
    """
    if cell.python in (DEBIANS, CLOSED, CLOSED_ALONE):
        return None
    found = pythons.find(cell.python)
    if found is None:
        raise Unavailable(f"there is no Python {cell.python} that can make environments")
    return found


def find_root(system: str) -> Path:
    """The root of this release of Debian. Raises Unavailable."""
    made = programs.search(f"debian-{ROOTS[system]}")
    if made is None:
        raise Unavailable(f"there is no root of {system}; `make bring` makes it")
    return Path(made).with_suffix("")
