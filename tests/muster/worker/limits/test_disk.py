"""The disk usage of directories is measured whatever they contain, without blocking."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from muster.worker import processes
from muster.worker.limits import disk
from muster.worker.limits.disk import DiskWatch, TooDeep, disk_usage, tmpfs_bytes
from muster.worker.limits.limits import StageLimits
from muster.worker.sandbox import bubblewrap
from tests.muster.worker.limits.attacks import FILLER
from tests.muster.worker.repositories import wait_for
from tests.muster.worker.shim_stages import Stages
from tests.muster.worker.worker_home import SOURCES

MUCH = 1 << 40
BLOCK = 4 << 10


def size(directory: Path, limit: int = MUCH) -> int:
    return disk_usage([str(directory)], limit)


def test_files_count_by_their_blocks_and_links_once(tmp_path: Path) -> None:
    (tmp_path / "written").write_bytes(b"x" * (1 << 20))
    os.link(tmp_path / "written", tmp_path / "again")
    with (tmp_path / "sparse").open("wb") as sparse:
        sparse.truncate(1 << 35)
    assert 1 << 20 <= size(tmp_path) <= (1 << 20) + 4 * BLOCK


def test_empty_files_count_too(tmp_path: Path) -> None:
    for number in range(300):
        (tmp_path / str(number)).touch()
    assert size(tmp_path) >= 300 * BLOCK


def test_no_link_is_followed(tmp_path: Path) -> None:
    place, elsewhere = tmp_path / "place", tmp_path / "elsewhere"
    place.mkdir()
    elsewhere.mkdir()
    (elsewhere / "big").write_bytes(b"x" * (1 << 20))
    (place / "link").symlink_to(elsewhere)
    assert size(place) <= 2 * BLOCK
    (tmp_path / "whole").symlink_to(elsewhere)
    assert size(tmp_path / "whole") == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount")
def test_what_is_mounted_there_is_not_its_own(tmp_path: Path) -> None:
    (tmp_path / "mounted").mkdir()
    script = (
        'mount -t tmpfs none mounted; head -c 9000000 /dev/zero > mounted/big; exec "$0" -c "'
        "from muster.worker.limits import disk; print(disk.disk_usage(['.'], 1 << 40))\""
    )
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", script, sys.executable],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(SOURCES)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(done.stdout) <= 2 * BLOCK


def test_a_walk_ends_where_the_limit_does(tmp_path: Path) -> None:
    for number in range(100):
        (tmp_path / str(number)).touch()
    assert size(tmp_path, limit=10 * BLOCK) == 11 * BLOCK


@pytest.fixture
def dug(tmp_path: Path) -> Iterator[Path]:
    """A directory with nested ones, deeper than any path can be."""
    root = handle = os.open(tmp_path, os.O_RDONLY)
    for _ in range(disk._MAX_DEPTH + 10):
        os.mkdir("d", dir_fd=handle)
        below = os.open("d", os.O_RDONLY, dir_fd=handle)
        if handle != root:
            os.close(handle)
        handle = below
    os.close(handle)
    os.close(root)
    yield tmp_path
    subprocess.run(["rm", "-rf", tmp_path / "d"], check=True)


def test_directories_that_are_too_deep_are_reported(dug: Path) -> None:
    with pytest.raises(TooDeep):
        size(dug)
    watch = DiskWatch([str(dug)], MUCH, now=0.0)
    found = []
    wait_for(lambda: found.append(watch.poll(5.0)) or any(found))
    assert "2048 levels deep" in next(filter(None, found)).message


HOLDER = """
import mmap, os, sys
file = open(sys.argv[1], "w+b", buffering=0)
file.write(b"x" * (1 << 20))
os.unlink(sys.argv[1])
if sys.argv[2] == "mapped":
    held = mmap.mmap(file.fileno(), 0)
    os.closerange(3, 100)
