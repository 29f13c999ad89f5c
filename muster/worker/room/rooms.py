"""The rooms of a machine: how far it can make them, found out by making one."""

import logging
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import Room as RoomFacts
from muster.protocol.frames import RoomLevel
from muster.worker.layout import Layout
from muster.worker.limits.limits import AttemptLimits, of_machine
from muster.worker.room import account
from muster.worker.room.identity import UIDS, Identity
from muster.worker.room.room import Room
from muster.worker.room.view import RoomDirectory, View

LEVELS: tuple[RoomLevel, ...] = ("none", "processes", "full")
"""From the least to the most."""

USUAL = of_machine(memory=6 << 30, free_disk=40 << 30, slots=1)

_TRIAL = 20.0  # seconds for a trial room

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Rooms:
    """`level` is what this machine makes, `lacks` what keeps it from `full`, in words.

    `directories` are shown in every room, and what `programs` answers, read-only: where agents were
    found. What is temporary lies in the memory that an attempt may have. `groups` makes the
    control groups, by their name, that hold what the daemon runs in a room.
    """

    layout: Layout
    level: RoomLevel = "none"
    lacks: tuple[str, ...] = ()
    limits: AttemptLimits = USUAL
    directories: tuple[RoomDirectory, ...] = ()
    programs: Callable[[], Sequence[Path]] = field(default=tuple)
    groups: Callable[[str], tuple[str, ...]] = lambda name: ()

    @property
    def facts(self) -> RoomFacts:
        return RoomFacts(self.level, list(self.lacks))

    def at_least(self, demanded: RoomLevel | None) -> bool:
        """Whether rooms of this machine contain as much as is demanded."""
        return demanded is None or LEVELS.index(self.level) >= LEVELS.index(demanded)

    def lacks_now(self) -> str | None:
        """Why no room of this level can be made now, found out by making one; None: one can."""
        without_groups = replace(self, groups=lambda _: ())  # trials would share them
        try:
            return None if self.level == "none" else _trial(without_groups)
        except OSError as error:
            return f"no room can be tried: {error}"

    def of(self, key: AttemptKey, identity: Identity | None, objects: Path) -> Room:
        """The attempt's room; `objects` are those of its repository's mirror. Raises OSError."""
        layout = self.layout
        places = layout.workspace(key), layout.home_of(key)
        room = self._over(*places, layout.attempt(key), identity, objects)
        return replace(room, groups=self.groups(f"{key.name}-daemon"))

    def for_programs(self, identity: Identity | None) -> Room:
        """A room in which the daemon itself tries the programs of attempts. Raises OSError."""
        directory = self.layout.trial
        workspace, home = directory / "workspace", directory / "home"
        for path in (workspace, home):
            path.mkdir(parents=True, exist_ok=True)
        return self._over(workspace, home, directory, identity)

    def _over(
        self, workspace: Path, home: Path, files: Path, identity: Identity | None, *shown: Path
    ) -> Room:
        layout, view = self.layout, None
        if self.level == "full":
            passwd, group = account.write(files, identity)
            view = View(
                workspace=workspace,
                home=home,
                passwd=passwd,
                group=group,
                git_settings=layout.safe_directories,
                covered=(layout.home, *layout.directories),
                memory=self.limits.memory,
                shown=(*shown, *self.programs()),
                directories=self.directories,
            )
        settings = layout.safe_directories
        return Room(self.level, identity, workspace, home, settings, self.limits, view)


def found_out(
    layout: Layout,
    *,
    most: RoomLevel = "full",
    limits: AttemptLimits = USUAL,
    directories: Sequence[RoomDirectory] = (),
    programs: Callable[[], Sequence[Path]] = tuple,
) -> Rooms:
    """The rooms that this machine can make, but none beyond `most`; tried out with a trial room."""
    lacks: list[str] = []
    for level in reversed(LEVELS[: LEVELS.index(most) + 1]):
        rooms = Rooms(layout, level, tuple(lacks), limits, tuple(directories), programs)
        if level == "none" or (lack := _trial(rooms)) is None:
            return rooms
        lacks.append(lack)
    raise AssertionError("the last level needs nothing")


def _trial(rooms: Rooms) -> str | None:
    """Makes a room and runs nothing in it; why that does not work, if so."""
    program = "bwrap" if rooms.level == "full" else "unshare"
    needed = [program, *(["setpriv"] if os.geteuid() == 0 else [])]
    if missing := [name for name in needed if shutil.which(name) is None]:
        return f"{' and '.join(missing)} is not installed"
    with tempfile.TemporaryDirectory(prefix="muster-room-") as directory:
        made = _trial_layout(Path(directory))
        identity = Identity(UIDS[-1], made.home) if os.geteuid() == 0 else None
        key = AttemptKey(0, 0)
        trial = replace(rooms, layout=made)
        argv = trial.of(key, identity, made.mirrors).command("/bin/sh", "-c", ":")
        try:
            done = subprocess.run(
                argv,
                cwd="/",
                env={"PATH": os.environ.get("PATH", os.defpath)},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                timeout=_TRIAL,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"{program}: {error}"
    if done.returncode == 0:
        return None
    words = done.stderr.decode(errors="replace").strip().splitlines()
    return words[-1][:200] if words else f"{program} ended with {done.returncode}"


def _trial_layout(home: Path) -> Layout:
    layout = Layout(home)
    layout.make()
    for path in (layout.attempt(AttemptKey(0, 0)), layout.workspace(AttemptKey(0, 0))):
        path.mkdir()
    layout.home_of(AttemptKey(0, 0)).mkdir()
    return layout
