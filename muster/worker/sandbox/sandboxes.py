"""The rooms of a machine, made as `detection` found that they can be."""

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import Room as RoomFacts
from muster.protocol.frames import RoomLevel
from muster.worker.layout import Layout
from muster.worker.limits.limits import AttemptLimits, of_machine
from muster.worker.sandbox import account, self_test
from muster.worker.sandbox import interpreter as interpreters
from muster.worker.sandbox.interpreter import Interpreter
from muster.worker.sandbox.mounts import RoomDirectory, View
from muster.worker.sandbox.sandbox import Room
from muster.worker.sandbox.uids import UIDS, Identity

LEVELS: tuple[RoomLevel, ...] = ("none", "processes", "full")
"""From the least to the most."""

USUAL = of_machine(memory=6 << 30, free_disk=40 << 30, slots=1)


@dataclass(frozen=True)
class Rooms:
    """`level` is what this machine makes, `lacks` what keeps it from `full`, in words.

    `directories` are shown in every room, and what `programs` answers, read-only: where agents were
    found. What is temporary lies in the memory that an attempt may have. `groups` makes the
    control groups, by their name, that hold what the daemon runs in a room. `interpreter` runs our
    own programs in rooms; `python_missing` is why attempts cannot run it, if so. `bwrap` makes
    views. `checker` is the account that checks what comes out of rooms.
    """

    layout: Layout
    level: RoomLevel = "none"
    lacks: tuple[str, ...] = ()
    limits: AttemptLimits = USUAL
    directories: tuple[RoomDirectory, ...] = ()
    programs: Callable[[], Sequence[Path]] = field(default=tuple)
    groups: Callable[[str], tuple[str, ...]] = lambda name: ()
    interpreter: Interpreter = field(default_factory=interpreters.own)
    python_missing: str | None = None
    bwrap: str = "bwrap"
    checker: Identity | None = None

    @property
    def facts(self) -> RoomFacts:
        return RoomFacts(self.level, list(self.lacks))

    def at_least(self, demanded: RoomLevel | None) -> bool:
        """Whether rooms of this machine contain as much as is demanded."""
        return demanded is None or LEVELS.index(self.level) >= LEVELS.index(demanded)

    def lacks_now(self) -> str | None:
        """Why no stage can run in a room of this level now, found by running one; None: it can."""
        if self.python_missing is not None:
            return self.python_missing
        without_groups = replace(self, groups=lambda _: ())  # trials would share them
        try:
            with without_groups.trial_room() as room:
                (room.host_workspace / "quarantine").mkdir()
                return (
                    self_test.sandbox_problem(room)
                    or self_test.python_problem(room)
                    or self_test.checker_problem(room, room.host_workspace)
                )
        except OSError as error:
            return f"no sandbox can be tried: {error}"

    @contextmanager
    def trial_room(self) -> Iterator[Room]:
        """A room of no attempt's, over a home that is made for it. Raises OSError."""
        key = AttemptKey(0, 0)
        # In the worker's home, if there is one: no mounted directory that can be written is there.
        place = self.layout.trial if self.layout.trial.is_dir() else None
        with tempfile.TemporaryDirectory(prefix="muster-room-", dir=place) as directory:
            layout = Layout(Path(directory))
            layout.make()
            for path in (layout.attempt(key), layout.workspace(key), layout.home_of(key)):
                path.mkdir()
                path.chmod(0o755)  # whatever the daemon's umask is
            layout.home.chmod(0o711)
            identity = Identity(UIDS[-1], layout.home) if os.geteuid() == 0 else None
            yield replace(self, layout=layout).of(key, identity, layout.mirrors)

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
            path.chmod(0o755)  # whatever the daemon's umask is
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
                python=self.interpreter.prefix,
                package=self.interpreter.package,
                covered=(layout.home, *layout.directories),
                memory=self.limits.memory,
                shown=(*shown, *self.programs()),
                directories=self.directories,
            )
        return Room(
            level=self.level,
            identity=identity,
            host_workspace=workspace,
            host_home=home,
            host_git_settings=layout.safe_directories,
            limits=self.limits,
            view=view,
            interpreter=self.interpreter,
            bwrap=self.bwrap,
            checker_uid=self.checker.uid if self.checker else None,
        )