print("held", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize(
    "how",
    ["open", pytest.param("mapped", marks=pytest.mark.skipif(os.geteuid() != 0, reason="root"))],
)
def test_an_unlinked_file_counts_while_a_process_has_it_open(tmp_path: Path, how: str) -> None:
    others = disk.unlinked_bytes([str(tmp_path)], os.getpid())  # the tests' own process's
    holder = [sys.executable, "-c", HOLDER, str(tmp_path / "gone"), how]
    with subprocess.Popen(holder, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        # The file system may use a block of its own for it.
        held = disk.unlinked_bytes([str(tmp_path)], os.getpid()) - others
        assert 1 << 20 <= held <= (1 << 20) + (64 << 10)
        process.communicate()
    assert disk.unlinked_bytes([str(tmp_path)], os.getpid()) == others


def test_closed_directories_are_passed_by(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0)
    assert size(tmp_path) > 0


def test_a_stage_that_fills_the_disk_is_ended(stages: Stages, tmp_path: Path) -> None:
    place = tmp_path / "workspace"
    place.mkdir()
    limits = StageLimits(1 << 30, 500, 256, 64 << 20, directories=[str(place)])
    end = stages.run(*FILLER, str(place), limits=limits)
    assert (end.how, end.message.split()[0]) == ("limit", "disk_exceeded")
    assert "exceeded the attempt's disk limit of 64 MiB (" in end.message
    assert "`worker run --attempt-disk`" in end.message


def test_a_walk_that_is_not_wanted_any_more_is_ended() -> None:
    watch = DiskWatch(["/"], MUCH, now=0.0)
    others = {each.pid for each in processes.descendants(os.getpid())}
    watch.poll(5.0)
    (child,) = [each for each in processes.descendants(os.getpid()) if each.pid not in others]
    watch.close()
    _, status = os.waitpid(child.pid, 0)
    assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL


class FakeWalk:
    """Returns the configured result."""

    def __init__(self, began: float, output: str | None, cost: float) -> None:
        self.started_at = began
        self.said, self.cost = output, cost
        self.ended = False

    def result(self) -> tuple[str, float] | None:
        return None if self.said is None else (self.said, self.cost)

    def kill(self) -> None:
        self.ended = True


class Walks:
    """The walks that a watch of one directory starts, over a simulated disk."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.said: str | None = "100"
        self.cost = 0.0
        self.left = disk._FreeSpace(free=10_000, files=1000, files_in_all=5000)
        self.begun: list[FakeWalk] = []
        monkeypatch.setattr(disk, "DiskWalk", self._begin)
        monkeypatch.setattr(DiskWatch, "_measure_free_space", lambda _: {"/w": self.left})
        self.watch = DiskWatch(["/w"], limit=1000, now=95.0)

    def lose(self, free: int = 0, files: int = 0, files_in_all: int = 0) -> None:
        lost = (free, files, files_in_all)
        self.left = disk._FreeSpace(
            *(had - gone for had, gone in zip(self.left, lost, strict=True))
        )

    def _begin(self, directories: list[str], limit: int, now: float) -> FakeWalk:
        self.begun.append(FakeWalk(now, self.said, self.cost))
        return self.begun[-1]

    def at(self, *moments: float) -> list[float]:
        """Return the times at which walks have started, with polls at these."""
        for moment in moments:
            self.watch.poll(moment)
        return [walk.started_at for walk in self.begun]


@pytest.fixture
def walks(monkeypatch: pytest.MonkeyPatch) -> Walks:
    return Walks(monkeypatch)


def test_walks_take_a_twentieth_of_a_processor(walks: Walks) -> None:
    walks.cost = 0.1
    assert walks.at(100.0, 100.1, 104.0, 105.2) == [100.0, 105.2]
    walks.cost = 2.0
    walks.at(105.4, 110.5, 112.5)
    assert walks.at(152.4, 152.6) == [100.0, 105.2, 110.5, 152.6]


def test_a_walk_that_waits_for_the_disk_is_sent_again_after_nine_times_as_long(
    walks: Walks,
) -> None:
    walks.cost = 0.1
    assert walks.at(100.0, 102.0, 119.9, 120.1) == [100.0, 120.1]


def test_files_without_a_byte_are_looked_at_sooner_too(walks: Walks) -> None:
    assert walks.at(100.0, 101.0, 102.1) == [100.0]
    walks.lose(files=1)
    assert walks.at(102.2) == [100.0, 102.2]


def test_files_that_go_by_the_free_bytes_are_seen_by_their_bytes_alone(walks: Walks) -> None:
    """ZFS and XFS report two files fewer per KiB that another process has written."""
    assert walks.at(100.0, 101.0, 102.1) == [100.0]
    walks.lose(free=500, files=1, files_in_all=1)
    assert walks.at(102.2, 104.9) == [100.0]
    walks.lose(free=500)
    assert walks.at(105.0) == [100.0, 105.0]


def test_a_disk_that_loses_much_is_looked_at_sooner(walks: Walks) -> None:
    walks.cost = 1.0
    assert walks.at(100.0, 101.0, 106.0) == [100.0]
    walks.lose(free=901)
    assert walks.at(104.9, 106.0, 106.5) == [100.0, 106.0]
    assert walks.at(107.0, 109.0) == [100.0, 106.0]


def test_a_walk_that_comes_to_no_end_is_given_up(walks: Walks) -> None:
    walks.said = None
    assert walks.at(100.0, 159.0, 160.0, 699.0, 700.0) == [100.0, 700.0]
    assert walks.begun[0].ended


def test_a_walk_that_died_says_nothing(walks: Walks) -> None:
    walks.said = ""
    assert walks.at(100.0, 100.1) == [100.0]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes a room without a namespace of users")
def test_what_is_in_a_sandboxs_own_tmp_counts() -> None:
    room = "head -c 3000000 /dev/zero > /tmp/file; echo made; read line"
    with subprocess.Popen(
        [
            bubblewrap.candidates()[0].program,
            "--ro-bind",
            "/",
            "/",
            "--dev",
            "/dev",
            "--tmpfs",
            "/tmp",
            "sh",
            "-c",
            room,
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as made:
        assert made.stdout is not None
        assert made.stdout.readline() == b"made\n"
        assert 3_000_000 <= tmpfs_bytes(os.getpid()) < 4_000_000
        made.communicate(b"\n")
    assert tmpfs_bytes(os.getpid()) == 0


def test_who_walks_holds_nothing_of_who_sent_it(tmp_path: Path) -> None:
    script = (
        "import os, sys\n"
        "from muster.worker.limits import disk\n"
        "disk.disk_usage = lambda *_: len(os.listdir('/proc/self/fd'))\n"
        "held = [os.open('/', os.O_RDONLY) for _ in range(20)]\n"
        "walk = disk.DiskWalk([], 1, 0.0)\n"
        "while (said := walk.result()) is None: pass\n"
        "print(said[0])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=SOURCES, capture_output=True, text=True, check=True
    )
    assert done.stdout == "2\n"  # the pipe, and what lists them
