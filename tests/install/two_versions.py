"""Future releases: this tree with a higher version, and broken ones.

Each one adds a migration. Each release is built once per session, when it is first needed.
"""

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from demo.console import builder
from packages import build, version

# The parts of the packages.
PARTS = (
    *("app", "migrations", "muster", "packages", "LICENSE", "wsgi.py", "config.py"),
    *("celery_worker.py", "gunicorn.conf.py"),
    *("requirements.in", "requirements.txt", "requirements-client.in", "requirements-client.txt"),
    *("requirements-worker.in", "requirements-worker.txt"),
)
CONSOLE = "console/dist"
REVISION = "900{step}"
COLUMN = "of_release_{step}"
ADDED = "op.add_column('tasks', sa.Column('{column}', sa.Text()))"
MIGRATION = """\
import sqlalchemy as sa
from alembic import op

revision = '{revision}'
down_revision = '{before}'
branch_labels = None
depends_on = None


def upgrade() -> None:
    {added}


def downgrade() -> None:
    op.drop_column('tasks', '{column}')
"""
_REVISION = re.compile(r"^revision = '([^']+)'$", re.MULTILINE)
_BEFORE = re.compile(r"^down_revision = '([^']+)'$", re.MULTILINE)

Breakage = Callable[[Path], None]
"""Breaks a tree."""


@dataclass(frozen=True)
class Release:
    """Both wheels are in one directory, with nothing else."""

    version: str
    server: Path
    client: Path


@dataclass
class Releases:
    """The releases of this session. `now` is of this tree; `next` is one minor version higher;
    `later` and the broken ones are one higher than that, and have two migrations more than `now`.
    """

    area: Path
    now: Release
    _made: dict[str, Release] = field(default_factory=dict)

    @property
    def next(self) -> Release:
        return self._release("next", 1, lambda tree: None)

    @property
    def later(self) -> Release:
        """One minor version after `next`."""
        return self._release("later", 2, lambda tree: None)

    def broken(self, fault: str) -> Release:
        """Return a broken release, one of FAULTS."""
        return self._release(fault, 2, BREAKAGES[fault])

    def _release(self, name: str, steps: int, change: Breakage) -> Release:
        if name not in self._made:
            tree = self.area / "trees" / name
            copy(tree)
            for step in range(1, steps + 1):
                raise_version(tree)
                add_migration(tree, step)
            change(tree)
            self._made[name] = pack(tree, self.area / "releases" / name)
        return self._made[name]


def pack(tree: Path, place: Path) -> Release:
    """What `make dist` makes of a tree that has its console."""
    place.mkdir(parents=True)
    client, server = (
        build.build_wheel(which, place, tree) for which in (build.CLIENT, build.SERVER)
    )
    return Release(version.tree_version(tree), server, client)


def copy(tree: Path) -> None:
    """What this tree makes its packages of."""
    builder.build(print)
    for part in (*PARTS, CONSOLE):
        here, there = build.ROOT / part, tree / part
        there.parent.mkdir(parents=True, exist_ok=True)
        if here.is_dir():
            shutil.copytree(here, there, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(here, there)


def raise_version(tree: Path) -> None:
    """By a minor version."""
    now = version.tree_version(tree)
    major, minor, _ = now.split(".")
    replace(tree / "muster" / "__init__.py", f'"{now}"', f'"{major}.{int(minor) + 1}.0"')


def add_migration(tree: Path, step: int) -> None:
    """Add a nullable, unused column on top of the newest migration."""
    versions = tree / "migrations" / "versions"
    texts = [path.read_text() for path in versions.glob("*.py")]
    before = {found[1] for text in texts if (found := _BEFORE.search(text))}
    [newest] = {found[1] for text in texts if (found := _REVISION.search(text))} - before
    column, revision = COLUMN.format(step=step), REVISION.format(step=step)
    text = MIGRATION.format(
        revision=revision, before=newest, added=ADDED.format(column=column), column=column
    )
    (versions / f"{revision}_raised.py").write_text(text)


def replace(path: Path, old: str, new: str) -> None:
    """Replace its only occurrence."""
    text = path.read_text()
    assert text.count(old) == 1, f"{path}: {old!r}"
    path.write_text(text.replace(old, new))


def _append(name: str, line: str) -> Breakage:
    def change(tree: Path) -> None:
        path = tree / name
        path.write_text(f"{path.read_text()}\n\n{line}\n")

    return change


def _fail_to_migrate(tree: Path) -> None:
    """After it has done its half."""
    path = tree / "migrations" / "versions" / f"{REVISION.format(step=2)}_raised.py"
    added = ADDED.format(column=COLUMN.format(step=2))
    replace(path, added, f"{added}\n    op.execute('SELECT 1 / 0')")


def _stay_silent(tree: Path) -> None:
    """Run silently until SIGTERM."""
    running = "decommissioned = self._channel.run(self._orders)"
    silent = "decommissioned = bool(__import__('signal').pause())"
    replace(tree / "muster" / "worker" / "daemon.py", running, silent)


RAISE = 'raise RuntimeError("a broken release")'
BREAKAGES: dict[str, Breakage] = {
    # The server's: the web server exits at its start; its migration fails half-way.
    "web": _append("gunicorn.conf.py", f"def on_starting(server):\n    {RAISE}"),
    "migration": _fail_to_migrate,
    # The client's, in a healthy server: the daemon exits at once; it never connects.
    "daemon": _append("muster/worker/daemon.py", RAISE),
    "silent": _stay_silent,
}
