"""The sandboxes of a machine, as `detection` found them."""

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import SandboxFacts as RoomFacts
from muster.protocol.frames import SandboxLevel
from muster.worker.layout import Layout
from muster.worker.limits.limits import AttemptLimits, default_limits
from muster.worker.sandbox import account, self_test
from muster.worker.sandbox import interpreter as interpreters
from muster.worker.sandbox.interpreter import Interpreter
from muster.worker.sandbox.mounts import SandboxDirectory, SandboxMounts
from muster.worker.sandbox.sandbox import Sandbox
from muster.worker.sandbox.uids import DEFAULT_UIDS, Identity

LEVELS: tuple[SandboxLevel, ...] = ("none", "processes", "full")
"""In ascending order."""

DEFAULT_LIMITS = default_limits(memory=6 << 30, free_disk=40 << 30, slots=1)


@dataclass(frozen=True)
class Sandboxes:
    """`level` is this machine's level, `missing` why it isn't `full`, in words.

    `directories`, and the result of `programs`, are visible in every sandbox, read-only: the
    agents' directories. Temporary files count to an attempt's memory. `groups` creates the control
    groups, by name, for the daemon's own processes in a sandbox. `interpreter` runs our own
    programs in sandboxes; `python_missing` is why attempts can't run it, if so. `bwrap` creates
    mounts. `checker` is the account that checks sandboxes' output.
    """

    layout: Layout
    level: SandboxLevel = "none"
    missing: tuple[str, ...] = ()
    limits: AttemptLimits = DEFAULT_LIMITS
    directories: tuple[SandboxDirectory, ...] = ()
    programs: Callable[[], Sequence[Path]] = field(default=tuple)
    groups: Callable[[str], tuple[str, ...]] = lambda name: ()
    interpreter: Interpreter = field(default_factory=interpreters.own_interpreter)
    python_missing: str | None = None
    bwrap: str = "bwrap"
    checker: Identity | None = None

    @property
    def facts(self) -> RoomFacts:
        return RoomFacts(self.level, list(self.missing))

    def has_python(self) -> bool:
        """Whether attempts can run our own programs."""
        return self.python_missing is None

    def meets_level(self, demanded: SandboxLevel | None) -> bool:
        """Whether sandboxes of this machine meet the demanded level."""
        return demanded is None or LEVELS.index(self.level) >= LEVELS.index(demanded)

    def find_problem(self) -> str | None:
        """Run a test in a sandbox of this level; return why no stage can run, None if it can."""
        if self.python_missing is not None:
            return self.python_missing
        without_groups = replace(self, groups=lambda _: ())  # tests would share them
        try:
            with without_groups.temporary_sandbox() as room:
                (room.host_workspace / "quarantine").mkdir()
                return (
                    self_test.sandbox_problem(room)
                    or self_test.python_problem(room)
                    or self_test.checker_problem(room, room.host_workspace)
                )
        except OSError as error:
            return f"can't test a sandbox: {error}"

    @contextmanager
    def temporary_sandbox(self) -> Iterator[Sandbox]:
        """Yield a sandbox without an attempt, over a temporary home. Raises OSError."""
        key = AttemptKey(0, 0)
        # In the worker's home, if there is one, because no writable mount is there.
        place = self.layout.self_test if self.layout.self_test.is_dir() else None
        with tempfile.TemporaryDirectory(prefix="muster-sandbox-", dir=place) as directory:
            layout = Layout(Path(directory))
            layout.make()
            for path in (layout.attempt(key), layout.workspace(key), layout.attempt_home(key)):
                path.mkdir()
                path.chmod(0o755)  # whatever the daemon's umask
            layout.home.chmod(0o711)
            identity = Identity(DEFAULT_UIDS[-1], layout.home) if os.geteuid() == 0 else None
            yield replace(self, layout=layout).for_attempt(key, identity, layout.mirrors)

    def for_attempt(self, key: AttemptKey, identity: Identity | None, objects: Path) -> Sandbox:
        """Return the attempt's sandbox; `objects` are those of its repository's mirror. Raises
        OSError."""
        layout = self.layout
        places = layout.workspace(key), layout.attempt_home(key)
        room = self._create_sandbox(*places, layout.attempt(key), identity, objects)
        return replace(room, groups=self.groups(f"{key.name}-daemon"))

    def for_programs(self, identity: Identity | None) -> Sandbox:
        """Return a sandbox in which the daemon tests the programs of attempts. Raises OSError."""
        directory = self.layout.self_test
        workspace, home = directory / "workspace", directory / "home"
        for path in (workspace, home):
            path.mkdir(parents=True, exist_ok=True)
            path.chmod(0o755)  # whatever the daemon's umask
        return self._create_sandbox(workspace, home, directory, identity)

    def _create_sandbox(
        self, workspace: Path, home: Path, files: Path, identity: Identity | None, *shown: Path
    ) -> Sandbox:
        layout, view = self.layout, None
        if self.level == "full":
            passwd, group = account.write_account_files(files, identity)
            view = SandboxMounts(
                workspace=workspace,
                home=home,
                passwd=passwd,
                group=group,
                git_settings=layout.safe_directories,
                python=self.interpreter.prefix,
                package=self.interpreter.package,
                hidden_paths=(layout.home, *layout.directories),
                memory=self.limits.memory,
                visible_paths=(*shown, *self.programs()),
                directories=self.directories,
            )
        return Sandbox(
            level=self.level,
            identity=identity,
            host_workspace=workspace,
            host_home=home,
            host_git_settings=layout.safe_directories,
            limits=self.limits,
            mounts=view,
            interpreter=self.interpreter,
            bwrap=self.bwrap,
            checker_uid=self.checker.uid if self.checker else None,
        )
